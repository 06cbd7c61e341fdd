-- +goose Up

-- Whoever answers for a client today: it is worth what they may do in its
-- organization, and nothing once they are gone. The same for a secret and for the
-- tokens that a client gets for itself with it, so that a secret that is known to
-- somebody who left is worth nothing, whoever rotated it since.
ALTER TABLE oauth_clients ADD COLUMN created_by UUID REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE oauth_client_secrets ADD COLUMN created_by UUID REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE oauth_tokens ADD COLUMN created_by UUID REFERENCES users (id) ON DELETE SET NULL; -- NULL for a user's
UPDATE oauth_clients SET created_by = (SELECT owner_id FROM organizations o WHERE o.id = oauth_clients.organization_id);
UPDATE oauth_client_secrets SET created_by = (SELECT created_by FROM oauth_clients c WHERE c.id = oauth_client_secrets.client_id);
UPDATE oauth_tokens SET created_by = (SELECT created_by FROM oauth_clients c WHERE c.id = oauth_tokens.client_id) WHERE user_id IS NULL;

-- +goose Down
ALTER TABLE oauth_tokens DROP COLUMN created_by;
ALTER TABLE oauth_client_secrets DROP COLUMN created_by;
ALTER TABLE oauth_clients DROP COLUMN created_by;
