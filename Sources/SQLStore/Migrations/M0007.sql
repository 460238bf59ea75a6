-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- What was read from meters: series, values, rows of profiles. Every key begins with the meter.
-- Values are as the meter sent them, before scaling.

-- A small number for each attribute of which there are readings.
CREATE TABLE reading_series (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    series INTEGER NOT NULL CHECK (series > 0),
    source {key_text} NOT NULL CHECK (source IN ('register', 'profile', 'push')),
    -- The profile of which it is a column; empty for other sources.
    profile {key_text} NOT NULL,
    object {key_text} NOT NULL,
    class_id INTEGER NOT NULL,
    attribute INTEGER NOT NULL,
    element INTEGER NOT NULL,
    PRIMARY KEY (meter_id, series),
    UNIQUE (meter_id, source, profile, object, class_id, attribute, element),
    CHECK ((source = 'profile') = (profile <> ''))
) {key_ordered};

-- Scaler and unit of a series; a change makes a further entry, and each reading says which one is its own.
CREATE TABLE reading_units (
    meter_id {key_text} NOT NULL,
    series INTEGER NOT NULL,
    units INTEGER NOT NULL CHECK (units > 0),
    scaler INTEGER NOT NULL CHECK (scaler BETWEEN -128 AND 127),
    unit_code INTEGER NOT NULL CHECK (unit_code BETWEEN 0 AND 255),
    first_seen_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, series, units),
    FOREIGN KEY (meter_id, series) REFERENCES reading_series (meter_id, series) ON DELETE CASCADE
) {key_ordered};

-- On whose behalf what came in at a moment was read.
CREATE TABLE reading_intakes (
    meter_id {key_text} NOT NULL,
    received_at BIGINT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('live', 'job', 'schedule', 'push', 'file')),
    job_id {key_text},
    PRIMARY KEY (meter_id, received_at),
    CHECK ((job_id IS NOT NULL) = (origin IN ('job', 'schedule')))
) {key_ordered};

-- The values. No foreign keys: they would cost more than the row itself; removing a meter removes its readings.
--   kind 0 null, 1 integer, 2 unsigned (digits in content), 3 boolean, 4 float32, 5 float64 (bits in content when
--   not finite), 6 text, 7 octets (hexadecimal digits in content), 8 A-XDR (the same)
--   quality 0 valid, 1 suspect, 2 estimated, 3 missing, 4 inferred
CREATE TABLE readings (
    meter_id {key_text} NOT NULL,
    series INTEGER NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    number BIGINT,
    fraction {real},
    -- The entry in reading_units; 0 for none.
    units SMALLINT NOT NULL,
    kind SMALLINT NOT NULL CHECK (kind BETWEEN 0 AND 8),
    quality SMALLINT NOT NULL CHECK (quality BETWEEN 0 AND 4),
    content TEXT,
    -- Words with spaces between them; null for none.
    reasons TEXT,
    PRIMARY KEY (meter_id, series, at)
) {key_ordered} {partitioned_by:at};
{rest_partition:readings}

-- What a row of a profile has beside its values; the series is that of the profile's buffer.
CREATE TABLE profile_rows (
    meter_id {key_text} NOT NULL,
    series INTEGER NOT NULL,
    at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- The bits of a word of up to 64 bits; null if the row has none.
    status BIGINT,
    -- Minutes ahead of UTC; null if not known.
    offset_minutes SMALLINT,
    -- How the instant was found, in the order of ProfileTime.Source; marks by their bits.
    time_source SMALLINT NOT NULL,
    time_marks SMALLINT NOT NULL,
    -- Bits: 1 the row was short, 2 a difference had no base, 4 the time was null, 8 the status was null.
    marks SMALLINT NOT NULL,
    -- The twelve octets of the date-time, sent with the row or derived, as time_source says.
    meter_time TEXT NOT NULL CHECK (length(meter_time) = 24),
    PRIMARY KEY (meter_id, series, at)
) {key_ordered} {partitioned_by:at};
{rest_partition:profile_rows}

-- What a later, different value or row took the place of, or what was not good enough to take a place.
CREATE TABLE reading_revisions (
    meter_id {key_text} NOT NULL,
    series INTEGER NOT NULL,
    at BIGINT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    received_at BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
    number BIGINT,
    fraction {real},
    status BIGINT,
    units SMALLINT NOT NULL,
    kind SMALLINT NOT NULL CHECK (kind BETWEEN 0 AND 8),
    quality SMALLINT NOT NULL CHECK (quality BETWEEN 0 AND 4),
    content TEXT,
    PRIMARY KEY (meter_id, series, at, revision)
) {key_ordered};

-- What is needed to tell rows again without the meter.
CREATE TABLE profile_descriptions (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    profile {key_text} NOT NULL,
    document TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, profile)
) {key_ordered};
