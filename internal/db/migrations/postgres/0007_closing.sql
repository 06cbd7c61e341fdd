-- +goose Up

-- A closed account is suspended until erase_at and can be had back; its row stays
-- when it was erased, because the audit log and what it made name it.
ALTER TABLE users ADD COLUMN closed_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN erase_at TIMESTAMPTZ;
ALTER TABLE users ADD COLUMN erased_at TIMESTAMPTZ;
CREATE INDEX users_erasure ON users (erase_at) WHERE erase_at IS NOT NULL AND erased_at IS NULL;

-- +goose Down
DROP INDEX users_erasure;
ALTER TABLE users DROP COLUMN erased_at;
ALTER TABLE users DROP COLUMN erase_at;
ALTER TABLE users DROP COLUMN closed_at;
