-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Moments are microseconds since 1970 in UTC, durations are microseconds, truth values are 0 and 1.
-- Documents are JSON texts; secrets inside them are sealed before they come here.

CREATE TABLE channel_groups (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE channels (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    group_id {key_text} REFERENCES channel_groups (id),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX channels_by_group ON channels (group_id, id) WHERE group_id IS NOT NULL;

CREATE TABLE meters (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    name TEXT,
    -- The shared channel, or the group of the meter's own channel; never both.
    channel_id {key_text} REFERENCES channels (id),
    group_id {key_text} REFERENCES channel_groups (id),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (channel_id IS NULL OR group_id IS NULL)
);
CREATE INDEX meters_by_channel ON meters (channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX meters_by_group ON meters (group_id, id) WHERE group_id IS NOT NULL;

CREATE TABLE meter_labels (
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    label {key_text} NOT NULL CHECK (length(label) BETWEEN 1 AND 63),
    label_value TEXT NOT NULL,
    PRIMARY KEY (meter_id, label)
) {key_ordered};
CREATE INDEX meter_labels_by_value ON meter_labels (label, label_value, meter_id);

CREATE TABLE jobs (
    id {key_text} PRIMARY KEY CHECK (length(id) = 36),
    kind TEXT NOT NULL CHECK (length(kind) > 0),
    payload TEXT NOT NULL,
    created_by TEXT NOT NULL,
    priority BIGINT NOT NULL CHECK (priority BETWEEN 0 AND 9),
    concurrency BIGINT CHECK (concurrency > 0),
    rate_per_minute BIGINT CHECK (rate_per_minute > 0),
    per_target_timeout BIGINT CHECK (per_target_timeout > 0),
    abort_percent BIGINT CHECK (abort_percent BETWEEN 1 AND 100),
    abort_min_executed BIGINT,
    retry_max BIGINT NOT NULL CHECK (retry_max >= 0),
    retry_backoff BIGINT NOT NULL CHECK (retry_backoff >= 0),
    retry_max_backoff BIGINT NOT NULL CHECK (retry_max_backoff >= 0),
    resolve_for BIGINT NOT NULL CHECK (resolve_for >= 0),
    start_at BIGINT,
    expires_at BIGINT,
    confirm_before BIGINT,
    trace_id TEXT,
    state TEXT NOT NULL CHECK (state IN (
        'awaiting-confirmation', 'scheduled', 'queued', 'running', 'paused',
        'succeeded', 'partially-succeeded', 'failed', 'cancelled', 'expired')),
    cancel_requested BIGINT NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    version BIGINT NOT NULL CHECK (version > 0),
    total BIGINT NOT NULL CHECK (total > 0),
    done BIGINT NOT NULL,
    succeeded BIGINT NOT NULL CHECK (succeeded >= 0),
    failed BIGINT NOT NULL CHECK (failed >= 0),
    unknown BIGINT NOT NULL CHECK (unknown >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    expired BIGINT NOT NULL CHECK (expired >= 0),
    running BIGINT NOT NULL CHECK (running >= 0),
    -- Executions that may be claimed, as far as the job's state allows; and not before when, by the job's rate.
    ready BIGINT NOT NULL CHECK (ready >= 0),
    not_before BIGINT NOT NULL DEFAULT 0,
    -- Jobs of equal priority take turns: who was served least recently comes next.
    last_claimed_at BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    CHECK ((abort_percent IS NULL) = (abort_min_executed IS NULL)),
    CHECK (done BETWEEN 0 AND total),
    CHECK (succeeded + failed + cancelled + expired <= done),
    CHECK ((finished_at IS NOT NULL)
        = (state IN ('succeeded', 'partially-succeeded', 'failed', 'cancelled', 'expired'))),
    CHECK (finished_at IS NULL OR (done = total AND running = 0 AND ready = 0)),
    CHECK (state <> 'succeeded' OR succeeded = total)
);
CREATE INDEX jobs_to_serve ON jobs (priority DESC, last_claimed_at, id)
    WHERE ready > 0 AND state IN ('queued', 'running');
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_kind ON jobs (kind, id);
CREATE INDEX jobs_by_finish ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_by_start ON jobs (start_at) WHERE state = 'scheduled';
CREATE INDEX jobs_by_expiry ON jobs (expires_at) WHERE expires_at IS NOT NULL AND finished_at IS NULL;
CREATE INDEX jobs_by_confirmation ON jobs (confirm_before) WHERE state = 'awaiting-confirmation';

CREATE TABLE executions (
    job_id {key_text} NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    ordinal BIGINT NOT NULL CHECK (ordinal >= 0),
    target {key_text} NOT NULL CHECK (length(target) > 0),
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'running', 'waiting-for-meter', 'outcome-unknown',
        'succeeded', 'failed', 'cancelled', 'expired')),
    attempts BIGINT NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Something that changes the meter may have been sent.
    transmitted BIGINT NOT NULL DEFAULT 0 CHECK (transmitted IN (0, 1)),
    ready BIGINT NOT NULL DEFAULT 1 CHECK (ready IN (0, 1)),
    due_at BIGINT,
    holder TEXT,
    lease_until BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    result TEXT,
    problem_name TEXT,
    problem TEXT,
    PRIMARY KEY (job_id, ordinal),
    CHECK ((state = 'running') = (holder IS NOT NULL)),
    CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CHECK (ready = 0 OR (state IN ('queued', 'waiting-for-meter', 'outcome-unknown') AND due_at IS NULL)),
    CHECK (finished_at IS NULL OR (ready = 0 AND due_at IS NULL AND holder IS NULL)),
    CHECK (finished_at IS NOT NULL OR state IN ('queued', 'running', 'waiting-for-meter', 'outcome-unknown')),
    CHECK (finished_at IS NULL OR state NOT IN ('queued', 'running', 'waiting-for-meter')),
    -- What may have been sent is resolved, never sent again as if nothing had happened.
    CHECK (transmitted = 0 OR state NOT IN ('queued', 'waiting-for-meter', 'expired')),
    CHECK ((problem IS NULL) = (problem_name IS NULL))
) {key_ordered};
CREATE INDEX executions_ready ON executions (job_id, ordinal) WHERE ready = 1;
CREATE INDEX executions_due ON executions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX executions_leased ON executions (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX executions_by_target ON executions (target, job_id);

CREATE TABLE idempotency_keys (
    request_key {key_text} PRIMARY KEY,
    body_digest TEXT NOT NULL,
    job_id {key_text} NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id);
