-- Who asked for a lot, who holds it, and what exclusivity must know of others to decide that.

-- Lots as catalog tells them. This row is the lock of everything about the lot: whoever registers an interest or opens
-- or closes a window takes it FOR UPDATE first. Version 0: named by another stream before catalog told us.
CREATE TABLE item_replica (
    item_id         uuid PRIMARY KEY,
    mill_id         uuid NOT NULL,
    version         integer NOT NULL DEFAULT 0,
    listing_cycle   integer NOT NULL DEFAULT 0,
    status          text NOT NULL DEFAULT 'unknown' CHECK (status IN (
        'unknown', 'draft', 'pre_production', 'available', 'reserved', 'sold', 'withdrawn', 'expired')),
    tickets         integer NOT NULL DEFAULT 0,  -- given so far; the next interest gets the next one
    live_interests  integer NOT NULL DEFAULT 0 CHECK (live_interests >= 0)
);
CREATE INDEX item_replica_mill ON item_replica (mill_id);

CREATE TABLE organization_replica (
    organization_id  uuid PRIMARY KEY,
    version          integer NOT NULL,
    kind             text NOT NULL,
    name             text NOT NULL,
    status           text NOT NULL,
    country          text NOT NULL,
    segment          text,
    contacts         jsonb NOT NULL
);

CREATE TABLE user_replica (
    user_id          uuid PRIMARY KEY,
    version          integer NOT NULL,
    organization_id  uuid NOT NULL,
    active           boolean NOT NULL
);
CREATE INDEX user_replica_organization ON user_replica (organization_id);

CREATE TABLE rule_replica (
    mill_id  uuid PRIMARY KEY,
    version  integer NOT NULL,
    rules    jsonb NOT NULL
);

-- Matches that ask for an interest by themselves. ``pending`` until the lot, the buyer and the rules are all known.
CREATE TABLE match_replica (
    match_id          uuid PRIMARY KEY,
    version           integer NOT NULL,
    item_id           uuid NOT NULL,
    mill_id           uuid NOT NULL,
    listing_cycle     integer NOT NULL,
    buyer_id          uuid NOT NULL,
    score             numeric NOT NULL,
    not_needed_after  timestamptz,
    status            text NOT NULL CHECK (status IN ('pending', 'registered', 'dropped', 'closed'))
);
CREATE INDEX match_replica_pending_item ON match_replica (item_id) WHERE status = 'pending';
CREATE INDEX match_replica_pending_buyer ON match_replica (buyer_id) WHERE status = 'pending';
CREATE INDEX match_replica_pending_mill ON match_replica (mill_id) WHERE status = 'pending';
CREATE INDEX match_replica_pair ON match_replica (item_id, buyer_id);

CREATE TABLE interests (
    id                uuid PRIMARY KEY,
    item_id           uuid NOT NULL REFERENCES item_replica,
    buyer_id          uuid NOT NULL REFERENCES organization_replica,
    user_id           uuid,  -- NULL: an automatic interest
    listing_cycle     integer NOT NULL,
    ticket            integer NOT NULL,  -- the order of the queue, given under the lock of the item
    origin            text NOT NULL CHECK (origin IN ('person', 'auto_interest')),
    status            text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'granted', 'closed')),
    close_reason      text CHECK (close_reason IN (
        'withdrawn', 'not_needed', 'sold', 'item_withdrawn', 'item_expired', 'ineligible', 'lapsed', 'fulfilled')),
    not_needed_after  timestamptz,
    created_at        timestamptz NOT NULL DEFAULT clock(),
    closed_at         timestamptz,
    CHECK ((status = 'closed') = (close_reason IS NOT NULL)),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    UNIQUE (item_id, ticket)
);
CREATE UNIQUE INDEX interests_live ON interests (item_id, buyer_id) WHERE status IN ('queued', 'granted');
CREATE INDEX interests_queue ON interests (item_id, ticket) WHERE status IN ('queued', 'granted');
CREATE INDEX interests_of_buyer ON interests (buyer_id, created_at DESC, id DESC);
CREATE INDEX interests_not_needed ON interests (not_needed_after)
    WHERE status = 'queued' AND not_needed_after IS NOT NULL;

CREATE TABLE windows (
    id                   uuid PRIMARY KEY,
    version              integer NOT NULL DEFAULT 1,
    item_id              uuid NOT NULL REFERENCES item_replica,
    mill_id              uuid NOT NULL,
    listing_cycle        integer NOT NULL,
    interest_id          uuid NOT NULL UNIQUE REFERENCES interests,
    buyer_id             uuid NOT NULL REFERENCES organization_replica,
    grant_number         integer NOT NULL,
    max_grants           integer NOT NULL,
    origin               text NOT NULL CHECK (origin IN ('first_interest', 'hand_over', 'listing', 'admin')),
    status               text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    outcome              text CHECK (outcome IN ('expired', 'released', 'revoked', 'cancelled', 'converted')),
    reason               text,
    granted_at           timestamptz NOT NULL,
    expires_at           timestamptz NOT NULL,
    ended_at             timestamptz,  -- when the right ended, at the latest expires_at
    extensions_used      integer NOT NULL DEFAULT 0,
    extension_asked_for  timestamptz,  -- the expires_at whose extension the holder has asked for
    held                 tstzrange NOT NULL
        GENERATED ALWAYS AS (tstzrange(granted_at, COALESCE(ended_at, expires_at))) STORED,
    CHECK (grant_number BETWEEN 1 AND max_grants),
    CHECK ((status = 'closed') = (outcome IS NOT NULL)),
    CHECK ((status = 'closed') = (ended_at IS NOT NULL)),
    UNIQUE (item_id, listing_cycle, grant_number),
    UNIQUE (item_id, listing_cycle, buyer_id),
    EXCLUDE USING gist (item_id WITH =, held WITH &&)
);
CREATE UNIQUE INDEX windows_active ON windows (item_id) WHERE status = 'active';
CREATE INDEX windows_due ON windows (expires_at) WHERE status = 'active';
CREATE INDEX windows_of_buyer ON windows (buyer_id, granted_at DESC, id DESC);
CREATE INDEX windows_of_mill ON windows (mill_id, granted_at DESC, id DESC);

-- What happened to a window, told to both sides.
CREATE TABLE window_history (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    window_id  uuid NOT NULL REFERENCES windows,
    at         timestamptz NOT NULL DEFAULT clock(),
    entry      text NOT NULL CHECK (entry IN ('granted', 'reminded', 'extension_requested', 'extended', 'closed')),
    by_role    text NOT NULL CHECK (by_role IN ('holder', 'mill', 'operator', 'system')),
    reason     text
);
CREATE INDEX window_history_of_window ON window_history (window_id, id);

CREATE TABLE reminders (
    window_id        uuid NOT NULL REFERENCES windows,
    threshold_hours  integer NOT NULL,
    expires_at       timestamptz NOT NULL,
    sent_at          timestamptz NOT NULL DEFAULT clock(),
    UNIQUE (window_id, threshold_hours, expires_at)
);
