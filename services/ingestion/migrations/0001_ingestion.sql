-- Mills as the gateway describes them: who may send, from where, and whether we list without a person.
CREATE TABLE organization_replica (
    organization_id   uuid PRIMARY KEY,
    version           integer NOT NULL,
    name              text NOT NULL,
    slug              text NOT NULL,
    status            text NOT NULL,
    country           text NOT NULL,
    language          text NOT NULL,
    time_zone         text NOT NULL,
    currency          text NOT NULL,
    trusted           boolean NOT NULL,
    sender_addresses  text[] NOT NULL,
    sender_domains    text[] NOT NULL
);
CREATE INDEX organization_by_address ON organization_replica USING gin (sender_addresses);
CREATE INDEX organization_by_domain ON organization_replica USING gin (sender_domains);

CREATE TABLE mailbox (
    mailbox_id       uuid PRIMARY KEY,
    name             text NOT NULL UNIQUE,
    host             text NOT NULL,
    port             integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    tls              boolean NOT NULL,
    username         text NOT NULL,
    folder           text NOT NULL,
    sealed_password  bytea,  -- NULL: the password is in the settings of the process
    status           text NOT NULL CHECK (status IN ('active', 'paused')),
    uidvalidity      bigint,
    last_uid         bigint NOT NULL DEFAULT 0,  -- every mail up to this one is a row
    failing_uid      bigint,
    failing_times    integer NOT NULL DEFAULT 0,
    polled_at        timestamptz,
    succeeded_at     timestamptz,
    last_error       text,
    version          integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Every mail seen. It is a row before anybody looks into it.
CREATE TABLE inbound_message (
    message_id      uuid PRIMARY KEY,
    mailbox_id      uuid NOT NULL REFERENCES mailbox,
    uidvalidity     bigint NOT NULL,
    uid             bigint NOT NULL,
    size_bytes      bigint NOT NULL,
    raw             bytea,  -- NULL: over the size limit, left in the mailbox
    raw_sha256      bytea,
    status          text NOT NULL CHECK (status IN ('received', 'batch', 'ignored', 'quarantined', 'duplicate')),
    reason          text,  -- a code
    detail          text,  -- the same in plain words
    id_hash         bytea,  -- of Message-ID, or of the whole mail without one; NULL until read
    sender          text,
    subject         text,
    mill_id         uuid,
    attachments     jsonb NOT NULL DEFAULT '[]',
    correlation_id  text NOT NULL,
    attempts        integer NOT NULL DEFAULT 0,
    leased_until    timestamptz,
    received_at     timestamptz NOT NULL,
    decided_at      timestamptz,
    UNIQUE (mailbox_id, uidvalidity, uid)
);
ALTER TABLE inbound_message ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX inbound_message_once ON inbound_message (mailbox_id, id_hash) WHERE status = 'batch';
CREATE INDEX inbound_message_same ON inbound_message (raw_sha256);
CREATE INDEX inbound_message_due ON inbound_message (message_id) WHERE status = 'received';
CREATE INDEX inbound_message_by_mill ON inbound_message (mill_id, message_id DESC);

-- One list of one mill.
CREATE TABLE batch (
    batch_id            uuid PRIMARY KEY,
    mill_id             uuid NOT NULL REFERENCES organization_replica,
    source              text NOT NULL CHECK (source IN ('mail', 'upload')),
    message_id          uuid REFERENCES inbound_message,
    file_name           text NOT NULL,
    file_kind           text NOT NULL,
    file_sha256         bytea NOT NULL,
    file_bytes          bigint NOT NULL,
    list_mode           text NOT NULL CHECK (list_mode IN ('append', 'snapshot')),
    status              text NOT NULL,
    version             integer NOT NULL DEFAULT 1,
    forced              boolean NOT NULL DEFAULT false,
    duplicate_of        uuid,
    received_by         uuid,  -- the user; NULL for a mail
    reply_to            text,  -- only of an authenticated sender
    language            text,
    correlation_id      text NOT NULL,
    header_fingerprint  text,
    list_date           date,
    weight_net_kg       numeric,  -- of all rows that can be listed
    reading             jsonb NOT NULL DEFAULT '{}',
    counts              jsonb NOT NULL DEFAULT '{}',  -- rows by status
    changes             jsonb NOT NULL DEFAULT '{}',  -- rows by action
    reasons             text[] NOT NULL DEFAULT '{}',
    problems            text[] NOT NULL DEFAULT '{}',
    stages              jsonb NOT NULL DEFAULT '[]',
    parts               integer NOT NULL DEFAULT 0,
    sent_at             timestamptz,  -- when the unanswered parts were last sent
    attempts            integer NOT NULL DEFAULT 0,
    leased_until        timestamptz,
    received_at         timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL
);
CREATE UNIQUE INDEX batch_once ON batch (mill_id, file_sha256)
    WHERE status NOT IN ('duplicate', 'cancelled', 'failed', 'expired', 'reverted') AND NOT forced;
CREATE INDEX batch_by_mill ON batch (mill_id, batch_id DESC);
CREATE INDEX batch_at_work ON batch (mill_id, batch_id) WHERE status IN ('received', 'parsing', 'committing');
CREATE INDEX batch_waiting ON batch (changed_at) WHERE status IN ('mapping_required', 'review_required');

CREATE TABLE batch_file (
    batch_id  uuid PRIMARY KEY REFERENCES batch,
    content   bytea NOT NULL
);
ALTER TABLE batch_file ALTER COLUMN content SET STORAGE EXTERNAL;

-- One lot of a list, or one lot that the list no longer has (action withdraw, without a row number).
CREATE TABLE batch_row (
    row_id          uuid PRIMARY KEY,
    batch_id        uuid NOT NULL REFERENCES batch,
    place           integer NOT NULL,  -- order in the file
    sheet           text,
    row_number      integer,
    status          text NOT NULL CHECK (status IN ('valid', 'warning', 'invalid', 'duplicate', 'excluded', 'accepted',
                                                    'deferred', 'applied', 'rejected', 'reverted')),
    action          text,
    lot_key         text,
    lot             jsonb,  -- canonical values; NULL when the row cannot be listed
    partial         jsonb NOT NULL DEFAULT '{}',
    source_values   jsonb NOT NULL DEFAULT '{}',
    problems        jsonb NOT NULL DEFAULT '[]',
    defaulted       text[] NOT NULL DEFAULT '{}',
    changed         text[] NOT NULL DEFAULT '{}',
    part            integer,
    lot_version     integer,
    item_id         uuid,
    outcome         text,
    outcome_reason  text,
    UNIQUE (batch_id, place)
);
CREATE INDEX batch_row_unanswered ON batch_row (batch_id, part) WHERE status = 'accepted';

-- What our lists have said about a lot: how often, and in which kind of list last.
CREATE TABLE lot (
    mill_id             uuid NOT NULL,
    lot_key             text NOT NULL,
    commits             integer NOT NULL,
    header_fingerprint  text NOT NULL,
    PRIMARY KEY (mill_id, lot_key)
);

-- What catalog says about it.
CREATE TABLE lot_replica (
    mill_id  uuid NOT NULL,
    lot_key  text NOT NULL,
    item_id  uuid NOT NULL,
    version  integer NOT NULL,  -- of the item; 0: known from the answer to a row only
    listed   boolean NOT NULL,
    lot      jsonb NOT NULL,
    PRIMARY KEY (mill_id, lot_key)
);

-- What a person confirmed about one kind of list of one mill.
CREATE TABLE mapping_profile (
    mill_id             uuid NOT NULL,
    header_fingerprint  text NOT NULL,
    profile             jsonb NOT NULL,
    version             integer NOT NULL DEFAULT 1,
    confirmed_by        uuid NOT NULL,
    confirmed_at        timestamptz NOT NULL,
    PRIMARY KEY (mill_id, header_fingerprint)
);

CREATE TABLE exchange_rate (
    dated     date NOT NULL,
    base      text NOT NULL,
    currency  text NOT NULL,
    per_base  numeric NOT NULL CHECK (per_base > 0),
    set_by    uuid NOT NULL,
    set_at    timestamptz NOT NULL,
    PRIMARY KEY (dated, base, currency)
);
