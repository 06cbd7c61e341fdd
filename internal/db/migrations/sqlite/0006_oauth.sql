-- +goose Up

-- Programs that act for their organization, or for a user who agreed.
CREATE TABLE oauth_clients (
    id              TEXT PRIMARY KEY, -- the client_id
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('confidential', 'public')),
    redirect_uris   TEXT NOT NULL, -- JSON array
    scopes          TEXT NOT NULL, -- JSON array: what it may ask for at most
    created_at      TIMESTAMP NOT NULL
);
CREATE INDEX oauth_clients_organization ON oauth_clients (organization_id, created_at, id);

-- The newest one has no end; rotation gives its predecessors one.
CREATE TABLE oauth_client_secrets (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    client_id  TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP
);
CREATE INDEX oauth_client_secrets_client ON oauth_client_secrets (client_id);

-- What a user agreed to: the authorization code that told the client, and the
-- family of refresh tokens that descends from it.
CREATE TABLE oauth_grants (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    scopes          TEXT NOT NULL,        -- JSON array
    code_hash       TEXT NOT NULL UNIQUE, -- hex SHA-256
    code_expires_at TIMESTAMP NOT NULL,
    code_used_at    TIMESTAMP,
    code_challenge  TEXT NOT NULL,        -- base64url SHA-256 of the verifier
    redirect_uri    TEXT NOT NULL,
    nonce           TEXT NOT NULL,
    auth_time       TIMESTAMP NOT NULL,
    methods         TEXT NOT NULL,        -- JSON array of RFC 8176 values
    generation      INTEGER NOT NULL,     -- refresh tokens used
    current_hash    TEXT NOT NULL,        -- of the one used last, or the first; '' without any
    created_at      TIMESTAMP NOT NULL,
    expires_at      TIMESTAMP NOT NULL,   -- unless refreshed
    ends_at         TIMESTAMP NOT NULL,   -- however often it is refreshed
    revoked_at      TIMESTAMP
);
CREATE INDEX oauth_grants_user ON oauth_grants (user_id, client_id);
CREATE INDEX oauth_grants_client ON oauth_grants (client_id);
CREATE INDEX oauth_grants_organization ON oauth_grants (organization_id);
CREATE INDEX oauth_grants_expiry ON oauth_grants (expires_at);

CREATE TABLE oauth_refresh_tokens (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    grant_id   TEXT NOT NULL REFERENCES oauth_grants (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX oauth_refresh_tokens_grant ON oauth_refresh_tokens (grant_id);

-- Access tokens that were given out.
CREATE TABLE oauth_tokens (
    id              TEXT PRIMARY KEY, -- the jti
    client_id       TEXT NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
    grant_id        TEXT REFERENCES oauth_grants (id) ON DELETE CASCADE, -- NULL: the client asked for itself
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         TEXT REFERENCES users (id) ON DELETE CASCADE,
    scopes          TEXT NOT NULL, -- JSON array
    created_at      TIMESTAMP NOT NULL,
    expires_at      TIMESTAMP NOT NULL,
    revoked_at      TIMESTAMP
);
CREATE INDEX oauth_tokens_grant ON oauth_tokens (grant_id);
CREATE INDEX oauth_tokens_client ON oauth_tokens (client_id);
CREATE INDEX oauth_tokens_expiry ON oauth_tokens (expires_at);

-- Browsers in which a user logged in on our pages.
CREATE TABLE oauth_logins (
    hash       TEXT PRIMARY KEY, -- of the cookie, hex SHA-256
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    pending    BOOLEAN NOT NULL, -- a second factor is still wanted
    methods    TEXT NOT NULL,    -- JSON array of RFC 8176 values
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX oauth_logins_user ON oauth_logins (user_id);
CREATE INDEX oauth_logins_expiry ON oauth_logins (expires_at);

-- Who a user is at another issuer.
CREATE TABLE external_identities (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email      TEXT NOT NULL, -- as the issuer told it when it was linked
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE INDEX external_identities_user ON external_identities (user_id);

-- +goose Down
DROP TABLE external_identities;
DROP TABLE oauth_logins;
DROP TABLE oauth_tokens;
DROP TABLE oauth_refresh_tokens;
DROP TABLE oauth_grants;
DROP TABLE oauth_client_secrets;
DROP TABLE oauth_clients;
