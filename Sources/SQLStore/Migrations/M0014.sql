-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- The types of events say first what they are about, then what happened, with a dot between.

UPDATE events SET type = 'meter.alarm' WHERE type = 'meter-alarm';

UPDATE events SET type = 'meter.event' WHERE type = 'meter-event';

UPDATE events SET type = 'push.undecoded' WHERE type = 'push-undecoded';
