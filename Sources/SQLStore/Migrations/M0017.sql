-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Which claim of an execution is the present one, what is left to resolve of paused jobs, and what was dropped.

-- How often it was handed out: by this a late word of an earlier attempt is told from the present one's.
ALTER TABLE executions ADD COLUMN claims BIGINT NOT NULL DEFAULT 0 CHECK (claims >= 0);
CREATE INDEX executions_to_resolve ON executions (job_id, transmitted) WHERE ready = 1 AND transmitted = 1;

-- Nothing is left that expiry would end.
ALTER TABLE jobs ADD COLUMN dropped BIGINT NOT NULL DEFAULT 0 CHECK (dropped IN (0, 1));

DROP INDEX jobs_to_serve;
CREATE INDEX jobs_to_serve ON jobs (priority DESC, last_claimed_at, id)
    WHERE ready > 0 AND state IN ('queued', 'running', 'paused');
