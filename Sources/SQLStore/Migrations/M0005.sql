-- SPDX-License-Identifier: Apache-2.0
-- Copyright the cosem-gateway authors
--
-- Groups of meters.

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
