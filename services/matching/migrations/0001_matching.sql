-- Requirements, matches, and what scoring needs to know of others.

CREATE TABLE requirement (
    id                   uuid PRIMARY KEY,
    -- Small and never used twice: what the columns in memory call it.
    number               bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    buyer_id             uuid NOT NULL,
    version              integer NOT NULL DEFAULT 1,
    status               text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'archived', 'expired')),
    title                text NOT NULL,
    families             text[] NOT NULL,
    grade_codes          text[] NOT NULL,
    product_forms        text[] NOT NULL,
    gsm_min              numeric(6, 2),
    gsm_max              numeric(6, 2),
    width_min_mm         integer,
    width_max_mm         integer,
    cut_widths_mm        integer[] NOT NULL,
    max_trim_mm          integer,
    sheet_w_mm           integer,
    sheet_l_mm           integer,
    sheet_trim_mm        integer,
    diameter_min_mm      integer,
    diameter_max_mm      integer,
    core_mm              integer[] NOT NULL,
    weight_min_kg        integer,
    weight_max_kg        integer,
    quality_floor        text NOT NULL,
    accepted_defects     text[], -- NULL: any
    price_ceiling        numeric(12, 2),
    price_currency       text NOT NULL,
    ship_from_countries  text[] NOT NULL,
    certifications       text[] NOT NULL,
    deliver_to           text,
    valid_until          date, -- its last day, UTC; NULL: without end
    cadence              text NOT NULL,
    auto_interest        boolean NOT NULL,
    -- The scoring round that last took it into the columns; a process that knows less reads everything newer.
    indexed_in           bigint NOT NULL DEFAULT 0,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    CHECK (gsm_min <= gsm_max),
    CHECK (width_min_mm <= width_max_mm),
    CHECK (diameter_min_mm <= diameter_max_mm),
    CHECK (weight_min_kg <= weight_max_kg),
    CHECK (cardinality(families) + cardinality(grade_codes) > 0)
);
CREATE INDEX requirement_of_buyer ON requirement (buyer_id, id DESC);
CREATE INDEX requirement_active ON requirement (number) WHERE status = 'active';
CREATE INDEX requirement_indexed ON requirement (indexed_in);
CREATE INDEX requirement_ending ON requirement (valid_until) WHERE status IN ('active', 'paused');

CREATE TABLE match (
    id               uuid PRIMARY KEY,
    requirement_id   uuid NOT NULL REFERENCES requirement (id),
    item_id          uuid NOT NULL,
    listing_cycle    integer NOT NULL,
    buyer_id         uuid NOT NULL,
    mill_id          uuid NOT NULL,
    status           text NOT NULL CHECK (status IN ('active', 'interested', 'dismissed', 'closed')),
    closed_reason    text CHECK ((closed_reason IS NOT NULL) = (status = 'closed')),
    score            numeric(4, 1) NOT NULL CHECK (score BETWEEN 0 AND 100),
    explanation      jsonb NOT NULL,
    -- What else subscribers were told with it: when one of these changes they are told again.
    cadence          text NOT NULL,
    auto_interest    boolean NOT NULL,
    valid_until      date,
    version          integer NOT NULL DEFAULT 1,
    feedback         text,
    feedback_reason  text,
    shown_count      integer NOT NULL DEFAULT 0,
    last_shown_at    timestamptz,
    click_count      integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT one_match_per_pair_and_cycle UNIQUE (requirement_id, item_id, listing_cycle)
);
CREATE INDEX match_of_item ON match (item_id, buyer_id);
CREATE INDEX match_live_of_requirement ON match (requirement_id) WHERE status <> 'closed';
CREATE INDEX match_of_buyer ON match (buyer_id, score DESC, id DESC);
CREATE INDEX match_of_mill ON match (mill_id, score DESC, id DESC);

