-- The ledger, first form. seat_type: 0 platform seat, 1 app seat. Times are milliseconds since the Unix epoch.

CREATE TABLE tenants (
    tenant_id   INTEGER PRIMARY KEY,
    tenant_key  TEXT    NOT NULL UNIQUE,
    name        TEXT    NOT NULL,
    enabled     INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    tenant_id             INTEGER NOT NULL REFERENCES tenants,
    user_id               INTEGER NOT NULL,
    name                  TEXT    NOT NULL,
    external_id           TEXT,
    enabled               INTEGER NOT NULL,
    system_administrator  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, external_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX users_administrators ON users (tenant_id, user_id) WHERE system_administrator = 1;

-- app_id exists so that a journalled access can name its app in one or two bytes.
CREATE TABLE apps (
    app_id     INTEGER PRIMARY KEY,
    tenant_id  INTEGER NOT NULL REFERENCES tenants,
    namespace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    enabled    INTEGER NOT NULL,
    UNIQUE (tenant_id, namespace)
) STRICT;

-- Unique over all tenants: a gateway's request carries nothing else to tell them apart.
CREATE TABLE app_routes (
    host         TEXT    NOT NULL,
    path_prefix  TEXT    NOT NULL,
    tenant_id    INTEGER NOT NULL,
    namespace    TEXT    NOT NULL,
    PRIMARY KEY (host, path_prefix),
    FOREIGN KEY (tenant_id, namespace) REFERENCES apps (tenant_id, namespace)
) STRICT, WITHOUT ROWID;

-- A platform seat has the empty namespace, so that it stands before every app in key order.
CREATE TABLE seats (
    tenant_id       INTEGER NOT NULL,
    seat_type       INTEGER NOT NULL CHECK (seat_type IN (0, 1)),
    user_id         INTEGER NOT NULL,
    namespace       TEXT    NOT NULL,
    held            INTEGER NOT NULL,
    assigned_at_ms  INTEGER NOT NULL,
    released_at_ms  INTEGER,
    expires_at_ms   INTEGER,
    PRIMARY KEY (tenant_id, seat_type, user_id, namespace),
    CHECK ((seat_type = 0) = (namespace = '')),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT, WITHOUT ROWID;

-- The newest admitted access, as far as it has been folded; the journals hold what is newer.
CREATE TABLE activity (
    tenant_id       INTEGER NOT NULL,
    seat_type       INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    namespace       TEXT    NOT NULL,
    active_time_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, seat_type, user_id, namespace)
) STRICT, WITHOUT ROWID;

-- Two journals: one takes accesses while the other is folded. A whole journal is cut at once,
-- which SQLite does by freeing its pages without rewriting them.
CREATE TABLE journal_even (sequence INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT;
CREATE TABLE journal_odd  (sequence INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT;

CREATE TABLE clients (
    client_id  TEXT    PRIMARY KEY,
    tenant_id  INTEGER NOT NULL REFERENCES tenants,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('self_built', 'store')),
    scopes     TEXT    NOT NULL,
    enabled    INTEGER NOT NULL,
    -- How it may be reached: addresses one per line.
    redirect_uris    TEXT    NOT NULL DEFAULT '',
    refresh_allowed  INTEGER NOT NULL DEFAULT 1,
    ticket_url       TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX clients_of_tenant ON clients (tenant_id, client_id);

CREATE TABLE tokens (
    token_hash     BLOB    PRIMARY KEY,
    kind           TEXT    NOT NULL CHECK (kind IN ('user', 'tenant', 'service', 'operator')),
    tenant_id      INTEGER,
    client_id      TEXT,
    user_id        INTEGER,
    scopes         TEXT    NOT NULL,
    issued_at_ms   INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL,
    revoked        INTEGER NOT NULL,
    -- What came from one authorization is revoked together.
    family_id      BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_expiry ON tokens (expires_at_ms);
CREATE INDEX tokens_by_family ON tokens (family_id) WHERE family_id IS NOT NULL;
CREATE INDEX tokens_by_owner ON tokens (tenant_id, client_id, user_id);
