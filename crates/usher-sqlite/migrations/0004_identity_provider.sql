-- An organisation's own identity provider, and who is who there.

CREATE TABLE identity_providers (
    tenant_id             INTEGER PRIMARY KEY REFERENCES tenants,
    name                  TEXT    NOT NULL,
    name_chinese          TEXT,
    issuer                TEXT    NOT NULL,
    client_id             TEXT    NOT NULL,
    client_secret_sealed  BLOB    NOT NULL,
    enabled               INTEGER NOT NULL
) STRICT;

CREATE TABLE identity_links (
    tenant_id     INTEGER NOT NULL,
    issuer        TEXT    NOT NULL,
    subject       TEXT    NOT NULL,
    user_id       INTEGER NOT NULL,
    linked_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, issuer, subject),
    UNIQUE (tenant_id, user_id, issuer),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT, WITHOUT ROWID;
