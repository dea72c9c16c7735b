-- Generated from the migrations by `python -m deploy.schemas`; change those, not this.

CREATE OR REPLACE FUNCTION clock()
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$ SELECT clock_timestamp() $function$;

CREATE TABLE attempt (
    stream text NOT NULL,
    seq bigint NOT NULL,
    attempts integer NOT NULL,
    CONSTRAINT attempt_pkey PRIMARY KEY (stream, seq)
);

CREATE TABLE batch (
    batch_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    source text NOT NULL,
    message_id uuid,
    file_name text NOT NULL,
    file_kind text NOT NULL,
    file_sha256 bytea NOT NULL,
    file_bytes bigint NOT NULL,
    list_mode text NOT NULL,
    status text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    forced boolean NOT NULL DEFAULT false,
    duplicate_of uuid,
    received_by uuid,
    reply_to text,
    language text,
    correlation_id text NOT NULL,
    header_fingerprint text,
    list_date date,
    weight_net_kg numeric,
    reading jsonb NOT NULL DEFAULT '{}'::jsonb,
    counts jsonb NOT NULL DEFAULT '{}'::jsonb,
    changes jsonb NOT NULL DEFAULT '{}'::jsonb,
    reasons text[] NOT NULL DEFAULT '{}'::text[],
    problems text[] NOT NULL DEFAULT '{}'::text[],
    stages jsonb NOT NULL DEFAULT '[]'::jsonb,
    parts integer NOT NULL DEFAULT 0,
    sent_at timestamp with time zone,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    reminded_at timestamp with time zone,
    mapping jsonb NOT NULL DEFAULT '{}'::jsonb,
    profile_id uuid,
    used_profile_id uuid,
    used_profile_version integer,
    CONSTRAINT batch_pkey PRIMARY KEY (batch_id),
    CONSTRAINT batch_message_id_fkey FOREIGN KEY (message_id) REFERENCES inbound_message(message_id),
    CONSTRAINT batch_mill_id_fkey FOREIGN KEY (mill_id) REFERENCES organization_replica(organization_id),
    CONSTRAINT batch_list_mode_check CHECK ((list_mode = ANY (ARRAY['append'::text, 'snapshot'::text]))),
    CONSTRAINT batch_source_check CHECK ((source = ANY (ARRAY['mail'::text, 'upload'::text])))
);
CREATE INDEX batch_at_work ON batch USING btree (mill_id, batch_id) WHERE (status = ANY (ARRAY['received'::text, 'parsing'::text, 'committing'::text, 'reverting'::text]));
CREATE INDEX batch_by_mill ON batch USING btree (mill_id, batch_id DESC);
CREATE INDEX batch_by_profile ON batch USING btree (used_profile_id) WHERE (used_profile_id IS NOT NULL);
CREATE UNIQUE INDEX batch_once ON batch USING btree (mill_id, file_sha256) WHERE ((status <> ALL (ARRAY['duplicate'::text, 'cancelled'::text, 'failed'::text, 'expired'::text, 'reverted'::text])) AND (NOT forced));
CREATE INDEX batch_waiting ON batch USING btree (changed_at) WHERE (status = ANY (ARRAY['mapping_required'::text, 'review_required'::text]));

CREATE TABLE batch_file (
    batch_id uuid NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT batch_file_pkey PRIMARY KEY (batch_id),
    CONSTRAINT batch_file_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batch(batch_id)
);

CREATE TABLE batch_row (
    row_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    place integer NOT NULL,
    sheet text,
    row_number integer,
    status text NOT NULL,
    action text,
    lot_key text,
    lot jsonb,
    partial jsonb NOT NULL DEFAULT '{}'::jsonb,
    source_values jsonb NOT NULL DEFAULT '{}'::jsonb,
    problems jsonb NOT NULL DEFAULT '[]'::jsonb,
    defaulted text[] NOT NULL DEFAULT '{}'::text[],
    changed text[] NOT NULL DEFAULT '{}'::text[],
    part integer,
    lot_version integer,
    item_id uuid,
    outcome text,
    outcome_reason text,
    undo_version integer,
    undo_outcome text,
    undo_reason text,
    CONSTRAINT batch_row_batch_id_place_key UNIQUE (batch_id, place),
    CONSTRAINT batch_row_pkey PRIMARY KEY (row_id),
    CONSTRAINT batch_row_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES batch(batch_id),
    CONSTRAINT batch_row_status_check CHECK ((status = ANY (ARRAY['valid'::text, 'warning'::text, 'invalid'::text, 'duplicate'::text, 'excluded'::text, 'accepted'::text, 'deferred'::text, 'applied'::text, 'rejected'::text, 'reverted'::text])))
);
CREATE INDEX batch_row_unanswered ON batch_row USING btree (batch_id, part) WHERE (status = 'accepted'::text);
CREATE INDEX batch_row_undo ON batch_row USING btree (batch_id, part) WHERE ((undo_version IS NOT NULL) AND (undo_outcome IS NULL));

