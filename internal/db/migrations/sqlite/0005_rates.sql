-- +goose Up

-- How far ahead of its rate a limit's holder is. Forgotten once nothing of it
-- limits any more.
CREATE TABLE rate_limits (
    name      TEXT PRIMARY KEY, -- which limit, of whom
    tat       INTEGER NOT NULL, -- theoretical arrival time, Unix microseconds
    starts_at INTEGER NOT NULL, -- of the window last used, Unix seconds
    used      INTEGER NOT NULL, -- in that window
    ends_at   INTEGER NOT NULL  -- Unix seconds; forgotten after
) WITHOUT ROWID;
CREATE INDEX rate_limits_end ON rate_limits (ends_at);

-- +goose Down
DROP TABLE rate_limits;
