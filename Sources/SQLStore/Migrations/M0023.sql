-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- The day of each month (---01) or year (--07-01) on which a profile has a row; empty where there is none, or none is known.

ALTER TABLE profile_ledgers ADD COLUMN billing_day {key_text} NOT NULL DEFAULT '';
DROP INDEX profile_ledgers_by_kind;
CREATE INDEX profile_ledgers_by_kind ON profile_ledgers (capture_period, billing_day, zone, closed_day)
    WHERE capture_period > 0 OR billing_day <> '';
