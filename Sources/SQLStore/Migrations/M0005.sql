-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Groups of meters, schedules, what they read, and jobs with more targets than fit into one transaction.

CREATE TABLE meter_groups (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The meters of groups that list them one by one.
CREATE TABLE meter_group_members (
    group_id {key_text} NOT NULL REFERENCES meter_groups (id) ON DELETE CASCADE,
    meter_id {key_text} NOT NULL REFERENCES meters (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, meter_id)
) {key_ordered};
CREATE INDEX meter_group_members_by_meter ON meter_group_members (meter_id, group_id);

CREATE TABLE reading_sets (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE schedules (
    id {key_text} PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 64),
    document TEXT NOT NULL,
    revision TEXT NOT NULL CHECK (length(revision) > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    group_id {key_text} REFERENCES meter_groups (id),
    reading_set_id {key_text} REFERENCES reading_sets (id),
    -- The time to be served next; null while paused and when there is none any more.
    next_due BIGINT,
    -- A time that waits for the job before to finish.
    waiting BIGINT,
    last_due BIGINT,
    last_job_id {key_text},
    missed BIGINT NOT NULL DEFAULT 0 CHECK (missed >= 0),
    skipped BIGINT NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    empty BIGINT NOT NULL DEFAULT 0 CHECK (empty >= 0)
);
CREATE INDEX schedules_by_due ON schedules (next_due, id) WHERE next_due IS NOT NULL;
CREATE INDEX schedules_waiting ON schedules (waiting, id) WHERE waiting IS NOT NULL;
CREATE INDEX schedules_by_group ON schedules (group_id, id) WHERE group_id IS NOT NULL;
CREATE INDEX schedules_by_reading_set ON schedules (reading_set_id, id) WHERE reading_set_id IS NOT NULL;

-- When targets were last added to a job that is still being filled; null for all others.
ALTER TABLE jobs ADD COLUMN filled_at BIGINT;
CREATE INDEX jobs_filling ON jobs (filled_at) WHERE filled_at IS NOT NULL;
