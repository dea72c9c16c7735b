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

CREATE TABLE datasheet_replica (
    datasheet_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    version integer NOT NULL,
    file_name text NOT NULL,
    product text,
    revision_date date,
    sheet_values jsonb NOT NULL,
    item_ids uuid[] NOT NULL,
    replaced boolean NOT NULL DEFAULT false,
    CONSTRAINT datasheet_replica_pkey PRIMARY KEY (datasheet_id)
);
CREATE INDEX datasheet_replica_item ON datasheet_replica USING gin (item_ids) WHERE (NOT replaced);

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

CREATE TABLE item (
    item_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    lot_key text NOT NULL,
    version integer NOT NULL,
    listing_cycle integer NOT NULL,
    status text NOT NULL,
    grade_code text NOT NULL,
    form text NOT NULL,
    gsm numeric NOT NULL,
    weight_net_kg numeric NOT NULL,
    quality_class text NOT NULL,
    location_country text NOT NULL,
    lot_ref text,
    grade_raw text,
    product_name text,
    width_mm integer,
    sheet_w_mm integer,
    sheet_l_mm integer,
    grain text,
    diameter_mm integer,
    core_mm integer,
    caliper_um integer,
    reel_count integer,
    pallet_count integer,
    sheet_count integer,
    weight_gross_kg numeric,
    colour text,
    brightness_iso numeric,
    certification text[] NOT NULL DEFAULT '{}'::text[],
    surplus_reason text,
    defects text[] NOT NULL DEFAULT '{}'::text[],
    price numeric,
    currency text,
    price_unit text,
    price_per_t numeric,
    incoterm text,
    location_place text,
    available_from date,
    valid_until date,
    remarks text,
    source_values jsonb NOT NULL DEFAULT '{}'::jsonb,
    batch_id uuid,
    header_fingerprint text,
    lot_version bigint NOT NULL,
    pending_change jsonb,
    listed_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone NOT NULL,
    available_at timestamp with time zone,
    expires_on date,
    expires_at timestamp with time zone,
    window_id uuid,
    holder_id uuid,
    reserved_until timestamp with time zone,
    grants_used integer NOT NULL DEFAULT 0,
    max_grants integer NOT NULL DEFAULT 3,
    opened boolean NOT NULL DEFAULT false,
    sold_to uuid,
    sold_at timestamp with time zone,
    closed_reason text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    weight_band text NOT NULL GENERATED ALWAYS AS (
CASE
    WHEN (weight_net_kg < (1000)::numeric) THEN 'under_1t'::text
    WHEN (weight_net_kg < (5000)::numeric) THEN '1_to_5t'::text
    WHEN (weight_net_kg < (10000)::numeric) THEN '5_to_10t'::text
    WHEN (weight_net_kg < (25000)::numeric) THEN '10_to_25t'::text
    WHEN (weight_net_kg < (50000)::numeric) THEN '25_to_50t'::text
    ELSE 'from_50t'::text
END) STORED,
    words tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, ((((((((((((((grade_code || ' '::text) || location_country) || ' '::text) || COALESCE(product_name, ''::text)) || ' '::text) || COALESCE(colour, ''::text)) || ' '::text) || COALESCE(lot_ref, ''::text)) || ' '::text) || COALESCE(grade_raw, ''::text)) || ' '::text) || COALESCE(location_place, ''::text)) || ' '::text) || COALESCE(remarks, ''::text)))) STORED,
    CONSTRAINT item_mill_id_lot_key_key UNIQUE (mill_id, lot_key),
    CONSTRAINT item_pkey PRIMARY KEY (item_id),
    CONSTRAINT item_check CHECK (((status <> 'reserved'::text) OR ((window_id IS NOT NULL) AND (holder_id IS NOT NULL) AND (reserved_until IS NOT NULL)))),
    CONSTRAINT item_check1 CHECK (((status = 'sold'::text) = (sold_at IS NOT NULL))),
    CONSTRAINT item_form_check CHECK ((form = ANY (ARRAY['reel'::text, 'sheet'::text]))),
    CONSTRAINT item_grain_check CHECK ((grain = ANY (ARRAY['long'::text, 'short'::text]))),
    CONSTRAINT item_gsm_check CHECK ((gsm > (0)::numeric)),
    CONSTRAINT item_listing_cycle_check CHECK ((listing_cycle >= 1)),
    CONSTRAINT item_quality_class_check CHECK ((quality_class = ANY (ARRAY['PRIME'::text, 'A'::text, 'B'::text, 'C'::text, 'BROKE'::text]))),
    CONSTRAINT item_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'pre_production'::text, 'available'::text, 'reserved'::text, 'sold'::text, 'withdrawn'::text, 'expired'::text]))),
    CONSTRAINT item_weight_net_kg_check CHECK ((weight_net_kg > (0)::numeric))
);
CREATE INDEX item_availability_due ON item USING btree (available_at) WHERE (status = 'pre_production'::text);
CREATE INDEX item_by_gsm ON item USING btree (gsm, item_id);
CREATE INDEX item_expiry_due ON item USING btree (expires_at) WHERE (status = ANY (ARRAY['available'::text, 'pre_production'::text]));
CREATE INDEX item_grade_gsm ON item USING btree (grade_code, gsm);
CREATE INDEX item_newest ON item USING btree (listed_at DESC, item_id DESC);
CREATE INDEX item_newest_of_grade ON item USING btree (grade_code, listed_at DESC, item_id DESC);
CREATE INDEX item_newest_of_mill ON item USING btree (mill_id, listed_at DESC, item_id DESC);
CREATE INDEX item_words ON item USING gin (words);

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
    item_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    listing_cycle integer NOT NULL,
    version bigint NOT NULL,
    score numeric NOT NULL,
    live boolean NOT NULL,
    CONSTRAINT match_replica_pkey PRIMARY KEY (match_id)
);
CREATE INDEX match_replica_pair ON match_replica USING btree (item_id, buyer_id) WHERE live;

