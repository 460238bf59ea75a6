-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Firmware images and their way to meters, what was learned about meters, and how far executions are.

CREATE TABLE firmware_images (
    -- SHA-256 as hexadecimal digits.
    digest {key_text} PRIMARY KEY CHECK (length(digest) = 64),
    size BIGINT NOT NULL CHECK (size > 0),
    created_at BIGINT NOT NULL
);

-- An image in pieces, as hexadecimal digits.
CREATE TABLE firmware_pieces (
    digest {key_text} NOT NULL REFERENCES firmware_images (digest) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL CHECK (ordinal >= 0),
    octets TEXT NOT NULL CHECK (length(octets) > 0),
    PRIMARY KEY (digest, ordinal)
) {key_ordered};

-- The transfer begun last at each meter; the identifier is hexadecimal digits.
CREATE TABLE firmware_transfers (
    meter_id {key_text} PRIMARY KEY REFERENCES meters (id) ON DELETE CASCADE,
    digest {key_text} NOT NULL CHECK (length(digest) = 64),
    identifier TEXT NOT NULL,
    initiated BIGINT NOT NULL CHECK (initiated IN (0, 1)),
    begun_at BIGINT NOT NULL
);

CREATE TABLE learned_quirks (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    name {key_text} NOT NULL CHECK (length(name) > 0),
    -- A JSON scalar.
    quirk_value TEXT NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, name)
) {key_ordered};

-- How far a long execution is, as JSON of its handler.
ALTER TABLE executions ADD COLUMN progress TEXT;
