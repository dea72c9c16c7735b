-- What newsletter keeps of others. A replica has no foreign keys: streams have no order among each other, so a match
-- may come before its item. What is missing is not shown.
CREATE TABLE organization_replica (
    organization_id  uuid PRIMARY KEY,
    version          bigint NOT NULL,
    kind             text NOT NULL,
    name             text NOT NULL,
    status           text NOT NULL,
    country          text NOT NULL,
    language         text NOT NULL,
    time_zone        text NOT NULL,
    currency         text NOT NULL,
    segment          text,
    contacts         jsonb NOT NULL
);

CREATE TABLE user_replica (
    user_id          uuid PRIMARY KEY,
    version          bigint NOT NULL,
    organization_id  uuid NOT NULL,
    role             text NOT NULL,
    status           text NOT NULL,
    name             text NOT NULL,
    email            text NOT NULL,
    language         text NOT NULL,
    time_zone        text NOT NULL
);
CREATE INDEX user_replica_organization ON user_replica (organization_id);

CREATE TABLE rule_replica (
    mill_id  uuid PRIMARY KEY,
    version  bigint NOT NULL,
    rules    jsonb NOT NULL
);

-- version is 0 and lot is null while only a reservation or an end of the item is known.
CREATE TABLE item_replica (
    item_id         uuid PRIMARY KEY,
    mill_id         uuid NOT NULL,
    version         bigint NOT NULL,
    listing_cycle   integer NOT NULL,
    status          text NOT NULL,
    lot             jsonb,
    lot_version     bigint NOT NULL DEFAULT 0,
    reserved_until  timestamptz,
    open_in_cycle   integer
);

CREATE TABLE requirement_replica (
    requirement_id  uuid PRIMARY KEY,
    version         bigint NOT NULL,
    status          text NOT NULL,
    title           text NOT NULL,
    cadence         text NOT NULL
);

CREATE TABLE match_replica (
    match_id           uuid PRIMARY KEY,
    version            bigint NOT NULL,
    item_id            uuid NOT NULL,
    listing_cycle      integer NOT NULL,
    requirement_id     uuid NOT NULL,
    buyer_id           uuid NOT NULL,
    requirement_title  text NOT NULL,
    score              numeric NOT NULL,
    explanation        jsonb NOT NULL,
    cadence            text NOT NULL,
    live               boolean NOT NULL,
    fresh              boolean NOT NULL
);
CREATE INDEX match_replica_live ON match_replica (buyer_id) WHERE live;
-- Found since the last completed run: whom an on_match issue may be for.
CREATE INDEX match_replica_fresh ON match_replica (match_id) WHERE fresh;

CREATE TABLE interest_replica (
    interest_id    uuid PRIMARY KEY,
    item_id        uuid NOT NULL,
    listing_cycle  integer NOT NULL,
    buyer_id       uuid NOT NULL,
    live           boolean NOT NULL
);
CREATE INDEX interest_replica_live ON interest_replica (item_id, buyer_id) WHERE live;

CREATE TABLE window_replica (
    window_id   uuid PRIMARY KEY,
    item_id     uuid NOT NULL,
    mill_id     uuid NOT NULL,
    buyer_id    uuid NOT NULL,
    granted_at  timestamptz,
    expires_at  timestamptz,
    live        boolean NOT NULL
);
CREATE INDEX window_replica_live ON window_replica (item_id) WHERE live;

CREATE TABLE rate_replica (
    base      text NOT NULL,
    currency  text NOT NULL,
    dated     date NOT NULL,
    per_base  numeric NOT NULL,
    PRIMARY KEY (base, currency)
);

-- A person without a row has the defaults. cadence NULL: as each requirement says. Times are local.
CREATE TABLE preference (
    user_id      uuid PRIMARY KEY,
    version      bigint NOT NULL,
    cadence      text CHECK (cadence IN ('daily', 'weekly', 'on_match', 'off')),
    weekday      smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    send_time    time NOT NULL,
    time_zone    text,
    language     text,
    items_max    smallint NOT NULL CHECK (items_max BETWEEN 1 AND 100),
    tracking     boolean NOT NULL,
    quiet_from   time,
    quiet_until  time,
    updated_at   timestamptz NOT NULL,
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);

