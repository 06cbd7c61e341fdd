-- +goose Up

CREATE TABLE webhooks (
    id              UUID PRIMARY KEY,
    organization_id UUID NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    url             TEXT NOT NULL,
    description     TEXT NOT NULL,
    events          TEXT NOT NULL, -- JSON array
    active          BOOLEAN NOT NULL,
    disabled_at     TIMESTAMPTZ,   -- by the program, because of disabled_reason
    disabled_reason TEXT NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX webhooks_organization ON webhooks (organization_id, created_at, id);

-- The newest one has no end; rotation gives its predecessors one.
CREATE TABLE webhook_secrets (
    id         UUID PRIMARY KEY,
    webhook_id UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    sealed     BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ
);
CREATE INDEX webhook_secrets_webhook ON webhook_secrets (webhook_id, created_at, id);

CREATE TABLE webhook_deliveries (
    id              UUID PRIMARY KEY, -- the webhook-id that receivers see
    webhook_id      UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event           TEXT NOT NULL,
    body            BYTEA NOT NULL,   -- as sent, byte for byte
    status          TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts        BIGINT NOT NULL,   -- made so far, over all series
    tries           BIGINT NOT NULL,   -- made in the running series
    generation      BIGINT NOT NULL,   -- only the job that carries it may change the row
    error           TEXT NOT NULL,     -- why it failed without an attempt
    next_attempt_at TIMESTAMPTZ,
    created_at      TIMESTAMPTZ NOT NULL,
    delivered_at    TIMESTAMPTZ
);
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, created_at, id);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at) WHERE status = 'pending';

CREATE TABLE webhook_attempts (
    delivery_id      UUID NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number           BIGINT NOT NULL, -- 1, 2, 3 …
    url              TEXT NOT NULL,
    request_headers  TEXT NOT NULL,    -- JSON object
    response_status  BIGINT,           -- NULL without a response
    response_body    TEXT NOT NULL,    -- its beginning
    error            TEXT NOT NULL,    -- '' when delivered
    duration_ms      BIGINT NOT NULL,
    attempted_at     TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (delivery_id, number)
);

-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_secrets;
DROP TABLE webhooks;
