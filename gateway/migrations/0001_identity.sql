CREATE TABLE organization (
    id                uuid PRIMARY KEY,
    version           bigint NOT NULL DEFAULT 1,
    kind              text NOT NULL CHECK (kind IN ('mill', 'buyer', 'operator')),
    slug              text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    name              text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status            text NOT NULL CHECK (status IN ('pending', 'approved', 'suspended', 'closed')),
    country           text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    language          text NOT NULL,
    time_zone         text NOT NULL,
    currency          text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    trusted           boolean NOT NULL DEFAULT false,
    segment           text,
    sender_addresses  text[] NOT NULL DEFAULT '{}',
    sender_domains    text[] NOT NULL DEFAULT '{}',
    contacts          jsonb NOT NULL DEFAULT '[]',
    created_at        timestamptz NOT NULL DEFAULT clock(),
    updated_at        timestamptz NOT NULL DEFAULT clock()
);

-- "user" is a word of SQL; a person is what it is.
CREATE TABLE person (
    id               uuid PRIMARY KEY,
    version          bigint NOT NULL DEFAULT 1,
    organization_id  uuid NOT NULL REFERENCES organization,
    role             text NOT NULL CHECK (role IN ('admin', 'mill_user', 'buyer_user')),
    org_role         text NOT NULL CHECK (org_role IN ('owner', 'member')),
    status           text NOT NULL CHECK (status IN ('invited', 'active', 'inactive', 'revoked', 'erased')),
    name             text NOT NULL,
    email            text NOT NULL,
    language         text NOT NULL,
    time_zone        text NOT NULL,
    password_hash    text,
    created_at       timestamptz NOT NULL DEFAULT clock(),
    updated_at       timestamptz NOT NULL DEFAULT clock()
);
CREATE UNIQUE INDEX person_email ON person (lower(email));
CREATE INDEX person_organization ON person (organization_id);

CREATE TABLE session (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES person,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    reason      text
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_revoked ON session (revoked_at) WHERE revoked_at IS NOT NULL;

-- Only hashes. A token that was replaced and comes again after the grace time revokes its session.
CREATE TABLE refresh_token (
    hash         bytea PRIMARY KEY,
    session_id   uuid NOT NULL REFERENCES session ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    replaced_at  timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE login_failure (
    key            text PRIMARY KEY,
    failures       integer NOT NULL,
    last_at        timestamptz NOT NULL,
    blocked_until  timestamptz
);

-- Everything that happened, in the order the gateway learnt it: history, tracing, live clients.
CREATE TABLE event_log (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream          text NOT NULL,
    seq             bigint NOT NULL,
    event_id        uuid NOT NULL,
    type            text NOT NULL,
    key             text NOT NULL,
    correlation_id  text NOT NULL,
    causation_id    uuid,
    actor           jsonb NOT NULL,
    audience        uuid[] NOT NULL,
    body            jsonb NOT NULL,
    occurred_at     timestamptz NOT NULL,
    learnt_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (stream, seq)
);
CREATE INDEX event_log_correlation ON event_log (correlation_id);
CREATE INDEX event_log_key ON event_log (key, id);
