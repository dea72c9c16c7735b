-- Who had which dead letter tried again. A row is written before the service is asked, so that a repeated request with
-- the same key asks again after a crash, and does nothing after an answer.
CREATE TABLE replay (
    scope           text PRIMARY KEY,  -- person and Idempotency-Key
    dead_letter_id  uuid NOT NULL,
    service         text NOT NULL,
    type            text NOT NULL,
    requested_by    uuid NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT clock(),
    done_at         timestamptz
);
CREATE INDEX replay_latest ON replay (requested_at DESC);
