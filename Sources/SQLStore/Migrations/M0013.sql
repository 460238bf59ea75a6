-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- API keys of callers; of each key only its digest is here.

CREATE TABLE api_keys (
    id {key_text} PRIMARY KEY CHECK (length(id) = 8),
    -- Never given again, so that records about a principal mean one.
    name {key_text} NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    -- What it allows, as JSON.
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT
);