-- When each person's next periodical issue is due. NULL: to be worked out by the next run of the job.
CREATE TABLE schedule (
    user_id       uuid NOT NULL,
    cadence       text NOT NULL CHECK (cadence IN ('daily', 'weekly')),
    next_send_at  timestamptz,
    PRIMARY KEY (user_id, cadence)
);
CREATE INDEX schedule_due ON schedule (next_send_at NULLS FIRST);

-- People who have something new that must not wait for a period. period_key names the run that started it.
CREATE TABLE on_match_due (
    user_id         uuid PRIMARY KEY,
    period_key      text NOT NULL,
    correlation_id  text NOT NULL,
    due_at          timestamptz NOT NULL,
    asked_at        timestamptz NOT NULL
);
CREATE INDEX on_match_due_at ON on_match_due (due_at);

CREATE TABLE issue (
    issue_id         uuid PRIMARY KEY,
    user_id          uuid NOT NULL,
    organization_id  uuid NOT NULL,
    cadence          text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'on_match', 'manual')),
    period_key       text NOT NULL,
    status           text NOT NULL
        CHECK (status IN ('generating', 'generated', 'sending', 'sent', 'skipped', 'failed', 'cancelled')),
    reason           text,
    left_over        integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL,
    sent_at          timestamptz,
    UNIQUE (user_id, cadence, period_key)
);
CREATE INDEX issue_newest ON issue (created_at DESC, issue_id DESC);
CREATE INDEX issue_of_organization ON issue (organization_id, created_at DESC, issue_id DESC);

CREATE TABLE issue_item (
    issue_id       uuid NOT NULL REFERENCES issue ON DELETE CASCADE,
    user_id        uuid NOT NULL,
    item_id        uuid NOT NULL,
    listing_cycle  integer NOT NULL,
    match_id       uuid NOT NULL,
    position       integer NOT NULL,
    dropped        text,
    PRIMARY KEY (issue_id, item_id)
);
-- A lot is shown to a person once per listing cycle; a dropped one may come again.
CREATE UNIQUE INDEX issue_item_once ON issue_item (user_id, item_id, listing_cycle) WHERE dropped IS NULL;

-- One message to one person for one purpose. user_id is NULL for a mill's sender who has no account.
CREATE TABLE delivery (
    delivery_id        uuid PRIMARY KEY,
    user_id            uuid,
    business_key       text NOT NULL,
    kind               text NOT NULL
        CHECK (kind IN ('issue', 'batch_answer', 'window_holder', 'window_mill', 'window_reminder')),
    issue_id           uuid REFERENCES issue,
    address            text NOT NULL,
    name               text NOT NULL,
    language           text NOT NULL,
    facts              jsonb NOT NULL,
    message_id         text NOT NULL UNIQUE,
    correlation_id     text NOT NULL,
    status             text NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'delivered', 'opened', 'clicked',
                                                       'bounced', 'complained', 'failed', 'suppressed')),
    reason             text,
    smtp_status        text,
    attempts           integer NOT NULL DEFAULT 0,
    next_attempt_at    timestamptz,
    lease              uuid,
    created_at         timestamptz NOT NULL,
    sent_at            timestamptz,
    delivered_at       timestamptz,
    opened_at          timestamptz,
    clicked_at         timestamptz,
    ended_at           timestamptz,
    machine_opened_at  timestamptz,
    UNIQUE NULLS NOT DISTINCT (user_id, business_key)
);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE status IN ('queued', 'sending');
CREATE INDEX delivery_newest ON delivery (created_at DESC, delivery_id DESC);
CREATE INDEX delivery_of_issue ON delivery (issue_id) WHERE issue_id IS NOT NULL;
CREATE INDEX delivery_of_address ON delivery (lower(address));

