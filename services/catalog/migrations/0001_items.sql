-- What is for sale, where it came from, and who may see how much of it.

CREATE TABLE organization_replica (
    organization_id  uuid PRIMARY KEY,
    version          bigint NOT NULL,          -- 0: a stub, known by its id only
    kind             text NOT NULL CHECK (kind IN ('mill', 'buyer', 'operator')),
    name             text NOT NULL,
    slug             text NOT NULL,
    status           text NOT NULL CHECK (status IN ('pending', 'approved', 'suspended', 'closed')),
    country          text NOT NULL,
    time_zone        text NOT NULL,
    segment          text,
    contacts         jsonb NOT NULL DEFAULT '[]'
);

-- Without a row here nobody but the mill and the operator sees anything of the mill.
CREATE TABLE rule_set (
    mill_id            uuid PRIMARY KEY,
    version            bigint NOT NULL,
    blocked_buyers     uuid[] NOT NULL,
    allowed_countries  text[] NOT NULL,
    blocked_countries  text[] NOT NULL,
    allowed_segments   text[] NOT NULL,
    price              text NOT NULL CHECK (price IN ('window', 'matched', 'all_buyers')),
    identity           text NOT NULL CHECK (identity IN ('window', 'matched', 'all_buyers')),
    updated_at         timestamptz NOT NULL
);

CREATE TABLE item (
    item_id             uuid PRIMARY KEY,
    mill_id             uuid NOT NULL,
    lot_key             text NOT NULL,
    version             integer NOT NULL,      -- grows with every change that somebody can see
    listing_cycle       integer NOT NULL CHECK (listing_cycle >= 1),
    status              text NOT NULL CHECK (status IN
        ('draft', 'pre_production', 'available', 'reserved', 'sold', 'withdrawn', 'expired')),

    grade_code          text NOT NULL,
    form                text NOT NULL CHECK (form IN ('reel', 'sheet')),
    gsm                 numeric NOT NULL CHECK (gsm > 0),
    weight_net_kg       numeric NOT NULL CHECK (weight_net_kg > 0),
    quality_class       text NOT NULL CHECK (quality_class IN ('PRIME', 'A', 'B', 'C', 'BROKE')),
    location_country    text NOT NULL,
    lot_ref             text,
    grade_raw           text,
    product_name        text,
    width_mm            integer,
    sheet_w_mm          integer,
    sheet_l_mm          integer,
    grain               text CHECK (grain IN ('long', 'short')),
    diameter_mm         integer,
    core_mm             integer,
    caliper_um          integer,
    reel_count          integer,
    pallet_count        integer,
    sheet_count         integer,
    weight_gross_kg     numeric,
    colour              text,
    brightness_iso      numeric,
    certification       text[] NOT NULL DEFAULT '{}',
    surplus_reason      text,
    defects             text[] NOT NULL DEFAULT '{}',
    price               numeric,
    currency            text,
    price_unit          text,
    price_per_t         numeric,
    incoterm            text,
    location_place      text,
    available_from      date,
    valid_until         date,
    remarks             text,

    source_values       jsonb NOT NULL DEFAULT '{}',
    batch_id            uuid,                  -- the batch that created or last confirmed it
    header_fingerprint  text,
    lot_version         bigint NOT NULL,       -- ingestion's count of commits of this lot that were applied
    pending_change      jsonb,                 -- waits until nobody holds a window any more

    listed_at           timestamptz NOT NULL,
    confirmed_at        timestamptz NOT NULL,
    available_at        timestamptz,           -- available_from 00:00 where the mill is
    expires_on          date,
    expires_at          timestamptz,           -- expires_on 24:00 where the mill is

    window_id           uuid,
    holder_id           uuid,
    reserved_until      timestamptz,
    grants_used         integer NOT NULL DEFAULT 0,
    max_grants          integer NOT NULL DEFAULT 3,
    opened              boolean NOT NULL DEFAULT false,
    sold_to             uuid,
    sold_at             timestamptz,
    closed_reason       text,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,

    -- Shown to everybody in place of the weight.
    weight_band         text NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN weight_net_kg < 1000 THEN 'under_1t'
            WHEN weight_net_kg < 5000 THEN '1_to_5t'
            WHEN weight_net_kg < 10000 THEN '5_to_10t'
            WHEN weight_net_kg < 25000 THEN '10_to_25t'
            WHEN weight_net_kg < 50000 THEN '25_to_50t'
            ELSE 'from_50t'
        END
    ) STORED,
    -- Every word of the lot. Finds candidates; what a reader may not see is checked again on the visible words.
    words               tsvector NOT NULL GENERATED ALWAYS AS (
        to_tsvector('simple', grade_code || ' ' || location_country || ' ' || coalesce(product_name, '') || ' '
            || coalesce(colour, '') || ' ' || coalesce(lot_ref, '') || ' ' || coalesce(grade_raw, '') || ' '
            || coalesce(location_place, '') || ' ' || coalesce(remarks, ''))
    ) STORED,

    UNIQUE (mill_id, lot_key),
    CHECK (status <> 'reserved' OR (window_id IS NOT NULL AND holder_id IS NOT NULL AND reserved_until IS NOT NULL)),
    CHECK ((status = 'sold') = (sold_at IS NOT NULL))
);
CREATE INDEX item_newest ON item (listed_at DESC, item_id DESC);
CREATE INDEX item_newest_of_mill ON item (mill_id, listed_at DESC, item_id DESC);
CREATE INDEX item_newest_of_grade ON item (grade_code, listed_at DESC, item_id DESC);
CREATE INDEX item_grade_gsm ON item (grade_code, gsm);
CREATE INDEX item_words ON item USING gin (words);
CREATE INDEX item_availability_due ON item (available_at) WHERE status = 'pre_production';
CREATE INDEX item_expiry_due ON item (expires_at) WHERE status IN ('available', 'pre_production');

