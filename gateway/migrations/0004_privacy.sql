-- What a person asked of us about himself: all we hold (export), or to be forgotten (erasure).
CREATE TABLE privacy_request (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES person,
    kind          text NOT NULL CHECK (kind IN ('export', 'erasure')),
    status        text NOT NULL CHECK (status IN ('open', 'done', 'failed')),
    reason        text,
    requested_by  uuid NOT NULL,
    requested_at  timestamptz NOT NULL,
    ended_at      timestamptz,
    expires_at    timestamptz,
    archive       bytea,  -- of an export, until it expires
    attempts      integer NOT NULL DEFAULT 0,
    due_at        timestamptz NOT NULL
);
CREATE INDEX privacy_request_open ON privacy_request (due_at) WHERE status = 'open';
CREATE INDEX privacy_request_expiry ON privacy_request (expires_at) WHERE archive IS NOT NULL;
CREATE UNIQUE INDEX privacy_request_one_at_a_time ON privacy_request (person_id, kind) WHERE status = 'open';
CREATE INDEX privacy_request_person ON privacy_request (person_id);
