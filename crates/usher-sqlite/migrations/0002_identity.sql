-- What sign-in and OAuth need kept. Secrets are hashes or sealed; what has expired is swept away in passing.

CREATE TABLE client_secrets (
    client_id      TEXT    NOT NULL REFERENCES clients,
    secret_hash    BLOB    NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    expires_at_ms  INTEGER,
    PRIMARY KEY (client_id, secret_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE installs (
    tenant_id  INTEGER NOT NULL REFERENCES tenants,
    client_id  TEXT    NOT NULL REFERENCES clients,
    PRIMARY KEY (tenant_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
    tenant_id      INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    password_hash  TEXT,
    totp_sealed    BLOB,
    totp_step      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    session_hash   BLOB    PRIMARY KEY,
    tenant_id      INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE links (
    link_hash      BLOB    PRIMARY KEY,
    purpose        TEXT    NOT NULL CHECK (purpose IN ('choose_password')),
    tenant_id      INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX links_of_user ON links (tenant_id, user_id);
CREATE INDEX links_by_expiry ON links (expires_at_ms);

CREATE TABLE grants (
    tenant_id      INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    client_id      TEXT    NOT NULL REFERENCES clients,
    scopes         TEXT    NOT NULL,
    granted_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE authorization_codes (
    code_hash         BLOB    PRIMARY KEY,
    family_id         BLOB    NOT NULL,
    client_id         TEXT    NOT NULL,
    tenant_id         INTEGER NOT NULL,
    user_id           INTEGER NOT NULL,
    redirect_uri      TEXT    NOT NULL,
    scopes            TEXT    NOT NULL,
    challenge         TEXT,
    challenge_method  TEXT    CHECK (challenge_method IN ('plain', 'S256')),
    expires_at_ms     INTEGER NOT NULL,
    spent             INTEGER NOT NULL,
    CHECK ((challenge IS NULL) = (challenge_method IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX authorization_codes_by_family ON authorization_codes (family_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at_ms);

CREATE TABLE refresh_tokens (
    token_hash      BLOB    PRIMARY KEY,
    family_id       BLOB    NOT NULL,
    client_id       TEXT    NOT NULL,
    tenant_id       INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    scopes          TEXT    NOT NULL,
    expires_at_ms   INTEGER NOT NULL,
    spent_at_ms     INTEGER,
    spent_key_hash  BLOB,
    revoked         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_of_owner ON refresh_tokens (tenant_id, client_id, user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at_ms);
