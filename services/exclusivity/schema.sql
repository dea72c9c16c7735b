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

CREATE TABLE interests (
    id uuid NOT NULL,
    item_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    user_id uuid,
    listing_cycle integer NOT NULL,
    ticket integer NOT NULL,
    origin text NOT NULL,
    status text NOT NULL DEFAULT 'queued'::text,
    close_reason text,
    not_needed_after timestamp with time zone,
    created_at timestamp with time zone NOT NULL DEFAULT clock(),
    closed_at timestamp with time zone,
    CONSTRAINT interests_item_id_ticket_key UNIQUE (item_id, ticket),
    CONSTRAINT interests_pkey PRIMARY KEY (id),
    CONSTRAINT interests_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES organization_replica(organization_id),
    CONSTRAINT interests_item_id_fkey FOREIGN KEY (item_id) REFERENCES item_replica(item_id),
    CONSTRAINT interests_check CHECK (((status = 'closed'::text) = (close_reason IS NOT NULL))),
    CONSTRAINT interests_check1 CHECK (((status = 'closed'::text) = (closed_at IS NOT NULL))),
    CONSTRAINT interests_close_reason_check CHECK ((close_reason = ANY (ARRAY['withdrawn'::text, 'not_needed'::text, 'sold'::text, 'item_withdrawn'::text, 'item_expired'::text, 'ineligible'::text, 'lapsed'::text, 'fulfilled'::text]))),
    CONSTRAINT interests_origin_check CHECK ((origin = ANY (ARRAY['person'::text, 'auto_interest'::text]))),
    CONSTRAINT interests_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'granted'::text, 'closed'::text])))
);
CREATE UNIQUE INDEX interests_live ON interests USING btree (item_id, buyer_id) WHERE (status = ANY (ARRAY['queued'::text, 'granted'::text]));
CREATE INDEX interests_not_needed ON interests USING btree (not_needed_after) WHERE ((status = 'queued'::text) AND (not_needed_after IS NOT NULL));
CREATE INDEX interests_of_buyer ON interests USING btree (buyer_id, created_at DESC, id DESC);
CREATE INDEX interests_queue ON interests USING btree (item_id, ticket) WHERE (status = ANY (ARRAY['queued'::text, 'granted'::text]));

CREATE TABLE item_replica (
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 0,
    listing_cycle integer NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'unknown'::text,
    tickets integer NOT NULL DEFAULT 0,
    live_interests integer NOT NULL DEFAULT 0,
    CONSTRAINT item_replica_pkey PRIMARY KEY (item_id),
    CONSTRAINT item_replica_live_interests_check CHECK ((live_interests >= 0)),
    CONSTRAINT item_replica_status_check CHECK ((status = ANY (ARRAY['unknown'::text, 'draft'::text, 'pre_production'::text, 'available'::text, 'reserved'::text, 'sold'::text, 'withdrawn'::text, 'expired'::text])))
);
CREATE INDEX item_replica_mill ON item_replica USING btree (mill_id);

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

CREATE TABLE match_replica (
    match_id uuid NOT NULL,
    version integer NOT NULL,
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    buyer_id uuid NOT NULL,
    score numeric NOT NULL,
    not_needed_after timestamp with time zone,
    status text NOT NULL,
    CONSTRAINT match_replica_pkey PRIMARY KEY (match_id),
    CONSTRAINT match_replica_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'registered'::text, 'dropped'::text, 'closed'::text])))
);
CREATE INDEX match_replica_pair ON match_replica USING btree (item_id, buyer_id);
CREATE INDEX match_replica_pending_buyer ON match_replica USING btree (buyer_id) WHERE (status = 'pending'::text);
CREATE INDEX match_replica_pending_item ON match_replica USING btree (item_id) WHERE (status = 'pending'::text);
CREATE INDEX match_replica_pending_mill ON match_replica USING btree (mill_id) WHERE (status = 'pending'::text);