-- Every row of a list that was answered, with the answer, so that the same row is never applied twice and the same
-- question gets the same answer. "before" is the item as it was, for taking the row back; NULL: there was none.
CREATE TABLE source_row (
    row_id        uuid PRIMARY KEY,
    mill_id       uuid NOT NULL,
    batch_id      uuid NOT NULL,
    lot_key       text NOT NULL,
    lot_version   bigint NOT NULL,
    item_id       uuid,
    item_version  integer,
    outcome       text NOT NULL CHECK (outcome IN
        ('created', 'updated', 'confirmed', 'relisted', 'withdrawn', 'deferred', 'reverted', 'rejected')),
    reason        text,
    before        jsonb,
    applied_at    timestamptz NOT NULL
);
CREATE INDEX source_row_batch ON source_row (batch_id);
CREATE INDEX source_row_item ON source_row (item_id);

-- A buyer's match of an item by one requirement; the best live one decides what he may see.
CREATE TABLE match_replica (
    match_id       uuid PRIMARY KEY,
    item_id        uuid NOT NULL,
    buyer_id       uuid NOT NULL,
    listing_cycle  integer NOT NULL,
    version        bigint NOT NULL,
    score          numeric NOT NULL,
    live           boolean NOT NULL
);
CREATE INDEX match_replica_pair ON match_replica (item_id, buyer_id) WHERE live;

-- How a buyer stands to an item. A row may come before its item is known.
CREATE TABLE relation (
    item_id            uuid NOT NULL,
    buyer_id           uuid NOT NULL,
    version            bigint NOT NULL DEFAULT 1,
    match_id           uuid,
    match_score        numeric,
    interest_id        uuid,
    window_id          uuid,
    window_expires_at  timestamptz,
    former_holder      boolean NOT NULL DEFAULT false,
    purchaser          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (item_id, buyer_id)
);
CREATE INDEX relation_buyer ON relation (buyer_id);
