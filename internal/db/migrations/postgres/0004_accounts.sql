-- +goose Up

ALTER TABLE users ADD COLUMN suspended_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN password_changed_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN totp_sealed BYTEA;            -- the secret, sealed; there before it is confirmed
ALTER TABLE users ADD COLUMN totp_confirmed_at TIMESTAMPTZ; -- from then on it is asked for
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0; -- the last one used: none works twice

-- Used instead of a code, once each.
CREATE TABLE recovery_codes (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT NOT NULL, -- hex SHA-256
    used_at TIMESTAMPTZ,
    PRIMARY KEY (user_id, hash)
);

-- What was sent to an address to prove that its owner reads there.
CREATE TABLE mail_tokens (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL CHECK (purpose IN ('verify_email', 'change_email', 'reset_password')),
    email      TEXT NOT NULL, -- where it was sent
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX mail_tokens_user ON mail_tokens (user_id, purpose);
CREATE INDEX mail_tokens_expiry ON mail_tokens (expires_at);

ALTER TABLE sessions ADD COLUMN ends_at TIMESTAMPTZ; -- whatever is refreshed; NULL in sessions from before
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMPTZ;
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- A deleted organization is suspended until erase_at and can be had back; its
-- row stays when it was erased, because the ledger names it.
ALTER TABLE organizations ADD COLUMN suspended_at TIMESTAMPTZ; -- by the operator
ALTER TABLE organizations ADD COLUMN deleted_at TIMESTAMPTZ;
ALTER TABLE organizations ADD COLUMN erase_at TIMESTAMPTZ;
ALTER TABLE organizations ADD COLUMN erased_at TIMESTAMPTZ;
CREATE INDEX organizations_erasure ON organizations (erase_at) WHERE erase_at IS NOT NULL AND erased_at IS NULL;

CREATE TABLE invitations (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL, -- lower case
    role            TEXT NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    hash            TEXT NOT NULL UNIQUE, -- of its token, hex SHA-256
    invited_by      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      TIMESTAMPTZ NOT NULL,
    expires_at      TIMESTAMPTZ NOT NULL,
    accepted_at     TIMESTAMPTZ,
    revoked_at      TIMESTAMPTZ
);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

ALTER TABLE api_keys ADD COLUMN rotated_from UUID; -- the key that it succeeds
ALTER TABLE api_keys ADD COLUMN replaced_by UUID;  -- its successor

-- Who did what, when and from where. No references: it outlives all it names.
CREATE TABLE audit_events (
    id              UUID PRIMARY KEY,
    organization_id UUID, -- whose owners may read it
    actor_kind      TEXT NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'oauth_client', 'operator', 'system', 'anonymous')),
    actor_id        TEXT NOT NULL, -- '' where there is none
    user_id         UUID,          -- the person behind the actor, or concerned
    action          TEXT NOT NULL, -- such as member.role_changed
    target          TEXT NOT NULL, -- id of what it was done to, '' for none
    address         TEXT NOT NULL, -- '' on the command line
    details         TEXT NOT NULL, -- JSON object, never a secret
    at              TIMESTAMPTZ NOT NULL
);
CREATE INDEX audit_events_organization ON audit_events (organization_id, at, id);
CREATE INDEX audit_events_user ON audit_events (user_id, at, id);
CREATE INDEX audit_events_time ON audit_events (at, id);
-- +goose StatementBegin
CREATE FUNCTION audit_events_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END;
$$;
-- +goose StatementEnd
CREATE TRIGGER audit_events_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_kept();

-- +goose Down
DROP TABLE audit_events;
DROP FUNCTION audit_events_kept;
ALTER TABLE api_keys DROP COLUMN rotated_from;
ALTER TABLE api_keys DROP COLUMN replaced_by;
DROP TABLE invitations;
DROP INDEX organizations_erasure;
ALTER TABLE organizations DROP COLUMN suspended_at;
ALTER TABLE organizations DROP COLUMN deleted_at;
ALTER TABLE organizations DROP COLUMN erase_at;
ALTER TABLE organizations DROP COLUMN erased_at;
ALTER TABLE sessions DROP COLUMN ends_at;
ALTER TABLE sessions DROP COLUMN last_used_at;
ALTER TABLE sessions DROP COLUMN user_agent;
ALTER TABLE sessions DROP COLUMN address;
DROP TABLE mail_tokens;
DROP TABLE recovery_codes;
ALTER TABLE users DROP COLUMN suspended_at;
ALTER TABLE users DROP COLUMN password_changed_at;
ALTER TABLE users DROP COLUMN totp_sealed;
ALTER TABLE users DROP COLUMN totp_confirmed_at;
ALTER TABLE users DROP COLUMN totp_step;
