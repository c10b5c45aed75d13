-- When a resource last refused a grant's access token before its time.
ALTER TABLE authorizations ADD COLUMN rejected_at BIGINT;
