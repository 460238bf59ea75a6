-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Gateways that share this database, and what each of them has.
-- A holder is one start of a gateway: its name, a slash, and its fence.

CREATE TABLE nodes (
    name {key_text} PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
    -- Counts the starts.
    fence BIGINT NOT NULL CHECK (fence > 0),
    holder {key_text} NOT NULL UNIQUE,
    -- Its number, from 0; its own share is 1024 and that.
    ordinal BIGINT NOT NULL UNIQUE CHECK (ordinal >= 0),
    address TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    -- Until when it counts as alive, by the clock of the database.
    alive_until BIGINT NOT NULL,
    -- Until when an earlier start under this name may still be at work.
    former_until BIGINT NOT NULL,
    draining BIGINT NOT NULL CHECK (draining IN (0, 1)),
    stopped BIGINT NOT NULL CHECK (stopped IN (0, 1))
);

-- Who works on which part of all lines to meters.
CREATE TABLE channel_shares (
    share BIGINT PRIMARY KEY CHECK (share >= 0),
    holder {key_text},
    -- Its holder takes nothing new in it and gives it back soon.
    leaving BIGINT NOT NULL DEFAULT 0 CHECK (leaving IN (0, 1)),
    CHECK (holder IS NOT NULL OR leaving = 0)
);
CREATE INDEX channel_shares_by_holder ON channel_shares (holder) WHERE holder IS NOT NULL;
WITH RECURSIVE numbers (share) AS (SELECT 0 UNION ALL SELECT share + 1 FROM numbers WHERE share < 1023)
INSERT INTO channel_shares (share) SELECT share FROM numbers;

-- By what gateways know each other's requests; sealed, in one row.
CREATE TABLE node_secrets (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    sealed TEXT NOT NULL CHECK (length(sealed) > 0)
);

-- Meters that have dialled in, each with the gateway that has their connection.
CREATE TABLE dial_in_links (
    meter_id {key_text} PRIMARY KEY REFERENCES meters (id) ON DELETE CASCADE,
    holder {key_text} NOT NULL,
    since BIGINT NOT NULL
) {key_ordered};
CREATE INDEX dial_in_links_by_holder ON dial_in_links (holder);

-- The share of a line; of what was stored before there were shares it is worked out at the next start.
ALTER TABLE channels ADD COLUMN share BIGINT;
ALTER TABLE meters ADD COLUMN share BIGINT;
CREATE INDEX meters_without_share ON meters (id) WHERE share IS NULL;
-- Whose work an execution is; null = anybody's.
ALTER TABLE executions ADD COLUMN share BIGINT;