CREATE TABLE datasheet (
    datasheet_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    source text NOT NULL,
    message_id uuid,
    file_name text NOT NULL,
    file_sha256 bytea NOT NULL,
    file_bytes bigint NOT NULL,
    status text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    stated jsonb NOT NULL DEFAULT '{}'::jsonb,
    reading jsonb NOT NULL DEFAULT '{}'::jsonb,
    reasons text[] NOT NULL DEFAULT '{}'::text[],
    read_by text,
    received_by uuid,
    reply_to text,
    language text,
    correlation_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    external_tries integer NOT NULL DEFAULT 0,
    leased_until timestamp with time zone,
    due_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    approved_at timestamp with time zone,
    CONSTRAINT datasheet_mill_id_file_sha256_key UNIQUE (mill_id, file_sha256),
    CONSTRAINT datasheet_pkey PRIMARY KEY (datasheet_id),
    CONSTRAINT datasheet_message_id_fkey FOREIGN KEY (message_id) REFERENCES inbound_message(message_id),
    CONSTRAINT datasheet_mill_id_fkey FOREIGN KEY (mill_id) REFERENCES organization_replica(organization_id),
    CONSTRAINT datasheet_read_by_check CHECK ((read_by = ANY (ARRAY['own'::text, 'external'::text, 'person'::text]))),
    CONSTRAINT datasheet_source_check CHECK ((source = ANY (ARRAY['mail'::text, 'upload'::text]))),
    CONSTRAINT datasheet_status_check CHECK ((status = ANY (ARRAY['received'::text, 'extracting'::text, 'review_required'::text, 'approved'::text, 'superseded'::text, 'failed'::text])))
);
CREATE INDEX datasheet_by_message ON datasheet USING btree (message_id) WHERE (message_id IS NOT NULL);
CREATE INDEX datasheet_by_status ON datasheet USING btree (status, datasheet_id DESC);
CREATE INDEX datasheet_due ON datasheet USING btree (due_at) WHERE (status = ANY (ARRAY['received'::text, 'extracting'::text]));

CREATE TABLE datasheet_file (
    datasheet_id uuid NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT datasheet_file_pkey PRIMARY KEY (datasheet_id),
    CONSTRAINT datasheet_file_datasheet_id_fkey FOREIGN KEY (datasheet_id) REFERENCES datasheet(datasheet_id)
);

CREATE TABLE datasheet_link (
    datasheet_id uuid NOT NULL,
    item_id uuid NOT NULL,
    reason text NOT NULL,
    confidence numeric NOT NULL,
    CONSTRAINT datasheet_link_pkey PRIMARY KEY (datasheet_id, item_id),
    CONSTRAINT datasheet_link_datasheet_id_fkey FOREIGN KEY (datasheet_id) REFERENCES datasheet(datasheet_id),
    CONSTRAINT datasheet_link_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric)))
);
CREATE INDEX datasheet_link_item ON datasheet_link USING btree (item_id);

