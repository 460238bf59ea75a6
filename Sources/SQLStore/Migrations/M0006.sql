-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- The audit log, and what keeps orders that switch supply in bounds.

-- A chain: each content names the hash of the one before. The other columns are copies of members, for finding.
CREATE TABLE audit_records (
    ordinal BIGINT PRIMARY KEY CHECK (ordinal > 0),
    content TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    action {key_text} NOT NULL,
    meter_id {key_text},
    job_id {key_text}
);
CREATE INDEX audit_records_by_meter ON audit_records (meter_id, ordinal) WHERE meter_id IS NOT NULL;
CREATE INDEX audit_records_by_job ON audit_records (job_id, ordinal) WHERE job_id IS NOT NULL;
CREATE INDEX audit_records_by_action ON audit_records (action, ordinal);

-- Its end, in one row, which also lets writers take turns.
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    last_ordinal BIGINT NOT NULL CHECK (last_ordinal >= 0),
    last_hash TEXT NOT NULL
);
INSERT INTO audit_head (id, last_ordinal, last_hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- What jobs of a name must pass, a row for each; the row also lets those who count take turns.
CREATE TABLE job_gates (
    name {key_text} PRIMARY KEY,
    held BIGINT NOT NULL CHECK (held IN (0, 1)),
    held_by TEXT,
    held_at BIGINT,
    reason TEXT,
    CHECK ((held = 1) = (held_at IS NOT NULL))
);
INSERT INTO job_gates (name, held) VALUES ('orders', 0);

-- The gate of a job, and how many of its kind may be sent in a time; nothing of such a job is ever sent twice.
ALTER TABLE jobs ADD COLUMN gate TEXT;
ALTER TABLE jobs ADD COLUMN fuse_limit BIGINT CHECK (fuse_limit >= 0);
ALTER TABLE jobs ADD COLUMN fuse_window BIGINT CHECK (fuse_window > 0);
-- A job ends when that many executions in a row fail.
ALTER TABLE jobs ADD COLUMN abort_in_row BIGINT CHECK (abort_in_row > 0);
ALTER TABLE jobs ADD COLUMN failed_in_row BIGINT NOT NULL DEFAULT 0;
-- When something that changes the meter was first about to be sent; never forgotten again.
ALTER TABLE executions ADD COLUMN transmitted_at BIGINT;
CREATE INDEX executions_transmitted ON executions (transmitted_at) WHERE transmitted_at IS NOT NULL;
