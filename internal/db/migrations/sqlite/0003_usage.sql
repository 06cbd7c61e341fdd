-- +goose Up

-- What was used of a limit within one window of time.
CREATE TABLE usage_counters (
    name      TEXT NOT NULL,    -- which limit, of whom
    starts_at INTEGER NOT NULL, -- Unix seconds
    ends_at   INTEGER NOT NULL, -- Unix seconds; forgotten after
    used      INTEGER NOT NULL,
    PRIMARY KEY (name, starts_at)
);
CREATE INDEX usage_counters_end ON usage_counters (ends_at);

-- +goose Down
DROP TABLE usage_counters;