CREATE TABLE datasheet_value (
    datasheet_id uuid NOT NULL,
    place integer NOT NULL,
    gsm numeric,
    property text NOT NULL,
    value numeric NOT NULL,
    unit text NOT NULL,
    standard text,
    direction text,
    tolerance text,
    minimum numeric,
    maximum numeric,
    page integer NOT NULL,
    snippet text NOT NULL,
    confidence numeric NOT NULL,
    doubts text[] NOT NULL DEFAULT '{}'::text[],
    CONSTRAINT datasheet_value_pkey PRIMARY KEY (datasheet_id, place),
    CONSTRAINT datasheet_value_datasheet_id_fkey FOREIGN KEY (datasheet_id) REFERENCES datasheet(datasheet_id),
    CONSTRAINT datasheet_value_confidence_check CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT datasheet_value_direction_check CHECK ((direction = ANY (ARRAY['MD'::text, 'CD'::text, 'top'::text, 'reverse'::text])))
);

CREATE TABLE dead_letter (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    stream text NOT NULL,
    seq bigint NOT NULL,
    epoch uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    meta text NOT NULL,
    body text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    error text NOT NULL,
    died_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dead_letter_stream_epoch_seq_key UNIQUE (stream, epoch, seq),
    CONSTRAINT dead_letter_pkey PRIMARY KEY (id)
);
CREATE INDEX dead_letter_latest ON dead_letter USING btree (died_at DESC, id);

CREATE TABLE exchange_rate (
    dated date NOT NULL,
    base text NOT NULL,
    currency text NOT NULL,
    per_base numeric NOT NULL,
    set_by uuid NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT exchange_rate_pkey PRIMARY KEY (dated, base, currency),
    CONSTRAINT exchange_rate_per_base_check CHECK ((per_base > (0)::numeric))
);

CREATE TABLE holder_replica (
    item_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    window_id uuid,
    expires_at timestamp with time zone,
    purchased boolean NOT NULL DEFAULT false,
    CONSTRAINT holder_replica_pkey PRIMARY KEY (item_id, buyer_id)
);

CREATE TABLE idempotency (
    scope text NOT NULL,
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (scope)
);
CREATE INDEX idempotency_age ON idempotency USING btree (created_at);

CREATE TABLE inbound_message (
    message_id uuid NOT NULL,
    mailbox_id uuid NOT NULL,
    uidvalidity bigint NOT NULL,
    uid bigint NOT NULL,
    size_bytes bigint NOT NULL,
    raw bytea,
    raw_sha256 bytea,
    status text NOT NULL,
    reason text,
    detail text,
    id_hash bytea,
    sender text,
    subject text,
    mill_id uuid,
    attachments jsonb NOT NULL DEFAULT '[]'::jsonb,
    correlation_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamp with time zone,
    received_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT inbound_message_mailbox_id_uidvalidity_uid_key UNIQUE (mailbox_id, uidvalidity, uid),
    CONSTRAINT inbound_message_pkey PRIMARY KEY (message_id),
    CONSTRAINT inbound_message_mailbox_id_fkey FOREIGN KEY (mailbox_id) REFERENCES mailbox(mailbox_id),
    CONSTRAINT inbound_message_status_check CHECK ((status = ANY (ARRAY['received'::text, 'batch'::text, 'datasheet'::text, 'ignored'::text, 'quarantined'::text, 'duplicate'::text])))
);
CREATE INDEX inbound_message_by_mill ON inbound_message USING btree (mill_id, message_id DESC);
CREATE INDEX inbound_message_due ON inbound_message USING btree (message_id) WHERE (status = 'received'::text);
CREATE UNIQUE INDEX inbound_message_once ON inbound_message USING btree (mailbox_id, id_hash) WHERE (status = 'batch'::text);
CREATE UNIQUE INDEX inbound_message_once_datasheet ON inbound_message USING btree (mailbox_id, id_hash) WHERE (status = 'datasheet'::text);
CREATE INDEX inbound_message_same ON inbound_message USING btree (raw_sha256);

CREATE TABLE job (
    name text NOT NULL,
    last_run_at timestamp with time zone,
    last_done integer,
    last_took_ms integer,
    failures integer NOT NULL DEFAULT 0,
    last_error text,
    CONSTRAINT job_pkey PRIMARY KEY (name)
);

CREATE TABLE job_run (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    job text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    done integer,
    error text,
    CONSTRAINT job_run_pkey PRIMARY KEY (id)
);
CREATE INDEX job_run_age ON job_run USING btree (started_at);
CREATE INDEX job_run_latest ON job_run USING btree (job, started_at DESC);

