-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- What happened in the fleet, and what meters push by themselves.

CREATE TABLE events (
    -- Sorts by the time it was made.
    id {key_text} PRIMARY KEY,
    at BIGINT NOT NULL,
    type {key_text} NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
    -- No reference: an event outlives its meter.
    meter_id {key_text},
    -- A JSON object.
    data TEXT NOT NULL
) {key_ordered};

CREATE INDEX events_of_meter ON events (meter_id, id);
CREATE INDEX events_of_type ON events (type, id);

-- The highest invocation counter that a sender has used in a notification; only grows.
CREATE TABLE push_counters (
    meter_id {key_text} NOT NULL,
    key_fingerprint {key_text} NOT NULL,
    system_title {key_text} NOT NULL,
    last_value BIGINT NOT NULL CHECK (last_value BETWEEN 0 AND 4294967295),
    -- SHA-256 of the message that carried it, so that its repetition is told from a replay.
    digest {key_text} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, key_fingerprint, system_title)
) {key_ordered};

-- By what a meter is known that sends by itself; made of the configurations of meters and channels.
CREATE TABLE sender_identities (
    kind {key_text} NOT NULL CHECK (kind IN ('address', 'title', 'name')),
    identity {key_text} NOT NULL,
    owner_kind {key_text} NOT NULL CHECK (owner_kind IN ('meter', 'channel')),
    owner_id {key_text} NOT NULL,
    PRIMARY KEY (kind, identity, owner_kind, owner_id)
) {key_ordered};

CREATE INDEX sender_identities_of_owner ON sender_identities (owner_kind, owner_id);

-- What a meter pushes: attribute 2 of its push set-ups, as it was read.
CREATE TABLE push_object_lists (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    -- The logical name of the push set-up.
    logical_name {key_text} NOT NULL,
    -- A-XDR of the attribute, as hexadecimal digits.
    object_list TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, logical_name)
) {key_ordered};

CREATE INDEX peer_counters_of_title ON peer_counters (system_title);
