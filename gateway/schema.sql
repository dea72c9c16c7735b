-- Generated from the migrations by `python -m deploy.schemas`; change those, not this.

CREATE OR REPLACE FUNCTION clock()
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$ SELECT clock_timestamp() $function$;

CREATE OR REPLACE FUNCTION refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE TABLE api_token (
    id uuid NOT NULL,
    organization_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    networks text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_token_hash_key UNIQUE (hash),
    CONSTRAINT api_token_pkey PRIMARY KEY (id),
    CONSTRAINT api_token_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization(id),
    CONSTRAINT api_token_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id),
    CONSTRAINT api_token_name_check CHECK (((length(name) >= 1) AND (length(name) <= 100)))
);
CREATE INDEX api_token_organization ON api_token USING btree (organization_id, id);
CREATE INDEX api_token_revoked ON api_token USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

CREATE TABLE attempt (
    stream text NOT NULL,
    seq bigint NOT NULL,
    attempts integer NOT NULL,
    CONSTRAINT attempt_pkey PRIMARY KEY (stream, seq)
);

CREATE TABLE audit_entry (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at timestamp with time zone NOT NULL,
    type text NOT NULL,
    entity_kind text NOT NULL,
    entity_id text,
    organization_ids uuid[] NOT NULL,
    user_id uuid,
    user_organization_id uuid,
    via text NOT NULL,
    address text,
    correlation_id text NOT NULL,
    event_id uuid,
    changes jsonb NOT NULL,
    facts jsonb NOT NULL,
    reason text,
    CONSTRAINT audit_entry_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_entry_entity ON audit_entry USING btree (entity_id, id);
CREATE UNIQUE INDEX audit_entry_event ON audit_entry USING btree (event_id) WHERE (event_id IS NOT NULL);
CREATE INDEX audit_entry_readers ON audit_entry USING gin (organization_ids);
CREATE INDEX audit_entry_user ON audit_entry USING btree (user_id, id);

CREATE TABLE batch_replica (
    batch_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version bigint,
    status text,
    received_at timestamp with time zone,
    listed_at timestamp with time zone,
    CONSTRAINT batch_replica_pkey PRIMARY KEY (batch_id)
);
CREATE INDEX batch_replica_latest ON batch_replica USING btree (listed_at DESC) WHERE (listed_at IS NOT NULL);
CREATE INDEX batch_replica_listed ON batch_replica USING btree (mill_id, listed_at DESC) WHERE (listed_at IS NOT NULL);

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

CREATE TABLE dead_letter_watch (
    service text NOT NULL,
    dead integer NOT NULL,
    CONSTRAINT dead_letter_watch_pkey PRIMARY KEY (service)
);

CREATE TABLE delivery_replica (
    delivery_id uuid NOT NULL,
    day date NOT NULL,
    steps integer NOT NULL,
    CONSTRAINT delivery_replica_pkey PRIMARY KEY (delivery_id)
);
CREATE INDEX delivery_replica_age ON delivery_replica USING btree (day);

CREATE TABLE event_log (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    stream text NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    key text NOT NULL,
    correlation_id text NOT NULL,
    causation_id uuid,
    actor jsonb NOT NULL,
    audience uuid[] NOT NULL,
    body jsonb,
    occurred_at timestamp with time zone NOT NULL,
    learnt_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    subject_kind text,
    subject_id text,
    version bigint,
    CONSTRAINT event_log_stream_seq_key UNIQUE (stream, seq),
    CONSTRAINT event_log_pkey PRIMARY KEY (id)
);
CREATE INDEX event_log_audience ON event_log USING gin (audience);
CREATE INDEX event_log_correlation ON event_log USING btree (correlation_id);
CREATE INDEX event_log_event ON event_log USING btree (event_id);
CREATE INDEX event_log_key ON event_log USING btree (key, id);

CREATE TABLE event_log_floor (
    only_row boolean NOT NULL DEFAULT true,
    pruned_to bigint NOT NULL DEFAULT 0,
    CONSTRAINT event_log_floor_pkey PRIMARY KEY (only_row),
    CONSTRAINT event_log_floor_only_row_check CHECK (only_row)
);

CREATE TABLE figure (
    organization_id uuid NOT NULL,
    name text NOT NULL,
    bucket text NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT figure_pkey PRIMARY KEY (organization_id, name, bucket)
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

CREATE TABLE item_replica (
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    CONSTRAINT item_replica_pkey PRIMARY KEY (item_id)
);

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

CREATE TABLE login_failure (
    key text NOT NULL,
    failures integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    blocked_until timestamp with time zone,
    CONSTRAINT login_failure_pkey PRIMARY KEY (key)
);

CREATE TABLE mail (
    id uuid NOT NULL,
    kind text NOT NULL,
    address text NOT NULL,
    person_id uuid,
    status text NOT NULL DEFAULT 'queued'::text,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    answer text,
    CONSTRAINT mail_pkey PRIMARY KEY (id),
    CONSTRAINT mail_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id),
    CONSTRAINT mail_kind_check CHECK ((kind = ANY (ARRAY['invitation'::text, 'password_reset'::text, 'known_already'::text]))),
    CONSTRAINT mail_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text, 'dropped'::text])))
);
CREATE INDEX mail_due ON mail USING btree (due_at) WHERE (status = 'queued'::text);
CREATE INDEX mail_ended ON mail USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX mail_person ON mail USING btree (person_id, kind, created_at);

