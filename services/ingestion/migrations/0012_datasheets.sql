-- A mail may bring data sheets and no list.
ALTER TABLE inbound_message DROP CONSTRAINT inbound_message_status_check;
ALTER TABLE inbound_message ADD CONSTRAINT inbound_message_status_check
    CHECK (status IN ('received', 'batch', 'datasheet', 'ignored', 'quarantined', 'duplicate'));
CREATE UNIQUE INDEX inbound_message_once_datasheet ON inbound_message (mailbox_id, id_hash) WHERE status = 'datasheet';

-- One PDF of one mill that says what a paper is like.
CREATE TABLE datasheet (
    datasheet_id    uuid PRIMARY KEY,
    mill_id         uuid NOT NULL REFERENCES organization_replica,
    source          text NOT NULL CHECK (source IN ('mail', 'upload')),
    message_id      uuid REFERENCES inbound_message,
    file_name       text NOT NULL,
    file_sha256     bytea NOT NULL,
    file_bytes      bigint NOT NULL,
    status          text NOT NULL CHECK (status IN ('received', 'extracting', 'review_required', 'approved',
                                                    'superseded', 'failed')),
    version         integer NOT NULL DEFAULT 1,
    stated          jsonb NOT NULL DEFAULT '{}',  -- item, grade and lot that the sender named
    reading         jsonb NOT NULL DEFAULT '{}',  -- product, grade, date, certificates, tolerances, doubts
    reasons         text[] NOT NULL DEFAULT '{}',
    read_by         text CHECK (read_by IN ('own', 'external', 'person')),
    received_by     uuid,  -- the user; NULL for a mail
    reply_to        text,  -- only of an authenticated sender
    language        text,
    correlation_id  text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    external_tries  integer NOT NULL DEFAULT 0,  -- failures of the external extractor in a row
    leased_until    timestamptz,
    due_at          timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    changed_at      timestamptz NOT NULL,
    approved_at     timestamptz,
    UNIQUE (mill_id, file_sha256)
);
CREATE INDEX datasheet_due ON datasheet (due_at) WHERE status IN ('received', 'extracting');
CREATE INDEX datasheet_by_status ON datasheet (status, datasheet_id DESC);
CREATE INDEX datasheet_by_message ON datasheet (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE datasheet_file (
    datasheet_id  uuid PRIMARY KEY REFERENCES datasheet,
    content       bytea NOT NULL
);
ALTER TABLE datasheet_file ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE datasheet_value (
    datasheet_id  uuid NOT NULL REFERENCES datasheet,
    place         integer NOT NULL,
    gsm           numeric,  -- NULL: of every grammage of the sheet
    property      text NOT NULL,
    value         numeric NOT NULL,
    unit          text NOT NULL,
    standard      text,
    direction     text CHECK (direction IN ('MD', 'CD', 'top', 'reverse')),
    tolerance     text,
    minimum       numeric,
    maximum       numeric,
    page          integer NOT NULL,
    snippet       text NOT NULL,
    confidence    numeric NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    doubts        text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (datasheet_id, place)
);

-- The lots a data sheet speaks of: proposed, or confirmed when it is approved.
CREATE TABLE datasheet_link (
    datasheet_id  uuid NOT NULL REFERENCES datasheet,
    item_id       uuid NOT NULL,
    reason        text NOT NULL,
    confidence    numeric NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    PRIMARY KEY (datasheet_id, item_id)
);
CREATE INDEX datasheet_link_item ON datasheet_link (item_id);

-- Who holds or bought an item: he may have its data sheets.
CREATE TABLE holder_replica (
    item_id     uuid NOT NULL,
    buyer_id    uuid NOT NULL,
    window_id   uuid,
    expires_at  timestamptz,  -- NULL: holds it no longer
    purchased   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (item_id, buyer_id)
);
