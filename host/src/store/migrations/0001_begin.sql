-- The first schema. Times are Unix seconds; what is a BLOB is sealed, but for components.
-- For PostgreSQL two things differ: BLOB is BYTEA, and audit.sequence is an identity column.

CREATE TABLE attempts (
    id              TEXT   NOT NULL PRIMARY KEY,
    workflow_id     TEXT   NOT NULL UNIQUE,
    provider        TEXT   NOT NULL,
    revision        TEXT   NOT NULL,
    client          TEXT,
    client_user     TEXT,
    return_to       TEXT   NOT NULL,
    binding         TEXT,
    address         TEXT,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    secrets         BLOB   NOT NULL,
    callback_digest TEXT,
    callback        BLOB,
    tokens          BLOB,
    profile         BLOB,
    outcome         TEXT,
    result_code     TEXT,
    result_redeemed BIGINT NOT NULL DEFAULT 0,
    delivered       BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX attempts_by_expiry ON attempts (expires_at);
-- Counts what one address has in flight.
CREATE INDEX attempts_in_flight_by_address ON attempts (address, expires_at) WHERE outcome IS NULL;

-- How many attempts without outcome expire in each second. Their sum is what is in flight in all:
-- some hundreds of rows to read, however many attempts are parked.
CREATE TABLE in_flight (
    expires_at BIGINT NOT NULL PRIMARY KEY,
    attempts   BIGINT NOT NULL
);

-- No foreign key: refreshes keep journals too, and have no attempt.
CREATE TABLE journal (
    login      TEXT   NOT NULL,
    series     TEXT   NOT NULL,
    sequence   BIGINT NOT NULL,
    request    TEXT   NOT NULL,
    answer     BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (login, series, sequence)
);
CREATE INDEX journal_by_age ON journal (created_at);

CREATE TABLE users (
    id         TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- What a configured client calls a user. The client '' stands for logins without one.
CREATE TABLE client_users (
    client  TEXT NOT NULL,
    name    TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (client, name),
    UNIQUE (client, user_id)
);
CREATE INDEX client_users_by_user ON client_users (user_id);

CREATE TABLE identities (
    id             TEXT   NOT NULL PRIMARY KEY,
    user_id        TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    namespace      TEXT   NOT NULL,
    issuer         TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    email          TEXT,
    email_verified BIGINT NOT NULL,
    profile        BLOB   NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    UNIQUE (namespace, issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- The client '' stands for logins that a browser began: NULLs would never be the same.
CREATE TABLE authorizations (
    id                TEXT   NOT NULL PRIMARY KEY,
    provider          TEXT   NOT NULL,
    user_id           TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id       TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    client            TEXT   NOT NULL,
    version           BIGINT NOT NULL,
    tokens            BLOB   NOT NULL,
    renewable         BIGINT NOT NULL,
    scope             TEXT   NOT NULL,
    token_type        TEXT   NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    expires_at        BIGINT,
    needs_reauth      TEXT,
    refresh_failed_at BIGINT,
    UNIQUE (identity_id, client, provider)
);
CREATE INDEX authorizations_by_user ON authorizations (user_id, updated_at);

CREATE TABLE sessions (
    hash        TEXT   NOT NULL PRIMARY KEY,
    user_id     TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    provider    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_identity ON sessions (identity_id);

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at       BIGINT NOT NULL,
    what     TEXT   NOT NULL,
    who      TEXT   NOT NULL,
    provider TEXT,
    login    TEXT,
    why      TEXT   NOT NULL
);

CREATE TABLE components (
    digest     TEXT   NOT NULL PRIMARY KEY,
    bytes      BLOB   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE revisions (
    id            TEXT   NOT NULL PRIMARY KEY,
    provider      TEXT   NOT NULL,
    component     TEXT   NOT NULL,
    configuration TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE metadata (
    provider   TEXT   NOT NULL,
    url        TEXT   NOT NULL,
    document   TEXT   NOT NULL,
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (provider, url)
);

CREATE TABLE handoffs (
    hash       TEXT   NOT NULL PRIMARY KEY,
    fields     BLOB   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX handoffs_by_expiry ON handoffs (expires_at);
