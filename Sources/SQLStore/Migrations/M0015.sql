-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Who is told of events by HTTP, and what is on its way to them.

CREATE TABLE webhooks (
    id {key_text} PRIMARY KEY,
    document TEXT NOT NULL,
    revision TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    -- Sealed, in hexadecimal digits.
    secret TEXT NOT NULL,
    -- The newest event of which deliveries were made.
    mark {key_text} NOT NULL
);

CREATE TABLE webhook_deliveries (
    -- Sorts by the time it was made.
    id {key_text} PRIMARY KEY,
    webhook_id {key_text} NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id {key_text} NOT NULL,
    type {key_text} NOT NULL,
    -- No reference: a delivery outlives its meter.
    meter_id {key_text},
    -- What is sent.
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    tries BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The latest tries, a JSON array.
    attempts TEXT NOT NULL,
    UNIQUE (webhook_id, event_id)
);

CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, id);