CREATE TABLE item_replica (
    item_id         uuid PRIMARY KEY,
    mill_id         uuid NOT NULL,
    version         integer NOT NULL,
    listing_cycle   integer NOT NULL,
    status          text NOT NULL,
    sold_to         uuid,
    grade_code      text NOT NULL,
    form            text NOT NULL,
    gsm             numeric(8, 2) NOT NULL,
    weight_kg       numeric(14, 1) NOT NULL,
    quality         text NOT NULL,
    country         text NOT NULL,
    width_mm        integer,
    sheet_w_mm      integer,
    sheet_l_mm      integer,
    diameter_mm     integer,
    core_mm         integer,
    certifications  text[] NOT NULL,
    defects         text[] NOT NULL,
    price_per_t     numeric(16, 4),
    currency        text,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX item_open_of_grade ON item_replica (grade_code, item_id)
    WHERE status IN ('available', 'pre_production', 'reserved');
CREATE INDEX item_open_of_mill ON item_replica (mill_id) WHERE status IN ('available', 'pre_production', 'reserved');

CREATE TABLE organization_replica (
    organization_id  uuid PRIMARY KEY,
    version          integer NOT NULL,
    kind             text NOT NULL,
    status           text NOT NULL,
    country          text NOT NULL,
    segment          text
);

CREATE TABLE rule_replica (
    mill_id  uuid PRIMARY KEY,
    version  integer NOT NULL,
    rules    jsonb NOT NULL
);

-- Units of a currency for one euro.
CREATE TABLE rate_replica (
    dated     date NOT NULL,
    currency  text NOT NULL,
    per_eur   numeric(20, 8) NOT NULL CHECK (per_eur > 0),
    PRIMARY KEY (dated, currency)
);

CREATE TABLE interest_replica (
    interest_id    uuid PRIMARY KEY,
    item_id        uuid NOT NULL,
    listing_cycle  integer NOT NULL,
    buyer_id       uuid NOT NULL,
    live           boolean NOT NULL
);
CREATE INDEX interest_live ON interest_replica (item_id, buyer_id) WHERE live;

-- Which buyer a newsletter reader belongs to, learned from the issues sent to him.
CREATE TABLE reader_replica (
    user_id   uuid PRIMARY KEY,
    buyer_id  uuid NOT NULL
);

-- A round of scoring that somebody waits for: a mill's batch, or what an operator asked to match again.
CREATE TABLE match_run (
    id              uuid PRIMARY KEY,
    scope           text NOT NULL CHECK (scope IN ('batch', 'item', 'requirement', 'all', 'changed_since')),
    batch_id        uuid UNIQUE,
    mill_id         uuid,
    parts           integer, -- NULL: the first part has not been read yet, or no batch
    parts_seen      integer[] NOT NULL DEFAULT '{}',
    status          text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'completed')),
    items           integer NOT NULL DEFAULT 0,
    requirements    integer NOT NULL DEFAULT 0,
    found           integer NOT NULL DEFAULT 0,
    closed          integer NOT NULL DEFAULT 0,
    correlation_id  text NOT NULL,
    causation_id    uuid,
    created_at      timestamptz NOT NULL,
    completed_at    timestamptz
);
CREATE INDEX match_run_running ON match_run (id) WHERE status = 'running';

-- What waits to be scored. Rows are taken by one transaction at a time, under an advisory lock.
CREATE TABLE item_queue (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id         uuid NOT NULL,
    run_id          uuid,
    correlation_id  text NOT NULL,
    causation_id    uuid
);
CREATE INDEX item_queue_of_run ON item_queue (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE requirement_queue (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requirement_id  uuid NOT NULL,
    run_id          uuid,
    correlation_id  text NOT NULL,
    causation_id    uuid
);
CREATE INDEX requirement_queue_of_run ON requirement_queue (run_id) WHERE run_id IS NOT NULL;

-- 'generation' counts scoring rounds that took requirements in; 'market' counts changes of organisations and rules.
CREATE TABLE revision (
    name   text PRIMARY KEY,
    value  bigint NOT NULL
);
INSERT INTO revision (name, value) VALUES ('generation', 0), ('market', 0);
