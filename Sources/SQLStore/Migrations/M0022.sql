-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- One row for each Idempotency-Key, whether its request made a job or was carried out at once: whoever writes it first
-- has the key, and nobody does the same the other way.

ALTER TABLE idempotency_keys RENAME TO former_idempotency_keys;

CREATE TABLE idempotency_keys (
    request_key {key_text} PRIMARY KEY,
    body_digest TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The job that the request made; null of one that was carried out at once.
    job_id {key_text} REFERENCES jobs (id) ON DELETE CASCADE,
    -- How far a request came that was carried out at once; null of a job.
    state TEXT CHECK (state IN ('under-way', 'answered', 'unknown')),
    begun_at BIGINT,
    -- Sealed, in hexadecimal digits, as what a meter returned may be a secret.
    answer TEXT,
    CHECK ((job_id IS NULL) = (state IS NOT NULL)),
    CHECK ((begun_at IS NULL) = (state IS NULL))
);
INSERT INTO idempotency_keys (request_key, body_digest, expires_at, job_id)
    SELECT request_key, body_digest, expires_at, job_id FROM former_idempotency_keys;
INSERT INTO idempotency_keys (request_key, body_digest, expires_at, state, begun_at, answer)
    SELECT request_key, body_digest, expires_at, state, begun_at, answer FROM begun_requests
    WHERE request_key NOT IN (SELECT request_key FROM former_idempotency_keys);
DROP TABLE former_idempotency_keys;
DROP TABLE begun_requests;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (job_id);
