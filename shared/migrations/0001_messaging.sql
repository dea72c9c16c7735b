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
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);  -- rows pass through: sweep often

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
) WITH (fillfactor = 20);  -- updated all the time: room for new versions on the same page

-- How far this service has applied each stream it reads. One compare-and-set on this row is the deduplication, the
-- order and the fence against a reader that was stalled and wakes up.
CREATE TABLE subscription (
    stream       text PRIMARY KEY,
    applied_seq  bigint NOT NULL DEFAULT 0,
    epoch        uuid,
    stopped      text,  -- why the reader refuses to go on; an operator's command clears it
    updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 20);

-- Events that failed, or wait behind a failed one of the same key: only the lowest number of a key is ever tried.
CREATE TABLE parked (
    stream           text NOT NULL,
    seq              bigint NOT NULL,
    epoch            uuid NOT NULL,
    event_id         uuid NOT NULL,
    type             text NOT NULL,
    key              text NOT NULL,
    meta             text NOT NULL,
    body             text NOT NULL,
    occurred_at      timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz,  -- NULL: at once, when it is the lowest of its key
    last_error       text,
    PRIMARY KEY (stream, seq)
);
CREATE INDEX parked_by_key ON parked (stream, key, seq);

-- Processes that took an event in hand and have not finished it: counted before its handler runs, so that a handler
-- that kills its process is seen. Gone when the event is done, parked or dead.
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
    epoch        uuid NOT NULL,
    event_id     uuid NOT NULL,
    type         text NOT NULL,
    key          text NOT NULL,
    meta         text NOT NULL,
    body         text NOT NULL,
    occurred_at  timestamptz NOT NULL,
    attempts     integer NOT NULL,
    error        text NOT NULL,
    died_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, epoch, seq)
);
CREATE INDEX dead_letter_latest ON dead_letter (died_at DESC, id);

-- One row per timed job: its last run, kept in place.
CREATE TABLE job (
    name          text PRIMARY KEY,
    last_run_at   timestamptz,
    last_done     integer,
    last_took_ms  integer,
    failures      integer NOT NULL DEFAULT 0,  -- in a row, up to now
    last_error    text
) WITH (fillfactor = 50);

-- Runs that did something or failed; kept 14 days.
CREATE TABLE job_run (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job          text NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    done         integer,
    error        text
);
CREATE INDEX job_run_latest ON job_run (job, started_at DESC);
CREATE INDEX job_run_age ON job_run (started_at);

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
