-- What a token says of somebody holds for one version of his rights: a change makes older tokens stale.
ALTER TABLE organization
    ADD COLUMN rights_version     integer NOT NULL DEFAULT 1,
    ADD COLUMN rights_changed_at  timestamptz;
ALTER TABLE person
    ADD COLUMN rights_version     integer NOT NULL DEFAULT 1,
    ADD COLUMN rights_changed_at  timestamptz;
CREATE INDEX organization_rights ON organization (rights_changed_at) WHERE rights_changed_at IS NOT NULL;
CREATE INDEX person_rights ON person (rights_changed_at) WHERE rights_changed_at IS NOT NULL;
-- How slow the slowest imported password is; empty once everybody has signed in.
CREATE INDEX person_imported ON person (split_part(password_hash, '$', 2)) WHERE password_hash LIKE 'pbkdf2%';

-- Mails of the gateway itself. The link in one is made from its id and a secret, so that no row holds a usable token.
CREATE TABLE mail (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('invitation', 'password_reset', 'known_already')),
    address      text NOT NULL,
    person_id    uuid REFERENCES person,
    status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed', 'dropped')),
    attempts     integer NOT NULL DEFAULT 0,
    due_at       timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    answer       text
);
CREATE INDEX mail_due ON mail (due_at) WHERE status = 'queued';
CREATE INDEX mail_person ON mail (person_id, kind, created_at);
CREATE INDEX mail_ended ON mail (ended_at) WHERE ended_at IS NOT NULL;

-- Single use, bound to one purpose; only hashes.
CREATE TABLE mail_link (
    hash        bytea PRIMARY KEY,
    purpose     text NOT NULL CHECK (purpose IN ('invitation', 'password_reset')),
    person_id   uuid NOT NULL REFERENCES person,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX mail_link_person ON mail_link (person_id, purpose);
CREATE INDEX mail_link_expiry ON mail_link (expires_at);

CREATE TABLE api_token (
    id               uuid PRIMARY KEY,
    organization_id  uuid NOT NULL REFERENCES organization,
    person_id        uuid NOT NULL REFERENCES person,
    name             text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    prefix           text NOT NULL,
    hash             bytea NOT NULL UNIQUE,
    scopes           text[] NOT NULL,
    networks         text[] NOT NULL,
    created_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    last_used_at     timestamptz,
    revoked_at       timestamptz
);
CREATE INDEX api_token_organization ON api_token (organization_id, id);
CREATE INDEX api_token_revoked ON api_token (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE INDEX person_email_order ON person ((lower(email)), id);
CREATE INDEX organization_senders ON organization USING gin (sender_addresses, sender_domains);
