-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- What operators want of the paths to meters, obeyed by all gateways until it is taken back.

CREATE TABLE channel_controls (
    path {key_text} PRIMARY KEY,
    wish TEXT NOT NULL CHECK (wish IN ('held', 'draining')),
    -- When a hold ends by itself; null = when the path is given free.
    held_until BIGINT,
    reason TEXT
);