CREATE TABLE migration (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE organization_replica (
    organization_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    segment text,
    contacts jsonb NOT NULL,
    CONSTRAINT organization_replica_pkey PRIMARY KEY (organization_id)
);

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

CREATE TABLE reminders (
    window_id uuid NOT NULL,
    threshold_hours integer NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone NOT NULL DEFAULT clock(),
    CONSTRAINT reminders_window_id_threshold_hours_expires_at_key UNIQUE (window_id, threshold_hours, expires_at),
    CONSTRAINT reminders_window_id_fkey FOREIGN KEY (window_id) REFERENCES windows(id)
);

CREATE TABLE rule_replica (
    mill_id uuid NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    CONSTRAINT rule_replica_pkey PRIMARY KEY (mill_id)
);

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

CREATE TABLE user_replica (
    user_id uuid NOT NULL,
    version integer NOT NULL,
    organization_id uuid NOT NULL,
    active boolean NOT NULL,
    CONSTRAINT user_replica_pkey PRIMARY KEY (user_id)
);
CREATE INDEX user_replica_organization ON user_replica USING btree (organization_id);

CREATE TABLE window_history (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    window_id uuid NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT clock(),
    entry text NOT NULL,
    by_role text NOT NULL,
    reason text,
    CONSTRAINT window_history_pkey PRIMARY KEY (id),
    CONSTRAINT window_history_window_id_fkey FOREIGN KEY (window_id) REFERENCES windows(id),
    CONSTRAINT window_history_by_role_check CHECK ((by_role = ANY (ARRAY['holder'::text, 'mill'::text, 'operator'::text, 'system'::text]))),
    CONSTRAINT window_history_entry_check CHECK ((entry = ANY (ARRAY['granted'::text, 'reminded'::text, 'extension_requested'::text, 'extended'::text, 'closed'::text])))
);
CREATE INDEX window_history_of_window ON window_history USING btree (window_id, id);

CREATE TABLE windows (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    interest_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    grant_number integer NOT NULL,
    max_grants integer NOT NULL,
    origin text NOT NULL,
    status text NOT NULL DEFAULT 'active'::text,
    outcome text,
    reason text,
    granted_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    extensions_used integer NOT NULL DEFAULT 0,
    extension_asked_for timestamp with time zone,
    held tstzrange NOT NULL GENERATED ALWAYS AS (tstzrange(granted_at, COALESCE(ended_at, expires_at))) STORED,
    CONSTRAINT windows_item_id_held_excl EXCLUDE USING gist (item_id WITH =, held WITH &&),
    CONSTRAINT windows_interest_id_key UNIQUE (interest_id),
    CONSTRAINT windows_item_id_listing_cycle_buyer_id_key UNIQUE (item_id, listing_cycle, buyer_id),
    CONSTRAINT windows_item_id_listing_cycle_grant_number_key UNIQUE (item_id, listing_cycle, grant_number),
    CONSTRAINT windows_pkey PRIMARY KEY (id),
    CONSTRAINT windows_buyer_id_fkey FOREIGN KEY (buyer_id) REFERENCES organization_replica(organization_id),
    CONSTRAINT windows_interest_id_fkey FOREIGN KEY (interest_id) REFERENCES interests(id),
    CONSTRAINT windows_item_id_fkey FOREIGN KEY (item_id) REFERENCES item_replica(item_id),
    CONSTRAINT windows_check CHECK (((grant_number >= 1) AND (grant_number <= max_grants))),
    CONSTRAINT windows_check1 CHECK (((status = 'closed'::text) = (outcome IS NOT NULL))),
    CONSTRAINT windows_check2 CHECK (((status = 'closed'::text) = (ended_at IS NOT NULL))),
    CONSTRAINT windows_origin_check CHECK ((origin = ANY (ARRAY['first_interest'::text, 'hand_over'::text, 'listing'::text, 'admin'::text]))),
    CONSTRAINT windows_outcome_check CHECK ((outcome = ANY (ARRAY['expired'::text, 'released'::text, 'revoked'::text, 'cancelled'::text, 'converted'::text]))),
    CONSTRAINT windows_status_check CHECK ((status = ANY (ARRAY['active'::text, 'closed'::text])))
);
CREATE UNIQUE INDEX windows_active ON windows USING btree (item_id) WHERE (status = 'active'::text);
CREATE INDEX windows_due ON windows USING btree (expires_at) WHERE (status = 'active'::text);
CREATE INDEX windows_of_buyer ON windows USING btree (buyer_id, granted_at DESC, id DESC);
CREATE INDEX windows_of_mill ON windows USING btree (mill_id, granted_at DESC, id DESC);
