-- The tables every schema gets: events out, events in, jobs, stored answers.

-- The one clock that decides. A test database may replace it; nothing else may.
CREATE FUNCTION clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

-- Events that wait for their number. CACHE 1 keeps ids in the order of the inserts of one session.
CREATE TABLE outbox (
    id              bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    event_id        uuid NOT NULL,
    type            text NOT NULL,
    key             text NOT NULL,
    correlation_id  text NOT NULL,
    meta            text NOT NULL,
    body            text NOT NULL,
    occurred_at     timestamptz NOT NULL
);

-- Events that have their number: gapless, append-only, kept until every subscriber is past them and 30 days old.
CREATE TABLE sent (
    seq             bigint PRIMARY KEY,
    event_id        uuid NOT NULL,
    type            text NOT NULL,
    key             text NOT NULL,
    correlation_id  text NOT NULL,
    meta            text NOT NULL,
    body            text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    sent_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sent_correlation ON sent (correlation_id);

-- The last number given, and the life of this database: a restored copy gets a new epoch.
CREATE TABLE stream_head (
    stream  text PRIMARY KEY,
    seq     bigint NOT NULL DEFAULT 0,
    epoch   uuid NOT NULL DEFAULT gen_random_uuid()
);

-- How far this service has applied each stream it reads. One compare-and-set on this row is the deduplication, the
-- order and the fence against a reader that was stalled and wakes up.
CREATE TABLE subscription (
    stream       text PRIMARY KEY,
    applied_seq  bigint NOT NULL DEFAULT 0,
    epoch        uuid,
    stopped      text,
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Events that failed, or wait behind a failed one of the same key.
CREATE TABLE parked (
    stream           text NOT NULL,
    seq              bigint NOT NULL,
    event_id         uuid NOT NULL,
    type             text NOT NULL,
    key              text NOT NULL,
    meta             text NOT NULL,
    body             text NOT NULL,
    occurred_at      timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,
    last_error       text,
    PRIMARY KEY (stream, seq)
);
CREATE INDEX parked_by_key ON parked (stream, key, seq);
CREATE INDEX parked_due ON parked (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Attempts at the event in hand, counted before its handler runs, so that a handler that kills its process is seen.
CREATE TABLE attempt (
    stream    text NOT NULL,
    seq       bigint NOT NULL,
    attempts  integer NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- Events given up, with the reason; replayed or dropped by an operator.
CREATE TABLE dead_letter (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    stream       text NOT NULL,
    seq          bigint NOT NULL,
    event_id     uuid NOT NULL,
    type         text NOT NULL,
    key          text NOT NULL,
    meta         text NOT NULL,
    body         text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    attempts     integer NOT NULL,
    error        text NOT NULL,
    died_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, seq)
);

CREATE TABLE job_run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job          text NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    done         integer,
    error        text
);
CREATE INDEX job_run_latest ON job_run (job, started_at DESC);

-- Answers of requests that carried an Idempotency-Key, written in the transaction of their effect, kept 48 h.
CREATE TABLE idempotency (
    scope         text PRIMARY KEY,
    request_hash  bytea NOT NULL,
    status        integer NOT NULL,
    headers       jsonb NOT NULL,
    body          bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idempotency_age ON idempotency (created_at);
