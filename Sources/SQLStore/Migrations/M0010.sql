-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Lanes of executions, canaries, and how the targets of a job were chosen.

-- How many of the first targets have to succeed before the others begin.
ALTER TABLE jobs ADD COLUMN canary BIGINT CHECK (canary > 0);
-- Executions that wait behind others of their lane.
ALTER TABLE jobs ADD COLUMN behind BIGINT NOT NULL DEFAULT 0 CHECK (behind >= 0);
-- How the targets were chosen, as JSON.
ALTER TABLE jobs ADD COLUMN selection TEXT;

-- What an execution shares with others of which only one can be worked on at a time.
ALTER TABLE executions ADD COLUMN lane {key_text};
-- Not ready before one in front of it on its lane has been worked on.
ALTER TABLE executions ADD COLUMN behind BIGINT NOT NULL DEFAULT 0 CHECK (behind IN (0, 1));
CREATE INDEX executions_behind ON executions (job_id, lane, ordinal) WHERE behind = 1;
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Where the meter's own channel leads; null with a shared channel.
ALTER TABLE meters ADD COLUMN lane {key_text};
