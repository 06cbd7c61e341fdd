-- +goose Up

CREATE TABLE app_settings (
    key        TEXT PRIMARY KEY,
    value      BLOB NOT NULL,
    updated_at TIMESTAMP NOT NULL
) WITHOUT ROWID;

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('asset_number', 0);

CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    email             TEXT NOT NULL,
    email_key         TEXT NOT NULL UNIQUE, -- lower case
    password_hash     TEXT NOT NULL,        -- PHC string; '' lets nobody in
    full_name         TEXT NOT NULL,
    email_verified_at TIMESTAMP,
    created_at        TIMESTAMP NOT NULL
);

CREATE TABLE organizations (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    owner_id   TEXT NOT NULL REFERENCES users (id),
    plan       TEXT NOT NULL,
    personal   BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX organizations_owner ON organizations (owner_id);

CREATE TABLE memberships (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at      TIMESTAMP NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, organization_id);

CREATE TABLE signing_keys (
    kid            TEXT PRIMARY KEY,
    public_key     BLOB NOT NULL, -- PKIX
    sealed_private BLOB NOT NULL, -- PKCS #8, sealed
    created_at     TIMESTAMP NOT NULL,
    retired_at     TIMESTAMP
);

CREATE TABLE sessions (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   INTEGER NOT NULL,
    current_hash TEXT NOT NULL,
    created_at   TIMESTAMP NOT NULL,
    expires_at   TIMESTAMP NOT NULL,
    revoked_at   TIMESTAMP
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    masked          TEXT NOT NULL,
    hash            TEXT NOT NULL UNIQUE, -- hex SHA-256
    scopes          TEXT NOT NULL,        -- JSON array
    expires_at      TIMESTAMP,
    last_used_at    TIMESTAMP,
    revoked_at      TIMESTAMP,
    created_at      TIMESTAMP NOT NULL
);
CREATE INDEX api_keys_organization ON api_keys (organization_id, created_at);

CREATE TABLE assets (
    id                TEXT PRIMARY KEY,
    organization_id   TEXT NOT NULL REFERENCES organizations (id),
    number            INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 1 AND 1099511627775),
    payload           TEXT NOT NULL UNIQUE, -- 16 hex digits
    title             TEXT NOT NULL,
    description       TEXT NOT NULL,
    tags              TEXT NOT NULL, -- JSON array, in the order given
    visibility        TEXT NOT NULL,
    track_a           BOOLEAN NOT NULL,
    track_b           BOOLEAN NOT NULL,
    track_c           BOOLEAN NOT NULL,
    metadata_tracking BOOLEAN NOT NULL,
    blockchain_commit BOOLEAN NOT NULL,
    filename          TEXT NOT NULL,
    mime_type         TEXT NOT NULL,
    file_size_bytes   INTEGER NOT NULL,
    width             INTEGER NOT NULL,
    height            INTEGER NOT NULL,
    content_hash      TEXT NOT NULL,
    processing_status TEXT NOT NULL CHECK (processing_status IN ('pending', 'processing', 'completed', 'failed')),
    processing_error  TEXT NOT NULL,
    cid               TEXT NOT NULL,
    ipfs_cid          TEXT NOT NULL,
    watermarked_cid   TEXT NOT NULL,
    watermark_hash    TEXT NOT NULL,
    derived_from      TEXT,
    traced_at         TIMESTAMP,
    created_at        TIMESTAMP NOT NULL,
    updated_at        TIMESTAMP NOT NULL,
    deleted_at        TIMESTAMP
);
CREATE UNIQUE INDEX assets_content ON assets (organization_id, content_hash)
    WHERE deleted_at IS NULL AND processing_status <> 'failed';
