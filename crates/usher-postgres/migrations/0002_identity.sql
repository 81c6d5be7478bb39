-- What sign-in and OAuth need kept. Secrets are hashes or sealed; what has expired is swept away in passing.
-- Things found by a hash are found without their tenant; no unique constraint is needed for that: a hash of 256 random bits
-- is not met twice. tenant_id 0 stands for no tenant.

CREATE TABLE tokens (
    tenant_id      bigint  NOT NULL,
    token_hash     bytea   NOT NULL,
    kind           text    NOT NULL CHECK (kind IN ('user', 'tenant', 'service', 'operator')),
    client_id      text    COLLATE "C",
    user_id        bigint,
    scopes         text    NOT NULL,
    issued_at_ms   bigint  NOT NULL,
    expires_at_ms  bigint  NOT NULL,
    revoked        boolean NOT NULL,
    -- What came from one authorization is revoked together.
    family_id      bytea,
    PRIMARY KEY (tenant_id, token_hash)
);

CREATE INDEX tokens_by_hash ON tokens (token_hash);
CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms);
CREATE INDEX tokens_by_family ON tokens (family_id) WHERE family_id IS NOT NULL;
CREATE INDEX tokens_by_owner ON tokens (tenant_id, client_id, user_id);

CREATE TABLE credentials (
    tenant_id      bigint NOT NULL,
    user_id        bigint NOT NULL,
    password_hash  text,
    totp_sealed    bytea,
    totp_step      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);

CREATE TABLE sessions (
    tenant_id      bigint NOT NULL,
    session_hash   bytea  NOT NULL,
    user_id        bigint NOT NULL,
    created_at_ms  bigint NOT NULL,
    expires_at_ms  bigint NOT NULL,
    PRIMARY KEY (tenant_id, session_hash)
);

CREATE INDEX sessions_by_hash ON sessions (session_hash);
CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE links (
    tenant_id      bigint NOT NULL,
    link_hash      bytea  NOT NULL,
    purpose        text   NOT NULL CHECK (purpose IN ('choose_password')),
    user_id        bigint NOT NULL,
    expires_at_ms  bigint NOT NULL,
    PRIMARY KEY (tenant_id, link_hash)
);

CREATE INDEX links_by_hash ON links (link_hash);
CREATE INDEX links_of_user ON links (tenant_id, user_id);
CREATE INDEX links_by_expiry ON links (expires_at_ms);

CREATE TABLE grants (
    tenant_id      bigint NOT NULL,
    user_id        bigint NOT NULL,
    client_id      text   COLLATE "C" NOT NULL REFERENCES clients,
    scopes         text   NOT NULL,
    granted_at_ms  bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id)
);

CREATE TABLE authorization_codes (
    tenant_id         bigint  NOT NULL,
    code_hash         bytea   NOT NULL,
    family_id         bytea   NOT NULL,
    client_id         text    COLLATE "C" NOT NULL,
    user_id           bigint  NOT NULL,
    redirect_uri      text    NOT NULL,
    scopes            text    NOT NULL,
    challenge         text,
    challenge_method  text    CHECK (challenge_method IN ('plain', 'S256')),
    expires_at_ms     bigint  NOT NULL,
    spent             boolean NOT NULL,
    PRIMARY KEY (tenant_id, code_hash),
    CHECK ((challenge IS NULL) = (challenge_method IS NULL))
);

CREATE INDEX authorization_codes_by_hash ON authorization_codes (code_hash);
CREATE INDEX authorization_codes_by_family ON authorization_codes (family_id);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at_ms);

CREATE TABLE refresh_tokens (
    tenant_id       bigint  NOT NULL,
    token_hash      bytea   NOT NULL,
    family_id       bytea   NOT NULL,
    client_id       text    COLLATE "C" NOT NULL,
    user_id         bigint  NOT NULL,
    scopes          text    NOT NULL,
    expires_at_ms   bigint  NOT NULL,
    spent_at_ms     bigint,
    spent_key_hash  bytea,
    revoked         boolean NOT NULL,
    PRIMARY KEY (tenant_id, token_hash)
);

CREATE INDEX refresh_tokens_by_hash ON refresh_tokens (token_hash);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_of_owner ON refresh_tokens (tenant_id, client_id, user_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at_ms);

-- The contract does not say whose an answer is, so all of them are of tenant 0 for now.
CREATE TABLE kept_answers (
    tenant_id      bigint NOT NULL DEFAULT 0,
    key_hash       bytea  NOT NULL,
    request_hash   bytea  NOT NULL,
    answer         text   NOT NULL,
    results        text   NOT NULL,
    expires_at_ms  bigint NOT NULL,
    PRIMARY KEY (tenant_id, key_hash)
);

CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_at_ms);

CREATE TABLE identity_providers (
    tenant_id             bigint  PRIMARY KEY REFERENCES tenants,
    name                  text    NOT NULL,
    name_chinese          text,
    issuer                text    NOT NULL,
    client_id             text    NOT NULL,
    client_secret_sealed  bytea   NOT NULL,
    enabled               boolean NOT NULL
);

CREATE TABLE identity_links (
    tenant_id     bigint NOT NULL,
    issuer        text   COLLATE "C" NOT NULL,
    subject       text   COLLATE "C" NOT NULL,
    user_id       bigint NOT NULL,
    linked_at_ms  bigint NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject),
    UNIQUE (tenant_id, user_id, issuer),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);
