-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- How the clocks of meters go: at most one sample for ten minutes.

CREATE TABLE clock_samples (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    -- Ten minutes, counted from 1970.
    slot BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    -- How far the meter was ahead, in microseconds.
    ahead_us BIGINT NOT NULL,
    uncertainty_us BIGINT NOT NULL CHECK (uncertainty_us >= 0),
    -- Whether the clock was corrected right before.
    is_corrected BIGINT NOT NULL CHECK (is_corrected IN (0, 1)),
    PRIMARY KEY (meter_id, slot)
) {key_ordered};