CREATE TABLE mail_link (
    hash bytea NOT NULL,
    purpose text NOT NULL,
    person_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT mail_link_pkey PRIMARY KEY (hash),
    CONSTRAINT mail_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id),
    CONSTRAINT mail_link_purpose_check CHECK ((purpose = ANY (ARRAY['invitation'::text, 'password_reset'::text])))
);
CREATE INDEX mail_link_expiry ON mail_link USING btree (expires_at);
CREATE INDEX mail_link_person ON mail_link USING btree (person_id, purpose);

CREATE TABLE migration (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE notification (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    person_id uuid NOT NULL,
    topic text NOT NULL,
    kind text NOT NULL,
    subject_kind text,
    subject_id text,
    facts jsonb NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    read_at timestamp with time zone,
    CONSTRAINT notification_person_id_topic_key UNIQUE (person_id, topic),
    CONSTRAINT notification_pkey PRIMARY KEY (id)
);
CREATE INDEX notification_age ON notification USING btree (occurred_at);
CREATE INDEX notification_latest ON notification USING btree (person_id, occurred_at DESC, id DESC);
CREATE INDEX notification_unread ON notification USING btree (person_id) WHERE (read_at IS NULL);

CREATE TABLE organization (
    id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    kind text NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    trusted boolean NOT NULL DEFAULT false,
    segment text,
    sender_addresses text[] NOT NULL DEFAULT '{}'::text[],
    sender_domains text[] NOT NULL DEFAULT '{}'::text[],
    contacts jsonb NOT NULL DEFAULT '[]'::jsonb,
    created_at timestamp with time zone NOT NULL DEFAULT clock(),
    updated_at timestamp with time zone NOT NULL DEFAULT clock(),
    rights_version integer NOT NULL DEFAULT 1,
    rights_changed_at timestamp with time zone,
    CONSTRAINT organization_slug_key UNIQUE (slug),
    CONSTRAINT organization_pkey PRIMARY KEY (id),
    CONSTRAINT organization_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT organization_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT organization_kind_check CHECK ((kind = ANY (ARRAY['mill'::text, 'buyer'::text, 'operator'::text]))),
    CONSTRAINT organization_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT organization_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'::text)),
    CONSTRAINT organization_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'suspended'::text, 'closed'::text])))
);
CREATE INDEX organization_rights ON organization USING btree (rights_changed_at) WHERE (rights_changed_at IS NOT NULL);
CREATE INDEX organization_senders ON organization USING gin (sender_addresses, sender_domains);

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

