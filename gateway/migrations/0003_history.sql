-- The history keeps what happened to what, and no bodies: they hold what not every reader of the history may see.
-- Nobody writes or reads `body` any more; it goes with a later release, when none that writes it can still run.
ALTER TABLE event_log
    ALTER COLUMN body DROP NOT NULL,
    ADD COLUMN subject_kind  text,
    ADD COLUMN subject_id    text,
    ADD COLUMN version       bigint;
CREATE INDEX event_log_audience ON event_log USING gin (audience);
CREATE INDEX event_log_event ON event_log (event_id);

-- Up to which id the history was pruned: who wants to go on from before that has missed something.
CREATE TABLE event_log_floor (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    pruned_to  bigint NOT NULL DEFAULT 0
);
INSERT INTO event_log_floor DEFAULT VALUES;

-- One row per person and matter; a matter that comes up again (another match of the same run) changes its row.
CREATE TABLE notification (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    person_id     uuid NOT NULL,
    topic         text NOT NULL,
    kind          text NOT NULL,
    subject_kind  text,
    subject_id    text,
    facts         jsonb NOT NULL,
    event_id      uuid NOT NULL,
    occurred_at   timestamptz NOT NULL,
    read_at       timestamptz,
    UNIQUE (person_id, topic)
);
CREATE INDEX notification_latest ON notification (person_id, occurred_at DESC, id DESC);
CREATE INDEX notification_unread ON notification (person_id) WHERE read_at IS NULL;
CREATE INDEX notification_age ON notification (occurred_at);

-- Who did what. Rows are added and never changed or removed, not even by us.
CREATE TABLE audit_entry (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                    timestamptz NOT NULL,
    type                  text NOT NULL,
    entity_kind           text NOT NULL,
    entity_id             text,
    organization_ids      uuid[] NOT NULL,  -- whose owners may read it
    user_id               uuid,
    user_organization_id  uuid,
    via                   text NOT NULL,
    address               text,  -- of the gateway's own doors; requests to services have theirs in request_origin
    correlation_id        text NOT NULL,
    event_id              uuid,  -- NULL for what is no event
    changes               jsonb NOT NULL,
    facts                 jsonb NOT NULL,
    reason                text
);
CREATE UNIQUE INDEX audit_entry_event ON audit_entry (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX audit_entry_entity ON audit_entry (entity_id, id);
CREATE INDEX audit_entry_user ON audit_entry (user_id, id);
CREATE INDEX audit_entry_readers ON audit_entry USING gin (organization_ids);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- From where a signed-in person asked for a change. Addresses are personal and no event carries one: what a service
-- did is brought together with it by the request id, as long as it is kept.
CREATE TABLE request_origin (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    correlation_id  text NOT NULL,
    user_id         uuid NOT NULL,
    address         text NOT NULL,
    at              timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX request_origin_correlation ON request_origin (correlation_id, user_id);
CREATE INDEX request_origin_age ON request_origin (at);

-- What the dashboard counts, kept up with every event. The organisation of zeros is the whole market.
CREATE TABLE figure (
    organization_id  uuid NOT NULL,
    name             text NOT NULL,
    bucket           text NOT NULL,
    value            bigint NOT NULL,
    PRIMARY KEY (organization_id, name, bucket)
) WITH (fillfactor = 50);  -- counted up and down in place

CREATE TABLE item_replica (
    item_id  uuid PRIMARY KEY,
    mill_id  uuid NOT NULL,
    version  bigint NOT NULL,
    status   text NOT NULL
);

-- Either half may be learnt first: that a list came, or that its lots are listed.
CREATE TABLE batch_replica (
    batch_id     uuid PRIMARY KEY,
    mill_id      uuid NOT NULL,
    version      bigint,
    status       text,
    received_at  timestamptz,
    listed_at    timestamptz
);
CREATE INDEX batch_replica_listed ON batch_replica (mill_id, listed_at DESC) WHERE listed_at IS NOT NULL;
CREATE INDEX batch_replica_latest ON batch_replica (listed_at DESC) WHERE listed_at IS NOT NULL;

CREATE TABLE window_replica (
    window_id     uuid PRIMARY KEY,
    item_id       uuid NOT NULL,
    mill_id       uuid NOT NULL,
    buyer_id      uuid NOT NULL,
    grant_number  integer,  -- NULL until the grant was heard of
    expires_at    timestamptz,
    outcome       text  -- NULL while it is open
);
CREATE INDEX window_replica_parties ON window_replica (mill_id, buyer_id);
CREATE INDEX window_replica_of_mill ON window_replica (mill_id, expires_at) WHERE outcome IS NULL;
CREATE INDEX window_replica_of_buyer ON window_replica (buyer_id, expires_at) WHERE outcome IS NULL;
CREATE INDEX window_replica_open ON window_replica (expires_at) WHERE outcome IS NULL;

-- Which steps a newsletter mail has made: each counts once.
CREATE TABLE delivery_replica (
    delivery_id  uuid PRIMARY KEY,
    day          date NOT NULL,  -- of its first step: all its steps count for that day
    steps        integer NOT NULL
);
CREATE INDEX delivery_replica_age ON delivery_replica (day);

-- How many dead letters each service had when we last looked, so that new ones are told of once.
CREATE TABLE dead_letter_watch (
    service  text PRIMARY KEY,
    dead     integer NOT NULL
);