CREATE TABLE migration (
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT migration_pkey PRIMARY KEY (name)
);

CREATE TABLE organization_replica (
    organization_id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    slug text NOT NULL,
    status text NOT NULL,
    country text NOT NULL,
    time_zone text NOT NULL,
    segment text,
    contacts jsonb NOT NULL DEFAULT '[]'::jsonb,
    CONSTRAINT organization_replica_pkey PRIMARY KEY (organization_id),
    CONSTRAINT organization_replica_kind_check CHECK ((kind = ANY (ARRAY['mill'::text, 'buyer'::text, 'operator'::text]))),
    CONSTRAINT organization_replica_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'approved'::text, 'suspended'::text, 'closed'::text])))
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

CREATE TABLE relation (
    item_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    match_id uuid,
    match_score numeric,
    interest_id uuid,
    window_id uuid,
    window_expires_at timestamp with time zone,
    former_holder boolean NOT NULL DEFAULT false,
    purchaser boolean NOT NULL DEFAULT false,
    interest_ticket integer,
    CONSTRAINT relation_pkey PRIMARY KEY (item_id, buyer_id)
);
CREATE INDEX relation_buyer ON relation USING btree (buyer_id);

CREATE TABLE rule_set (
    mill_id uuid NOT NULL,
    version bigint NOT NULL,
    blocked_buyers uuid[] NOT NULL,
    allowed_countries text[] NOT NULL,
    blocked_countries text[] NOT NULL,
    allowed_segments text[] NOT NULL,
    price text NOT NULL,
    identity text NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT rule_set_pkey PRIMARY KEY (mill_id),
    CONSTRAINT rule_set_identity_check CHECK ((identity = ANY (ARRAY['window'::text, 'matched'::text, 'all_buyers'::text]))),
    CONSTRAINT rule_set_price_check CHECK ((price = ANY (ARRAY['window'::text, 'matched'::text, 'all_buyers'::text])))
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

CREATE TABLE source_row (
    row_id uuid NOT NULL,
    mill_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    lot_key text NOT NULL,
    lot_version bigint NOT NULL,
    item_id uuid,
    item_version integer,
    outcome text NOT NULL,
    reason text,
    before jsonb,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT source_row_pkey PRIMARY KEY (row_id),
    CONSTRAINT source_row_outcome_check CHECK ((outcome = ANY (ARRAY['created'::text, 'updated'::text, 'confirmed'::text, 'relisted'::text, 'withdrawn'::text, 'deferred'::text, 'reverted'::text, 'rejected'::text])))
);
CREATE INDEX source_row_batch ON source_row USING btree (batch_id);
CREATE INDEX source_row_item ON source_row USING btree (item_id);

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
