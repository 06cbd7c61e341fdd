-- +goose Up

-- How far ahead of its rate a limit's holder is. Forgotten once nothing of it
-- limits any more. Not logged: a crash of the database forgets the rates, which
-- is cheaper than writing each of them twice; the quotas are elsewhere.
CREATE UNLOGGED TABLE rate_limits (
    name      TEXT PRIMARY KEY, -- which limit, of whom
    tat       BIGINT NOT NULL,  -- theoretical arrival time, Unix microseconds
    starts_at BIGINT NOT NULL,  -- of the window last used, Unix seconds
    used      BIGINT NOT NULL,  -- in that window
    ends_at   BIGINT NOT NULL   -- Unix seconds; forgotten after
);
CREATE INDEX rate_limits_end ON rate_limits (ends_at);

-- +goose Down
DROP TABLE rate_limits;