-- Only the hash of a token is kept; the target is ours, so a link can lead nowhere else.
CREATE TABLE tracking_link (
    token_hash   bytea PRIMARY KEY,
    delivery_id  uuid NOT NULL REFERENCES delivery,
    kind         text NOT NULL CHECK (kind IN ('open', 'click', 'unsubscribe')),
    item_id      uuid,
    target       text,
    created_at   timestamptz NOT NULL
);

-- Every open and click, those of machines marked.
CREATE TABLE engagement (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id  uuid NOT NULL REFERENCES delivery,
    kind         text NOT NULL CHECK (kind IN ('open', 'click')),
    item_id      uuid,
    machine      boolean NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX engagement_of_delivery ON engagement (delivery_id);

CREATE TABLE suppression (
    suppression_id  uuid PRIMARY KEY,
    address_hash    text NOT NULL,
    address         text,
    user_id         uuid,
    reason          text NOT NULL CHECK (reason IN ('hard_bounce', 'soft_bounce', 'complaint', 'unsubscribe', 'admin')),
    source          text NOT NULL,
    created_at      timestamptz NOT NULL,
    lifted_at       timestamptz,
    lifted_by       uuid,
    lifted_reason   text
);
CREATE UNIQUE INDEX suppression_live ON suppression (address_hash) WHERE lifted_at IS NULL;
CREATE INDEX suppression_newest ON suppression (created_at DESC, suppression_id DESC);

-- Every live match with all that decides whether, and how much of, the lot may be shown to the buyer.
CREATE VIEW offer AS
SELECT m.match_id, m.buyer_id, m.item_id, m.listing_cycle, m.requirement_id, m.score, m.explanation,
       COALESCE(r.title, m.requirement_title) AS requirement_title,
       COALESCE(r.cadence, m.cadence) AS cadence,
       COALESCE(r.status, 'active') AS requirement_status,
       i.mill_id, i.status AS item_status, i.lot, i.reserved_until,
       COALESCE(i.open_in_cycle = i.listing_cycle, false) AS is_open,
       v.rules, mill.name AS mill_name, mill.status AS mill_status,
       buyer.status AS buyer_status, buyer.country AS buyer_country, buyer.segment AS buyer_segment,
       buyer.currency AS buyer_currency,
       w.buyer_id IS NOT DISTINCT FROM m.buyer_id AS is_holder, w.expires_at AS window_until,
       EXISTS (SELECT 1 FROM interest_replica AS n
               WHERE n.item_id = m.item_id AND n.buyer_id = m.buyer_id AND n.live) AS is_interested
FROM match_replica AS m
JOIN item_replica AS i ON i.item_id = m.item_id AND i.listing_cycle = m.listing_cycle
LEFT JOIN requirement_replica AS r ON r.requirement_id = m.requirement_id
LEFT JOIN rule_replica AS v ON v.mill_id = i.mill_id
LEFT JOIN organization_replica AS mill ON mill.organization_id = i.mill_id
LEFT JOIN organization_replica AS buyer ON buyer.organization_id = m.buyer_id
LEFT JOIN LATERAL (SELECT h.buyer_id, h.expires_at FROM window_replica AS h
                   WHERE h.item_id = m.item_id AND h.live ORDER BY h.granted_at DESC NULLS LAST LIMIT 1) AS w ON true
WHERE m.live;

-- A user as a recipient: with his own preferences or the defaults.
CREATE VIEW recipient AS
SELECT u.user_id, u.organization_id, u.role, u.name, u.email, o.currency, o.name AS organization_name,
       u.status = 'active' AND COALESCE(o.status, '') = 'approved' AS is_active,
       COALESCE(p.version, 0) AS version, p.cadence,
       COALESCE(p.weekday, 1) AS weekday, COALESCE(p.send_time, '07:00') AS send_time,
       COALESCE(p.time_zone, u.time_zone) AS time_zone, COALESCE(p.language, u.language) AS language,
       COALESCE(p.items_max, 50) AS items_max, COALESCE(p.tracking, true) AS tracking,
       p.quiet_from, p.quiet_until
FROM user_replica AS u
LEFT JOIN organization_replica AS o ON o.organization_id = u.organization_id
LEFT JOIN preference AS p ON p.user_id = u.user_id;
