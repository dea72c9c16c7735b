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

CREATE TABLE delivery (
    delivery_id uuid NOT NULL,
    user_id uuid,
    business_key text NOT NULL,
    kind text NOT NULL,
    issue_id uuid,
    address text NOT NULL,
    name text NOT NULL,
    language text NOT NULL,
    facts jsonb NOT NULL,
    message_id text NOT NULL,
    correlation_id text NOT NULL,
    status text NOT NULL,
    reason text,
    smtp_status text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamp with time zone,
    lease uuid,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    delivered_at timestamp with time zone,
    opened_at timestamp with time zone,
    clicked_at timestamp with time zone,
    ended_at timestamp with time zone,
    machine_opened_at timestamp with time zone,
    CONSTRAINT delivery_message_id_key UNIQUE (message_id),
    CONSTRAINT delivery_user_id_business_key_key UNIQUE NULLS NOT DISTINCT (user_id, business_key),
    CONSTRAINT delivery_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT delivery_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES issue(issue_id),
    CONSTRAINT delivery_kind_check CHECK ((kind = ANY (ARRAY['issue'::text, 'batch_answer'::text, 'window_holder'::text, 'window_mill'::text, 'window_reminder'::text, 'window_extended'::text, 'window_asked'::text]))),
    CONSTRAINT delivery_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'delivered'::text, 'opened'::text, 'clicked'::text, 'bounced'::text, 'complained'::text, 'failed'::text, 'suppressed'::text])))
);
CREATE INDEX delivery_due ON delivery USING btree (next_attempt_at) WHERE (status = ANY (ARRAY['queued'::text, 'sending'::text]));
CREATE INDEX delivery_newest ON delivery USING btree (created_at DESC, delivery_id DESC);
CREATE INDEX delivery_of_address ON delivery USING btree (lower(address));
CREATE INDEX delivery_of_issue ON delivery USING btree (issue_id) WHERE (issue_id IS NOT NULL);

CREATE TABLE engagement (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    delivery_id uuid NOT NULL,
    kind text NOT NULL,
    item_id uuid,
    machine boolean NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT engagement_pkey PRIMARY KEY (id),
    CONSTRAINT engagement_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES delivery(delivery_id),
    CONSTRAINT engagement_kind_check CHECK ((kind = ANY (ARRAY['open'::text, 'click'::text])))
);
CREATE INDEX engagement_of_delivery ON engagement USING btree (delivery_id);

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

CREATE TABLE interest_replica (
    interest_id uuid NOT NULL,
    item_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    buyer_id uuid NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT interest_replica_pkey PRIMARY KEY (interest_id)
);
CREATE INDEX interest_replica_live ON interest_replica USING btree (item_id, buyer_id) WHERE live;

