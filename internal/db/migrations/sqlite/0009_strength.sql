-- +goose Up

-- What a track was drawn with decides how it is read, whatever is configured since.
ALTER TABLE asset_tracks ADD COLUMN strength REAL NOT NULL DEFAULT 0; -- dB; 0 is not known

-- +goose Down
ALTER TABLE asset_tracks DROP COLUMN strength;
