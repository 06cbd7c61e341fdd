-- +goose Up

CREATE TABLE app_settings (
    key        TEXT PRIMARY KEY,
    value      BYTEA NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('asset_number', 0);

CREATE TABLE users (
    id                UUID PRIMARY KEY,
    email             TEXT NOT NULL,
    email_key         TEXT NOT NULL UNIQUE, -- lower case
    password_hash     TEXT NOT NULL,        -- PHC string; '' lets nobody in
    full_name         TEXT NOT NULL,
    email_verified_at TIMESTAMPTZ,
    created_at        TIMESTAMPTZ NOT NULL
);

CREATE TABLE organizations (
    id         UUID PRIMARY KEY,
    name       TEXT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    owner_id   UUID NOT NULL REFERENCES users (id),
    plan       TEXT NOT NULL,
    personal   BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX organizations_owner ON organizations (owner_id);

CREATE TABLE memberships (
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    created_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id, organization_id);

CREATE TABLE signing_keys (
    kid            TEXT PRIMARY KEY,
    public_key     BYTEA NOT NULL, -- PKIX
    sealed_private BYTEA NOT NULL, -- PKCS #8, sealed
    created_at     TIMESTAMPTZ NOT NULL,
    retired_at     TIMESTAMPTZ
);

CREATE TABLE sessions (
    id           UUID PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   BIGINT NOT NULL,
    current_hash TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    revoked_at   TIMESTAMPTZ
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    hash       TEXT PRIMARY KEY, -- hex SHA-256
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE api_keys (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    masked          TEXT NOT NULL,
    hash            TEXT NOT NULL UNIQUE, -- hex SHA-256
    scopes          TEXT NOT NULL,        -- JSON array
    expires_at      TIMESTAMPTZ,
    last_used_at    TIMESTAMPTZ,
    revoked_at      TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX api_keys_organization ON api_keys (organization_id, created_at);

CREATE TABLE assets (
    id                UUID PRIMARY KEY,
    organization_id   UUID NOT NULL REFERENCES organizations (id),
    number            BIGINT NOT NULL UNIQUE CHECK (number BETWEEN 1 AND 1099511627775),
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
    file_size_bytes   BIGINT NOT NULL,
    width             BIGINT NOT NULL,
    height            BIGINT NOT NULL,
    content_hash      TEXT NOT NULL,
    processing_status TEXT NOT NULL CHECK (processing_status IN ('pending', 'processing', 'completed', 'failed')),
    processing_error  TEXT NOT NULL,
    cid               TEXT NOT NULL,
    ipfs_cid          TEXT NOT NULL,
    watermarked_cid   TEXT NOT NULL,
    watermark_hash    TEXT NOT NULL,
    derived_from      UUID,
    traced_at         TIMESTAMPTZ,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    deleted_at        TIMESTAMPTZ
);
CREATE UNIQUE INDEX assets_content ON assets (organization_id, content_hash)
    WHERE deleted_at IS NULL AND processing_status <> 'failed';
CREATE INDEX assets_listed ON assets (organization_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX assets_unfinished ON assets (processing_status, created_at)
    WHERE processing_status IN ('pending', 'processing') AND deleted_at IS NULL;

CREATE TABLE asset_tags (
    asset_id UUID NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    tag      TEXT NOT NULL,
    PRIMARY KEY (asset_id, tag)
);
CREATE INDEX asset_tags_tag ON asset_tags (tag, asset_id);

ALTER TABLE assets ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A')
    || setweight(to_tsvector('simple', tags), 'B')
    || setweight(to_tsvector('simple', description), 'C')
) STORED;
CREATE INDEX assets_search ON assets USING gin (search);

CREATE TABLE renditions (
    asset_id UUID NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    variant  TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    sha256   TEXT NOT NULL,
    size     BIGINT NOT NULL,
    mime_type TEXT NOT NULL,
    width    BIGINT NOT NULL,
    height   BIGINT NOT NULL,
    PRIMARY KEY (asset_id, variant)
);
CREATE INDEX renditions_sha256 ON renditions (sha256);
CREATE INDEX renditions_blob ON renditions (blob_key);

CREATE TABLE fingerprints (
    seq      BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    asset_id UUID NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    variant  TEXT NOT NULL,
    pdq      TEXT NOT NULL, -- 64 hex digits
    quality  BIGINT NOT NULL,
    UNIQUE (asset_id, variant)
);

CREATE TABLE asset_metadata (
    asset_id UUID PRIMARY KEY REFERENCES assets (id) ON DELETE CASCADE,
    fields   TEXT NOT NULL, -- JSON
    salt     BYTEA NOT NULL,
    digest   TEXT NOT NULL
);

CREATE TABLE asset_tracks (
    asset_id UUID NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    track    TEXT NOT NULL,
    status   TEXT NOT NULL,
    detected BOOLEAN NOT NULL,
    p_value  DOUBLE PRECISION NOT NULL,
    psnr     DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (asset_id, track)
);

CREATE TABLE org_keys (
    id              TEXT PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    public_key      BYTEA NOT NULL,
    sealed_private  BYTEA NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    retired_at      TIMESTAMPTZ
);
CREATE INDEX org_keys_organization ON org_keys (organization_id, created_at);

CREATE TABLE commitments (
    id              UUID PRIMARY KEY,
    asset_id        UUID NOT NULL UNIQUE REFERENCES assets (id),
    organization_id UUID NOT NULL REFERENCES organizations (id),
    statement       BYTEA NOT NULL,
    hash            TEXT NOT NULL UNIQUE,
    signature       TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    wanted          BOOLEAN NOT NULL,
    tx_hash         TEXT NOT NULL,
    leaf_index      BIGINT,
    status          TEXT NOT NULL,
    on_chain_at     TIMESTAMPTZ,
    metadata        TEXT, -- JSON
    created_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX commitments_pending ON commitments (created_at) WHERE wanted AND leaf_index IS NULL;

CREATE TABLE verifications (
    id              UUID PRIMARY KEY,
    organization_id UUID REFERENCES organizations (id),
    user_id         UUID,
    asset_id        UUID,
    verdict         TEXT NOT NULL CHECK (verdict IN ('authentic', 'forged', 'unknown')),
    confidence      DOUBLE PRECISION NOT NULL,
    result          TEXT NOT NULL, -- JSON
    verified_at     TIMESTAMPTZ NOT NULL
);
CREATE INDEX verifications_history ON verifications (organization_id, verified_at, id);

CREATE TABLE idempotency_keys (
    principal    TEXT NOT NULL,
    route        TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    claim        TEXT NOT NULL,    -- who holds it while it is unanswered
    status       BIGINT NOT NULL, -- 0 until answered
    headers      TEXT,             -- JSON
    body         BYTEA,
    created_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- position numbers an organization's rows 1, 2, 3 … without gaps, so that a
-- random row is one index lookup and every row is as likely as any other.
CREATE TABLE serial_numbers (
    id              BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id),
    position        BIGINT NOT NULL,
    serial_number   TEXT NOT NULL,
    image_key       TEXT NOT NULL,
    source          TEXT NOT NULL, -- what an import read: name and size
    date_of_sealing TEXT NOT NULL CHECK (length(date_of_sealing) = 19), -- YYYY-MM-DD HH:MM:SS, UTC
    asset_id        UUID REFERENCES assets (id),
    created_at      TIMESTAMPTZ NOT NULL,
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