CREATE INDEX assets_listed ON assets (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX assets_unfinished ON assets (processing_status, created_at)
    WHERE processing_status IN ('pending', 'processing') AND deleted_at IS NULL;

CREATE TABLE asset_tags (
    asset_id TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    tag      TEXT NOT NULL,
    PRIMARY KEY (asset_id, tag)
) WITHOUT ROWID;
CREATE INDEX asset_tags_tag ON asset_tags (tag, asset_id);

-- Kept in step by the triggers below; secure-delete so that an erased text
-- leaves the index at once.
CREATE VIRTUAL TABLE asset_search USING fts5 (
    title, description, tags,
    tokenize = 'unicode61 remove_diacritics 2',
    prefix = '2 3'
);
INSERT INTO asset_search (asset_search, rank) VALUES ('secure-delete', 1);

-- +goose StatementBegin
CREATE TRIGGER assets_search_insert AFTER INSERT ON assets BEGIN
    INSERT INTO asset_search (rowid, title, description, tags)
    VALUES (new.number, new.title, new.description, new.tags);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assets_search_update AFTER UPDATE OF title, description, tags ON assets BEGIN
    UPDATE asset_search SET title = new.title, description = new.description, tags = new.tags
    WHERE rowid = new.number;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER assets_search_delete AFTER DELETE ON assets BEGIN
    DELETE FROM asset_search WHERE rowid = old.number;
END;
-- +goose StatementEnd

CREATE TABLE renditions (
    asset_id TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    variant  TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    size     INTEGER NOT NULL,
    mime_type TEXT NOT NULL,
    width    INTEGER NOT NULL,
    height   INTEGER NOT NULL,
    PRIMARY KEY (asset_id, variant)
);
CREATE INDEX renditions_sha256 ON renditions (sha256);
CREATE INDEX renditions_blob ON renditions (blob_key);

CREATE TABLE fingerprints (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    asset_id TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    variant  TEXT NOT NULL,
    pdq      TEXT NOT NULL, -- 64 hex digits
    quality  INTEGER NOT NULL,
    UNIQUE (asset_id, variant)
);

CREATE TABLE asset_metadata (
    asset_id TEXT PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
    fields   TEXT NOT NULL, -- JSON
    salt     BLOB NOT NULL,
    digest   TEXT NOT NULL
);

CREATE TABLE asset_tracks (
    asset_id TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    track    TEXT NOT NULL,
    status   TEXT NOT NULL,
    detected BOOLEAN NOT NULL,
    p_value  REAL NOT NULL,
    psnr     REAL NOT NULL,
    PRIMARY KEY (asset_id, track)
);

CREATE TABLE org_keys (
    id              TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    public_key      BLOB NOT NULL,
    sealed_private  BLOB NOT NULL,
    created_at      TIMESTAMP NOT NULL,
    retired_at      TIMESTAMP
);
CREATE INDEX org_keys_organization ON org_keys (organization_id, created_at);

CREATE TABLE commitments (
    id              TEXT PRIMARY KEY,
    asset_id        TEXT NOT NULL UNIQUE REFERENCES assets (id),
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    statement       BLOB NOT NULL,
    hash            TEXT NOT NULL UNIQUE,
    signature       TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    wanted          BOOLEAN NOT NULL,
    tx_hash         TEXT NOT NULL,
    leaf_index      INTEGER,
    status          TEXT NOT NULL,
    on_chain_at     TIMESTAMP,
    metadata        TEXT, -- JSON
    created_at      TIMESTAMP NOT NULL
);
CREATE INDEX commitments_pending ON commitments (created_at) WHERE wanted AND leaf_index IS NULL;

CREATE TABLE verifications (
    id              TEXT PRIMARY KEY,
    organization_id TEXT REFERENCES organizations (id),
    user_id         TEXT,
    asset_id        TEXT,
    verdict         TEXT NOT NULL CHECK (verdict IN ('authentic', 'forged', 'unknown')),
    confidence      REAL NOT NULL,
    result          TEXT NOT NULL, -- JSON
    verified_at     TIMESTAMP NOT NULL
);
CREATE INDEX verifications_history ON verifications (organization_id, verified_at, id);

CREATE TABLE idempotency_keys (
    principal    TEXT NOT NULL,
    route        TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    claim        TEXT NOT NULL,    -- who holds it while it is unanswered
    status       INTEGER NOT NULL, -- 0 until answered
    headers      TEXT,             -- JSON
    body         BLOB,
    created_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- position numbers an organization's rows 1, 2, 3 … without gaps, so that a
-- random row is one index lookup and every row is as likely as any other.
CREATE TABLE serial_numbers (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    position        INTEGER NOT NULL,
    serial_number   TEXT NOT NULL,
    image_key       TEXT NOT NULL,
    source          TEXT NOT NULL, -- what an import read: name and size
    date_of_sealing TEXT NOT NULL CHECK (length(date_of_sealing) = 19), -- YYYY-MM-DD HH:MM:SS, UTC
    asset_id        TEXT REFERENCES assets (id),
    created_at      TIMESTAMP NOT NULL,
    UNIQUE (organization_id, serial_number),
    UNIQUE (organization_id, position)
);

-- +goose Down
DROP TABLE serial_numbers;
DROP TABLE idempotency_keys;
DROP TABLE verifications;
DROP TABLE commitments;
DROP TABLE org_keys;
DROP TABLE asset_tracks;
DROP TABLE asset_metadata;
DROP TABLE fingerprints;
DROP TABLE renditions;
DROP TABLE asset_search;
DROP TABLE asset_tags;
DROP TABLE assets;
DROP TABLE api_keys;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE signing_keys;
DROP TABLE memberships;
DROP TABLE organizations;
DROP TABLE users;
DROP TABLE counters;
DROP TABLE app_settings;
