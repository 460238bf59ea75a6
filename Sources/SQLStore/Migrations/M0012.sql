-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- The keys with which secrets in this database may be sealed, by their identifiers, which reveal nothing of them.

CREATE TABLE sealing_keys (
    key_id {key_text} PRIMARY KEY CHECK (length(key_id) > 0),
    first_used_at BIGINT NOT NULL
);