CREATE TABLE lot (
    mill_id uuid NOT NULL,
    lot_key text NOT NULL,
    commits integer NOT NULL,
    header_fingerprint text NOT NULL,
    previous_fingerprint text,
    CONSTRAINT lot_pkey PRIMARY KEY (mill_id, lot_key)
);

CREATE TABLE lot_replica (
    mill_id uuid NOT NULL,
    lot_key text NOT NULL,
    item_id uuid NOT NULL,
    version integer NOT NULL,
    listed boolean NOT NULL,
    lot jsonb NOT NULL,
    status text NOT NULL DEFAULT 'available'::text,
    CONSTRAINT lot_replica_pkey PRIMARY KEY (mill_id, lot_key)
);
CREATE INDEX lot_replica_item ON lot_replica USING btree (item_id);

CREATE TABLE mailbox (
    mailbox_id uuid NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    port integer NOT NULL,
    tls boolean NOT NULL,
    username text NOT NULL,
    folder text NOT NULL,
    sealed_password bytea,
    status text NOT NULL,
    uidvalidity bigint,
    last_uid bigint NOT NULL DEFAULT 0,
    failing_uid bigint,
    failing_times integer NOT NULL DEFAULT 0,
    polled_at timestamp with time zone,
    succeeded_at timestamp with time zone,
    last_error text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT mailbox_name_key UNIQUE (name),
    CONSTRAINT mailbox_pkey PRIMARY KEY (mailbox_id),
    CONSTRAINT mailbox_port_check CHECK (((port >= 1) AND (port <= 65535))),
    CONSTRAINT mailbox_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text])))
);

CREATE TABLE mapping_profile (
    mill_id uuid NOT NULL,
    header_fingerprint text NOT NULL,
    profile jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    confirmed_by uuid NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    profile_id uuid NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active'::text,
    headers text[] NOT NULL DEFAULT '{}'::text[],
    CONSTRAINT mapping_profile_pkey PRIMARY KEY (profile_id),
    CONSTRAINT mapping_profile_status_check CHECK ((status = ANY (ARRAY['active'::text, 'archived'::text])))
);
CREATE UNIQUE INDEX mapping_profile_once ON mapping_profile USING btree (mill_id, header_fingerprint) WHERE (status = 'active'::text);

CREATE TABLE mapping_profile_version (
    profile_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    header_fingerprint text NOT NULL,
    headers text[] NOT NULL,
    profile jsonb NOT NULL,
    confirmed_by uuid NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    CONSTRAINT mapping_profile_version_pkey PRIMARY KEY (profile_id, version),
    CONSTRAINT mapping_profile_version_profile_id_fkey FOREIGN KEY (profile_id) REFERENCES mapping_profile(profile_id)
);

CREATE TABLE migration (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE organization_replica (
    organization_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    trusted boolean NOT NULL,
    sender_addresses text[] NOT NULL,
    sender_domains text[] NOT NULL,
    CONSTRAINT organization_replica_pkey PRIMARY KEY (organization_id)
);
CREATE INDEX organization_by_address ON organization_replica USING gin (sender_addresses);
CREATE INDEX organization_by_domain ON organization_replica USING gin (sender_domains);

CREATE TABLE outbox (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    correlation_id text NOT NULL,
    meta text NOT NULL,
    body text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

CREATE TABLE parked (
    stream text NOT NULL,
    seq bigint NOT NULL,
    epoch uuid NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    meta text NOT NULL,
    body text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamp with time zone,
    last_error text,
    CONSTRAINT parked_pkey PRIMARY KEY (stream, seq)
);
CREATE INDEX parked_by_key ON parked USING btree (stream, key, seq);

CREATE TABLE sent (
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    correlation_id text NOT NULL,
    meta text NOT NULL,
    body text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT sent_pkey PRIMARY KEY (seq)
);
CREATE INDEX sent_correlation ON sent USING btree (correlation_id);

CREATE TABLE stream_head (
    stream text NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    CONSTRAINT stream_head_pkey PRIMARY KEY (stream)
);

CREATE TABLE subscription (
    stream text NOT NULL,
    applied_seq bigint NOT NULL DEFAULT 0,
    epoch uuid,
    stopped text,
    updated_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT subscription_pkey PRIMARY KEY (stream)
);
