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

CREATE TABLE interest_replica (
    interest_id uuid NOT NULL,
    item_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    buyer_id uuid NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT interest_replica_pkey PRIMARY KEY (interest_id)
);
CREATE INDEX interest_live ON interest_replica USING btree (item_id, buyer_id) WHERE live;

CREATE TABLE item_queue (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    item_id uuid NOT NULL,
    run_id uuid,
    correlation_id text NOT NULL,
    causation_id uuid,
    CONSTRAINT item_queue_pkey PRIMARY KEY (id)
);
CREATE INDEX item_queue_of_run ON item_queue USING btree (run_id) WHERE (run_id IS NOT NULL);

CREATE TABLE item_replica (
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version integer NOT NULL,
    listing_cycle integer NOT NULL,
    status text NOT NULL,
    sold_to uuid,
    grade_code text NOT NULL,
    form text NOT NULL,
    gsm numeric(8,2) NOT NULL,
    weight_kg numeric(14,1) NOT NULL,
    quality text NOT NULL,
    country text NOT NULL,
    width_mm integer,
    sheet_w_mm integer,
    sheet_l_mm integer,
    diameter_mm integer,
    core_mm integer,
    certifications text[] NOT NULL,
    defects text[] NOT NULL,
    price_per_t numeric(16,4),
    currency text,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT item_replica_pkey PRIMARY KEY (item_id)
);
CREATE INDEX item_open_of_grade ON item_replica USING btree (grade_code, item_id) WHERE (status = ANY (ARRAY['available'::text, 'pre_production'::text, 'reserved'::text]));
CREATE INDEX item_open_of_mill ON item_replica USING btree (mill_id) WHERE (status = ANY (ARRAY['available'::text, 'pre_production'::text, 'reserved'::text]));

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

CREATE TABLE match (
    id uuid NOT NULL,
    requirement_id uuid NOT NULL,
    item_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    buyer_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    status text NOT NULL,
    closed_reason text,
    score numeric(4,1) NOT NULL,
    explanation jsonb NOT NULL,
    cadence text NOT NULL,
    auto_interest boolean NOT NULL,
    valid_until date,
    version integer NOT NULL DEFAULT 1,
    feedback text,
    feedback_reason text,
    shown_count integer NOT NULL DEFAULT 0,
    last_shown_at timestamp with time zone,
    click_count integer NOT NULL DEFAULT 0,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT one_match_per_pair_and_cycle UNIQUE (requirement_id, item_id, listing_cycle),
    CONSTRAINT match_pkey PRIMARY KEY (id),
    CONSTRAINT match_requirement_id_fkey FOREIGN KEY (requirement_id) REFERENCES requirement(id),
    CONSTRAINT match_check CHECK (((closed_reason IS NOT NULL) = (status = 'closed'::text))),
    CONSTRAINT match_score_check CHECK (((score >= (0)::numeric) AND (score <= (100)::numeric))),
    CONSTRAINT match_status_check CHECK ((status = ANY (ARRAY['active'::text, 'interested'::text, 'dismissed'::text, 'closed'::text])))
);
CREATE INDEX match_live_of_requirement ON match USING btree (requirement_id) WHERE (status <> 'closed'::text);
CREATE INDEX match_of_buyer ON match USING btree (buyer_id, score DESC, id DESC);
CREATE INDEX match_of_item ON match USING btree (item_id, buyer_id);
CREATE INDEX match_of_mill ON match USING btree (mill_id, score DESC, id DESC);