CREATE TABLE issue (
    issue_id uuid NOT NULL,
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    cadence text NOT NULL,
    period_key text NOT NULL,
    status text NOT NULL,
    reason text,
    left_over integer NOT NULL DEFAULT 0,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT issue_user_id_cadence_period_key_key UNIQUE (user_id, cadence, period_key),
    CONSTRAINT issue_pkey PRIMARY KEY (issue_id),
    CONSTRAINT issue_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'on_match'::text, 'manual'::text]))),
    CONSTRAINT issue_status_check CHECK ((status = ANY (ARRAY['generating'::text, 'generated'::text, 'sending'::text, 'sent'::text, 'skipped'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE INDEX issue_newest ON issue USING btree (created_at DESC, issue_id DESC);
CREATE INDEX issue_of_organization ON issue USING btree (organization_id, created_at DESC, issue_id DESC);

CREATE TABLE issue_item (
    issue_id uuid NOT NULL,
    user_id uuid NOT NULL,
    item_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    match_id uuid NOT NULL,
    position integer NOT NULL,
    dropped text,
    CONSTRAINT issue_item_pkey PRIMARY KEY (issue_id, item_id),
    CONSTRAINT issue_item_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES issue(issue_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX issue_item_once ON issue_item USING btree (user_id, item_id, listing_cycle) WHERE (dropped IS NULL);

CREATE TABLE item_replica (
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version bigint NOT NULL,
    listing_cycle integer NOT NULL,
    status text NOT NULL,
    lot jsonb,
    lot_version bigint NOT NULL DEFAULT 0,
    reserved_until timestamp with time zone,
    open_in_cycle integer,
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

CREATE TABLE match_replica (
    match_id uuid NOT NULL,
    version bigint NOT NULL,
    item_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    requirement_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    requirement_title text NOT NULL,
    score numeric NOT NULL,
    explanation jsonb NOT NULL,
    cadence text NOT NULL,
    live boolean NOT NULL,
    fresh boolean NOT NULL,
    CONSTRAINT match_replica_pkey PRIMARY KEY (match_id)
);
CREATE INDEX match_replica_fresh ON match_replica USING btree (match_id) WHERE fresh;
CREATE INDEX match_replica_live ON match_replica USING btree (buyer_id) WHERE live;

CREATE TABLE migration (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE on_match_due (
    user_id uuid NOT NULL,
    period_key text NOT NULL,
    correlation_id text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    CONSTRAINT on_match_due_pkey PRIMARY KEY (user_id)
);
CREATE INDEX on_match_due_at ON on_match_due USING btree (due_at);

CREATE TABLE organization_replica (
    organization_id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
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

CREATE TABLE preference (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    cadence text,
    weekday smallint NOT NULL,
    send_time time without time zone NOT NULL,
    time_zone text,
    language text,
    items_max smallint NOT NULL,
    tracking boolean NOT NULL,
    quiet_from time without time zone,
    quiet_until time without time zone,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT preference_pkey PRIMARY KEY (user_id),
    CONSTRAINT preference_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text, 'on_match'::text, 'off'::text]))),
    CONSTRAINT preference_check CHECK (((quiet_from IS NULL) = (quiet_until IS NULL))),
    CONSTRAINT preference_items_max_check CHECK (((items_max >= 1) AND (items_max <= 100))),
    CONSTRAINT preference_weekday_check CHECK (((weekday >= 1) AND (weekday <= 7)))
);

CREATE TABLE rate_replica (
    base text NOT NULL,
    currency text NOT NULL,
    dated date NOT NULL,
    per_base numeric NOT NULL,
    CONSTRAINT rate_replica_pkey PRIMARY KEY (base, currency)
);

CREATE TABLE requirement_replica (
    requirement_id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    title text NOT NULL,
    cadence text NOT NULL,
    CONSTRAINT requirement_replica_pkey PRIMARY KEY (requirement_id)
);

CREATE TABLE rule_replica (
    mill_id uuid NOT NULL,
    version bigint NOT NULL,
    rules jsonb NOT NULL,
    CONSTRAINT rule_replica_pkey PRIMARY KEY (mill_id)
);

CREATE TABLE schedule (
    user_id uuid NOT NULL,
    cadence text NOT NULL,
    next_send_at timestamp with time zone,
    CONSTRAINT schedule_pkey PRIMARY KEY (user_id, cadence),
    CONSTRAINT schedule_cadence_check CHECK ((cadence = ANY (ARRAY['daily'::text, 'weekly'::text])))
);
CREATE INDEX schedule_due ON schedule USING btree (next_send_at NULLS FIRST);

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

CREATE TABLE suppression (
    suppression_id uuid NOT NULL,
    address_hash text NOT NULL,
    address text,
    user_id uuid,
    reason text NOT NULL,
    source text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    lifted_at timestamp with time zone,
    lifted_by uuid,
    lifted_reason text,
    CONSTRAINT suppression_pkey PRIMARY KEY (suppression_id),
    CONSTRAINT suppression_reason_check CHECK ((reason = ANY (ARRAY['hard_bounce'::text, 'soft_bounce'::text, 'complaint'::text, 'unsubscribe'::text, 'admin'::text])))
);
CREATE UNIQUE INDEX suppression_live ON suppression USING btree (address_hash) WHERE (lifted_at IS NULL);
CREATE INDEX suppression_newest ON suppression USING btree (created_at DESC, suppression_id DESC);

CREATE TABLE tracking_link (
    token_hash bytea NOT NULL,
    delivery_id uuid NOT NULL,
    kind text NOT NULL,
    item_id uuid,
    target text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT tracking_link_pkey PRIMARY KEY (token_hash),
    CONSTRAINT tracking_link_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES delivery(delivery_id),
    CONSTRAINT tracking_link_kind_check CHECK ((kind = ANY (ARRAY['open'::text, 'click'::text, 'unsubscribe'::text])))
);

CREATE TABLE user_replica (
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    organization_id uuid NOT NULL,
    role text NOT NULL,
    status text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL,
    time_zone text NOT NULL,
    CONSTRAINT user_replica_pkey PRIMARY KEY (user_id)
);
CREATE INDEX user_replica_organization ON user_replica USING btree (organization_id);

CREATE TABLE window_replica (
    window_id uuid NOT NULL,
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    granted_at timestamp with time zone,
    expires_at timestamp with time zone,
    live boolean NOT NULL,
    CONSTRAINT window_replica_pkey PRIMARY KEY (window_id)
);
CREATE INDEX window_replica_live ON window_replica USING btree (item_id) WHERE live;
