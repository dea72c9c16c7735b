-- Undo of a commit: which rows were asked to be taken back, as which commit of their lot, and what catalog answered.
ALTER TABLE batch_row
    ADD COLUMN undo_version integer,
    ADD COLUMN undo_outcome text,  -- reverted or rejected; NULL while unanswered
    ADD COLUMN undo_reason text;
CREATE INDEX batch_row_undo ON batch_row (batch_id, part) WHERE undo_version IS NOT NULL AND undo_outcome IS NULL;
-- The kind of list that had the lot before the last one, for when that one is undone.
ALTER TABLE lot ADD COLUMN previous_fingerprint text;
DROP INDEX batch_at_work;
CREATE INDEX batch_at_work ON batch (mill_id, batch_id)
    WHERE status IN ('received', 'parsing', 'committing', 'reverting');

-- Where a lot stands, so that a preview can say what a commit will meet.
ALTER TABLE lot_replica ADD COLUMN status text NOT NULL DEFAULT 'available';
UPDATE lot_replica SET status = 'withdrawn' WHERE NOT listed;
CREATE INDEX lot_replica_item ON lot_replica (item_id);

-- What a person said about one list alone, and with which profile it was read.
ALTER TABLE batch
    ADD COLUMN mapping jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN profile_id uuid,  -- asked for by the sender; NULL: the one of its header, if there is one
    ADD COLUMN used_profile_id uuid,
    ADD COLUMN used_profile_version integer;
CREATE INDEX batch_by_profile ON batch (used_profile_id) WHERE used_profile_id IS NOT NULL;

-- Profiles get a name and a number of their own. The one without a header holds words that count in every list.
ALTER TABLE mapping_profile
    ADD COLUMN profile_id uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN name text NOT NULL DEFAULT 'List',
    ADD COLUMN status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
    ADD COLUMN headers text[] NOT NULL DEFAULT '{}',
    DROP CONSTRAINT mapping_profile_pkey,
    ADD PRIMARY KEY (profile_id);
ALTER TABLE mapping_profile ALTER COLUMN profile_id DROP DEFAULT, ALTER COLUMN name DROP DEFAULT;
CREATE UNIQUE INDEX mapping_profile_once ON mapping_profile (mill_id, header_fingerprint) WHERE status = 'active';

CREATE TABLE mapping_profile_version (
    profile_id          uuid NOT NULL REFERENCES mapping_profile,
    version             integer NOT NULL,
    name                text NOT NULL,
    status              text NOT NULL,
    header_fingerprint  text NOT NULL,
    headers             text[] NOT NULL,
    profile             jsonb NOT NULL,
    confirmed_by        uuid NOT NULL,
    confirmed_at        timestamptz NOT NULL,
    PRIMARY KEY (profile_id, version)
);
INSERT INTO mapping_profile_version (profile_id, version, name, status, header_fingerprint, headers, profile,
                                     confirmed_by, confirmed_at)
SELECT profile_id, version, name, status, header_fingerprint, headers, profile, confirmed_by, confirmed_at
FROM mapping_profile;