CREATE TABLE match_run (
    id uuid NOT NULL,
    scope text NOT NULL,
    batch_id uuid,
    mill_id uuid,
    parts integer,
    parts_seen integer[] NOT NULL DEFAULT '{}'::integer[],
    status text NOT NULL DEFAULT 'running'::text,
    items integer NOT NULL DEFAULT 0,
    requirements integer NOT NULL DEFAULT 0,
    found integer NOT NULL DEFAULT 0,
    closed integer NOT NULL DEFAULT 0,
    correlation_id text NOT NULL,
    causation_id uuid,
    created_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT match_run_batch_id_key UNIQUE (batch_id),
    CONSTRAINT match_run_pkey PRIMARY KEY (id),
    CONSTRAINT match_run_scope_check CHECK ((scope = ANY (ARRAY['batch'::text, 'item'::text, 'requirement'::text, 'all'::text, 'changed_since'::text]))),
    CONSTRAINT match_run_status_check CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text])))
);
CREATE INDEX match_run_running ON match_run USING btree (id) WHERE (status = 'running'::text);

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
    status text NOT NULL,
    country text NOT NULL,
    segment text,
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

CREATE TABLE rate_replica (
    dated date NOT NULL,
    currency text NOT NULL,
    per_eur numeric(20,8) NOT NULL,
    CONSTRAINT rate_replica_pkey PRIMARY KEY (dated, currency),
    CONSTRAINT rate_replica_per_eur_check CHECK ((per_eur > (0)::numeric))
);

CREATE TABLE reader_replica (
    user_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    CONSTRAINT reader_replica_pkey PRIMARY KEY (user_id)
);

CREATE TABLE requirement (
    id uuid NOT NULL,
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    buyer_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'active'::text,
    title text NOT NULL,
    families text[] NOT NULL,
    grade_codes text[] NOT NULL,
    product_forms text[] NOT NULL,
    gsm_min numeric(6,2),
    gsm_max numeric(6,2),
    width_min_mm integer,
    width_max_mm integer,
    cut_widths_mm integer[] NOT NULL,
    max_trim_mm integer,
    sheet_w_mm integer,
    sheet_l_mm integer,
    sheet_trim_mm integer,
    diameter_min_mm integer,
    diameter_max_mm integer,
    core_mm integer[] NOT NULL,
    weight_min_kg integer,
    weight_max_kg integer,
    quality_floor text NOT NULL,
    accepted_defects text[],
    price_ceiling numeric(12,2),
    price_currency text NOT NULL,
    ship_from_countries text[] NOT NULL,
    certifications text[] NOT NULL,
    deliver_to text,
    valid_until date,
    cadence text NOT NULL,
    auto_interest boolean NOT NULL,
    indexed_in bigint NOT NULL DEFAULT 0,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT requirement_number_key UNIQUE (number),
    CONSTRAINT requirement_pkey PRIMARY KEY (id),
    CONSTRAINT requirement_check CHECK ((gsm_min <= gsm_max)),
    CONSTRAINT requirement_check1 CHECK ((width_min_mm <= width_max_mm)),
    CONSTRAINT requirement_check2 CHECK ((diameter_min_mm <= diameter_max_mm)),
    CONSTRAINT requirement_check3 CHECK ((weight_min_kg <= weight_max_kg)),
    CONSTRAINT requirement_check4 CHECK (((cardinality(families) + cardinality(grade_codes)) > 0)),
    CONSTRAINT requirement_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'archived'::text, 'expired'::text])))
);
CREATE INDEX requirement_active ON requirement USING btree (number) WHERE (status = 'active'::text);
CREATE INDEX requirement_ending ON requirement USING btree (valid_until) WHERE (status = ANY (ARRAY['active'::text, 'paused'::text]));
CREATE INDEX requirement_indexed ON requirement USING btree (indexed_in);
CREATE INDEX requirement_of_buyer ON requirement USING btree (buyer_id, id DESC);

CREATE TABLE requirement_queue (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    requirement_id uuid NOT NULL,
    run_id uuid,
    correlation_id text NOT NULL,
    causation_id uuid,
    CONSTRAINT requirement_queue_pkey PRIMARY KEY (id)
);
CREATE INDEX requirement_queue_of_run ON requirement_queue USING btree (run_id) WHERE (run_id IS NOT NULL);

CREATE TABLE revision (
    name text NOT NULL,
    value bigint NOT NULL,
    CONSTRAINT revision_pkey PRIMARY KEY (name)
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
