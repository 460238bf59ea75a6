-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- What profiles should have by now, against what is stored: the gap ledger.
-- Days are local days of the meter's zone, counted from 1970-01-01.

CREATE TABLE profile_ledgers (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    profile {key_text} NOT NULL CHECK (length(profile) > 0),
    -- Seconds; 0 = rows come without a fixed period, and nothing is expected.
    capture_period BIGINT NOT NULL CHECK (capture_period >= 0),
    zone {key_text} NOT NULL,
    expected_from BIGINT NOT NULL,
    newest BIGINT,
    held_from BIGINT,
    closed_day BIGINT NOT NULL,
    recover_at BIGINT,
    failures BIGINT NOT NULL DEFAULT 0 CHECK (failures >= 0),
    PRIMARY KEY (meter_id, profile)
) {key_ordered};
CREATE INDEX profile_ledgers_to_recover ON profile_ledgers (recover_at) WHERE recover_at IS NOT NULL;
CREATE INDEX profile_ledgers_by_kind ON profile_ledgers (capture_period, zone, closed_day) WHERE capture_period > 0;

-- Sets of slots are hexadecimal digits; empty digits of expected or received slots are those counted first.
CREATE TABLE profile_days (
    meter_id {key_text} NOT NULL,
    profile {key_text} NOT NULL,
    day BIGINT NOT NULL,
    expected BIGINT NOT NULL CHECK (expected >= 0),
    received BIGINT NOT NULL CHECK (received BETWEEN 0 AND expected),
    lost BIGINT NOT NULL CHECK (lost >= 0),
    expected_slots TEXT NOT NULL,
    received_slots TEXT NOT NULL,
    lost_slots TEXT NOT NULL,
    asked_slots TEXT NOT NULL,
    PRIMARY KEY (meter_id, profile, day),
    CHECK (received + lost <= expected),
    FOREIGN KEY (meter_id, profile) REFERENCES profile_ledgers (meter_id, profile) ON DELETE CASCADE
) {key_ordered};
CREATE INDEX profile_days_incomplete ON profile_days (meter_id, profile, day) WHERE received + lost < expected;
