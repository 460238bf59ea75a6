-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Whose turn it is among webhooks.

CREATE INDEX webhook_deliveries_by_turn ON webhook_deliveries (webhook_id, due_at, id) WHERE state = 'pending';
DROP INDEX webhook_deliveries_due;
