-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- The last readouts of text meters: read by the gateway, and imported from files.

CREATE TABLE readouts (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    origin {key_text} NOT NULL CHECK (origin IN ('meter', 'file')),
    -- The moment the values are of.
    taken_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- Identification line and data lines.
    content TEXT NOT NULL CHECK (length(content) > 0),
    PRIMARY KEY (meter_id, origin)
) {key_ordered};
