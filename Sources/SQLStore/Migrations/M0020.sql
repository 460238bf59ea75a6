-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- What deliveries to a webhook were signed with before, sealed as it was then, and until when they still are.

ALTER TABLE webhooks ADD COLUMN former_secret TEXT;
ALTER TABLE webhooks ADD COLUMN former_until BIGINT;
