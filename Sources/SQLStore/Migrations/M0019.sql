-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Requests that must not be carried out twice and make no job, by their Idempotency-Key.

CREATE TABLE begun_requests (
    request_key {key_text} PRIMARY KEY,
    body_digest TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('under-way', 'answered', 'unknown')),
    -- Sealed, in hexadecimal digits, as what a meter returned may be a secret.
    answer TEXT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX begun_requests_by_expiry ON begun_requests (expires_at);
