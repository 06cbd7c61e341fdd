-- +goose Up

ALTER TABLE users ADD COLUMN suspended_at TIMESTAMP;
ALTER TABLE users ADD COLUMN password_changed_at TIMESTAMP;
ALTER TABLE users ADD COLUMN totp_sealed BLOB;            -- the secret, sealed; there before it is confirmed
ALTER TABLE users ADD COLUMN totp_confirmed_at TIMESTAMP; -- from then on it is asked for
ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0; -- the last one used: none works twice

-- Used instead of a code, once each.
CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash    TEXT NOT NULL, -- hex SHA-256
    used_at TIMESTAMP,
    PRIMARY KEY (user_id, hash)
) WITHOUT ROWID;

-- What was sent to an address to prove that its owner reads there.
CREATE TABLE mail_tokens (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT NOT NULL CHECK (purpose IN ('verify_email', 'change_email', 'reset_password')),
    email      TEXT NOT NULL, -- where it was sent
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX mail_tokens_user ON mail_tokens (user_id, purpose);
CREATE INDEX mail_tokens_expiry ON mail_tokens (expires_at);

ALTER TABLE sessions ADD COLUMN ends_at TIMESTAMP; -- whatever is refreshed; NULL in sessions from before
ALTER TABLE sessions ADD COLUMN last_used_at TIMESTAMP;
ALTER TABLE sessions ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- A deleted organization is suspended until erase_at and can be had back; its
-- row stays when it was erased, because the ledger names it.
ALTER TABLE organizations ADD COLUMN suspended_at TIMESTAMP; -- by the operator
ALTER TABLE organizations ADD COLUMN deleted_at TIMESTAMP;
ALTER TABLE organizations ADD COLUMN erase_at TIMESTAMP;
ALTER TABLE organizations ADD COLUMN erased_at TIMESTAMP;
CREATE INDEX organizations_erasure ON organizations (erase_at) WHERE erase_at IS NOT NULL AND erased_at IS NULL;

CREATE TABLE invitations (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL, -- lower case
    role            TEXT NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    hash            TEXT NOT NULL UNIQUE, -- of its token, hex SHA-256
    invited_by      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at      TIMESTAMP NOT NULL,
    expires_at      TIMESTAMP NOT NULL,
    accepted_at     TIMESTAMP,
    revoked_at      TIMESTAMP
);
CREATE UNIQUE INDEX invitations_pending ON invitations (organization_id, email_key)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;

ALTER TABLE api_keys ADD COLUMN rotated_from TEXT; -- the key that it succeeds
ALTER TABLE api_keys ADD COLUMN replaced_by TEXT;  -- its successor

-- Who did what, when and from where. No references: it outlives all it names.
CREATE TABLE audit_events (
    id              TEXT PRIMARY KEY,
    organization_id TEXT, -- whose owners may read it
    actor_kind      TEXT NOT NULL CHECK (actor_kind IN ('user', 'api_key', 'oauth_client', 'operator', 'system', 'anonymous')),
    actor_id        TEXT NOT NULL, -- '' where there is none
    user_id         TEXT,          -- the person behind the actor, or concerned
    action          TEXT NOT NULL, -- such as member.role_changed
    target          TEXT NOT NULL, -- id of what it was done to, '' for none
    address         TEXT NOT NULL, -- '' on the command line
    details         TEXT NOT NULL, -- JSON object, never a secret
    at              TIMESTAMP NOT NULL
);
CREATE INDEX audit_events_organization ON audit_events (organization_id, at, id);
CREATE INDEX audit_events_user ON audit_events (user_id, at, id);
CREATE INDEX audit_events_time ON audit_events (at, id);
-- +goose StatementBegin
CREATE TRIGGER audit_events_kept BEFORE UPDATE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_not_deleted BEFORE DELETE ON audit_events BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_events_kept;
DROP TRIGGER audit_events_not_deleted;
DROP TABLE audit_events;
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
