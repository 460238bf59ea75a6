-- Invocation counters and secrets on their way to a meter.
-- A fingerprint is 32 hexadecimal digits of a digest of a key, a system title 16 of its octets.

-- What associations were promised so far, for each key and sender; never lowered.
CREATE TABLE invocation_counters (
    key_fingerprint {key_text} NOT NULL CHECK (length(key_fingerprint) = 32),
    system_title {key_text} NOT NULL CHECK (length(system_title) = 16),
    -- The first value that nobody was promised; 4294967295 = all are spent.
    next_value BIGINT NOT NULL CHECK (next_value BETWEEN 1 AND 4294967295),
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (key_fingerprint, system_title)
) {key_ordered};

-- The highest counter a meter has proven to have used, for each key and meter.
CREATE TABLE peer_counters (
    key_fingerprint {key_text} NOT NULL CHECK (length(key_fingerprint) = 32),
    system_title {key_text} NOT NULL CHECK (length(system_title) = 16),
    last_value BIGINT NOT NULL CHECK (last_value BETWEEN 0 AND 4294967295),
    -- The gateway's name of the meter, which is all that is known of it before it has answered.
    meter_id {key_text} NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (key_fingerprint, system_title)
) {key_ordered};
CREATE INDEX peer_counters_by_meter ON peer_counters (key_fingerprint, meter_id, updated_at);

-- Every jump of a counter with its reason; rows are only ever added, and stay when their meter is removed.
CREATE TABLE counter_repairs (
    key_fingerprint {key_text} NOT NULL,
    system_title {key_text} NOT NULL,
    ordinal BIGINT NOT NULL CHECK (ordinal > 0),
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL CHECK (length(made_by) > 0),
    cause TEXT NOT NULL CHECK (cause IN ('first-use', 'counter-object', 'exception-response', 'operator')),
    meter_id {key_text} NOT NULL,
    association TEXT NOT NULL,
    from_value BIGINT NOT NULL CHECK (from_value >= 1),
    to_value BIGINT NOT NULL CHECK (to_value <= 4294967295),
    note TEXT,
    PRIMARY KEY (key_fingerprint, system_title, ordinal),
    CHECK (to_value > from_value),
    FOREIGN KEY (key_fingerprint, system_title) REFERENCES invocation_counters (key_fingerprint, system_title)
) {key_ordered};
CREATE INDEX counter_repairs_by_meter ON counter_repairs (meter_id, made_at);

-- The system title of the gateways over this database, in one row.
CREATE TABLE client_identity (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    system_title {key_text} NOT NULL CHECK (length(system_title) = 16)
);

-- Secrets that are on their way to a meter, sealed, each with the place in the configuration it is to take.
CREATE TABLE pending_secrets (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    place {key_text} NOT NULL CHECK (length(place) > 0),
    sealed TEXT NOT NULL CHECK (length(sealed) > 0),
    begun_at BIGINT NOT NULL,
    PRIMARY KEY (meter_id, place)
) {key_ordered};