CREATE TABLE person (
    id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    organization_id uuid NOT NULL,
    role text NOT NULL,
    org_role text NOT NULL,
    status text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    password_hash text,
    created_at timestamp with time zone NOT NULL DEFAULT clock(),
    updated_at timestamp with time zone NOT NULL DEFAULT clock(),
    rights_version integer NOT NULL DEFAULT 1,
    rights_changed_at timestamp with time zone,
    CONSTRAINT person_pkey PRIMARY KEY (id),
    CONSTRAINT person_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organization(id),
    CONSTRAINT person_org_role_check CHECK ((org_role = ANY (ARRAY['owner'::text, 'member'::text]))),
    CONSTRAINT person_role_check CHECK ((role = ANY (ARRAY['admin'::text, 'mill_user'::text, 'buyer_user'::text]))),
    CONSTRAINT person_status_check CHECK ((status = ANY (ARRAY['invited'::text, 'active'::text, 'inactive'::text, 'revoked'::text, 'erased'::text])))
);
CREATE UNIQUE INDEX person_email ON person USING btree (lower(email));
CREATE INDEX person_email_order ON person USING btree (lower(email), id);
CREATE INDEX person_imported ON person USING btree (split_part(password_hash, '$'::text, 2)) WHERE (password_hash ~~ 'pbkdf2%'::text);
CREATE INDEX person_organization ON person USING btree (organization_id);
CREATE INDEX person_rights ON person USING btree (rights_changed_at) WHERE (rights_changed_at IS NOT NULL);

CREATE TABLE privacy_request (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    reason text,
    requested_by uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    expires_at timestamp with time zone,
    archive bytea,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamp with time zone NOT NULL,
    CONSTRAINT privacy_request_pkey PRIMARY KEY (id),
    CONSTRAINT privacy_request_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id),
    CONSTRAINT privacy_request_kind_check CHECK ((kind = ANY (ARRAY['export'::text, 'erasure'::text]))),
    CONSTRAINT privacy_request_status_check CHECK ((status = ANY (ARRAY['open'::text, 'done'::text, 'failed'::text])))
);
CREATE INDEX privacy_request_expiry ON privacy_request USING btree (expires_at) WHERE (archive IS NOT NULL);
CREATE UNIQUE INDEX privacy_request_one_at_a_time ON privacy_request USING btree (person_id, kind) WHERE (status = 'open'::text);
CREATE INDEX privacy_request_open ON privacy_request USING btree (due_at) WHERE (status = 'open'::text);
CREATE INDEX privacy_request_person ON privacy_request USING btree (person_id);

CREATE TABLE refresh_token (
    hash bytea NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    replaced_at timestamp with time zone,
    CONSTRAINT refresh_token_pkey PRIMARY KEY (hash),
    CONSTRAINT refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES session(id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_session ON refresh_token USING btree (session_id);

CREATE TABLE replay (
    scope text NOT NULL,
    dead_letter_id uuid NOT NULL,
    service text NOT NULL,
    type text NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamp with time zone NOT NULL DEFAULT clock(),
    done_at timestamp with time zone,
    CONSTRAINT replay_pkey PRIMARY KEY (scope)
);
CREATE INDEX replay_latest ON replay USING btree (requested_at DESC);

CREATE TABLE request_origin (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    correlation_id text NOT NULL,
    user_id uuid NOT NULL,
    address text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock(),
    CONSTRAINT request_origin_pkey PRIMARY KEY (id)
);
CREATE INDEX request_origin_age ON request_origin USING btree (at);
CREATE INDEX request_origin_correlation ON request_origin USING btree (correlation_id, user_id);

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

CREATE TABLE session (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    reason text,
    CONSTRAINT session_pkey PRIMARY KEY (id),
    CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(id)
);
CREATE INDEX session_person ON session USING btree (person_id);
CREATE INDEX session_revoked ON session USING btree (revoked_at) WHERE (revoked_at IS NOT NULL);

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

CREATE TABLE window_replica (
    window_id uuid NOT NULL,
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    grant_number integer,
    expires_at timestamp with time zone,
    outcome text,
    CONSTRAINT window_replica_pkey PRIMARY KEY (window_id)
);
CREATE INDEX window_replica_of_buyer ON window_replica USING btree (buyer_id, expires_at) WHERE (outcome IS NULL);
CREATE INDEX window_replica_of_mill ON window_replica USING btree (mill_id, expires_at) WHERE (outcome IS NULL);
CREATE INDEX window_replica_open ON window_replica USING btree (expires_at) WHERE (outcome IS NULL);
CREATE INDEX window_replica_parties ON window_replica USING btree (mill_id, buyer_id);
