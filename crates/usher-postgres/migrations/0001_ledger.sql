-- The ledger. seat_type: 0 platform seat, 1 app seat. Times are milliseconds since the Unix epoch.
--
-- Two kinds of tables. Reference tables hold what must be unique over all tenants or is joined across them: few rows that
-- rarely change, which Citus copies to every node. All others are led by tenant_id in every key and unique constraint and
-- are distributed by it. Keys of text are compared by bytes (COLLATE "C"), as pages promise.

-- Reference tables ----------------------------------------------------------------------------------------------------

CREATE SEQUENCE tenant_numbers;

CREATE TABLE tenants (
    tenant_id     bigint  PRIMARY KEY DEFAULT nextval('tenant_numbers'),
    tenant_key    text    COLLATE "C" NOT NULL UNIQUE,
    name          text    NOT NULL,
    enabled       boolean NOT NULL,
    time_zone     text    NOT NULL DEFAULT 'UTC',
    -- For how many days history is kept; NULL for good.
    history_days  bigint
);

CREATE TABLE clients (
    client_id        text    COLLATE "C" PRIMARY KEY,
    tenant_id        bigint  NOT NULL REFERENCES tenants,
    name             text    NOT NULL,
    kind             text    NOT NULL CHECK (kind IN ('self_built', 'store')),
    scopes           text    NOT NULL,
    enabled          boolean NOT NULL,
    -- How it may be reached: addresses one per line.
    redirect_uris    text    NOT NULL DEFAULT '',
    refresh_allowed  boolean NOT NULL DEFAULT TRUE,
    ticket_url       text
);

CREATE INDEX clients_of_tenant ON clients (tenant_id, client_id);

CREATE TABLE client_secrets (
    client_id      text   COLLATE "C" NOT NULL REFERENCES clients,
    secret_hash    bytea  NOT NULL,
    created_at_ms  bigint NOT NULL,
    expires_at_ms  bigint,
    PRIMARY KEY (client_id, secret_hash)
);

-- Unique over all tenants: a gateway's request carries nothing else to tell them apart.
CREATE TABLE app_routes (
    host         text   COLLATE "C" NOT NULL,
    path_prefix  text   COLLATE "C" NOT NULL,
    tenant_id    bigint NOT NULL,
    namespace    text   COLLATE "C" NOT NULL,
    PRIMARY KEY (host, path_prefix)
);

CREATE INDEX app_routes_of_app ON app_routes (tenant_id, namespace, host, path_prefix);

-- Distributed by tenant_id --------------------------------------------------------------------------------------------

CREATE TABLE users (
    tenant_id             bigint  NOT NULL REFERENCES tenants,
    user_id               bigint  NOT NULL,
    name                  text    NOT NULL,
    external_id           text    COLLATE "C",
    enabled               boolean NOT NULL,
    system_administrator  boolean NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, external_id)
);

CREATE INDEX users_administrators ON users (tenant_id, user_id) WHERE system_administrator;

CREATE TABLE apps (
    tenant_id  bigint  NOT NULL REFERENCES tenants,
    namespace  text    COLLATE "C" NOT NULL,
    name       text    NOT NULL,
    enabled    boolean NOT NULL,
    -- A JSON object of text by BCP 47 tag, in order of the tag.
    names      text    NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, namespace)
);

-- A platform seat has the empty namespace, so that it stands before every app in key order.
CREATE TABLE seats (
    tenant_id         bigint   NOT NULL,
    seat_type         smallint NOT NULL CHECK (seat_type IN (0, 1)),
    user_id           bigint   NOT NULL,
    namespace         text     COLLATE "C" NOT NULL,
    held              boolean  NOT NULL,
    assigned_at_ms    bigint   NOT NULL,
    released_at_ms    bigint,
    expires_at_ms     bigint,
    protected_reason  text,
    -- Given by hand; otherwise only groups give it.
    given_directly    boolean  NOT NULL DEFAULT TRUE,
    PRIMARY KEY (tenant_id, seat_type, user_id, namespace),
    CHECK ((seat_type = 0) = (namespace = '')),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);

CREATE INDEX seats_expiring ON seats (tenant_id, seat_type, namespace, expires_at_ms)
    WHERE held AND expires_at_ms IS NOT NULL;
CREATE INDEX seats_of_app ON seats (tenant_id, namespace, user_id) WHERE seat_type = 1;

-- The newest admitted access, and the last day that was noted of it. No index but the key, and room in every page: so an
-- access rewrites a row within its page and touches no index (a HOT update). Measured with 20,000 rows and six rounds of updates:
-- at 80 nearly all were HOT on a quiet server and 94 % on a busy one, where old versions are kept for longer.
CREATE TABLE activity (
    tenant_id       bigint   NOT NULL,
    seat_type       smallint NOT NULL,
    user_id         bigint   NOT NULL,
    namespace       text     COLLATE "C" NOT NULL,
    active_time_ms  bigint   NOT NULL,
    noted_day       integer  NOT NULL,
    PRIMARY KEY (tenant_id, seat_type, user_id, namespace)
) WITH (fillfactor = 60);

-- Who was active on which day, a row per person, app and day. Appended to at the first access of a day only.
-- day: days since 1970-01-01, of the tenant's time zone when it was written.
CREATE TABLE active_days (
    tenant_id  bigint   NOT NULL,
    seat_type  smallint NOT NULL,
    namespace  text     COLLATE "C" NOT NULL,
    day        integer  NOT NULL,
    user_id    bigint   NOT NULL,
    PRIMARY KEY (tenant_id, seat_type, namespace, day, user_id)
);

CREATE INDEX active_days_of_user ON active_days (tenant_id, user_id, day);

-- What was bought of a kind of seat, and how many are held, expired ones too until they are settled.
CREATE TABLE pools (
    tenant_id          bigint   NOT NULL REFERENCES tenants,
    seat_type          smallint NOT NULL CHECK (seat_type IN (0, 1)),
    namespace          text     COLLATE "C" NOT NULL,
    bought             bigint   CHECK (bought >= 0),
    held               bigint   NOT NULL DEFAULT 0 CHECK (held >= 0),
    valid_from_ms      bigint,
    valid_until_ms     bigint,
    overdraft_allowed  boolean  NOT NULL DEFAULT FALSE,
    PRIMARY KEY (tenant_id, seat_type, namespace),
    CHECK ((seat_type = 0) = (namespace = ''))
);

-- The smallest ticket of a pool is the first in line.
CREATE SEQUENCE waiting_tickets;
CREATE TABLE waiting_places (
    tenant_id           bigint   NOT NULL,
    seat_type           smallint NOT NULL,
    namespace           text     COLLATE "C" NOT NULL,
    user_id             bigint   NOT NULL,
    ticket              bigint   NOT NULL DEFAULT nextval('waiting_tickets'),
    waiting_since_ms    bigint   NOT NULL,
    expires_at_ms       bigint,
    requested_directly  boolean  NOT NULL,
    PRIMARY KEY (tenant_id, seat_type, namespace, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);

CREATE INDEX waiting_places_in_line ON waiting_places (tenant_id, seat_type, namespace, ticket);

CREATE TABLE groups (
    tenant_id  bigint NOT NULL REFERENCES tenants,
    group_key  text   COLLATE "C" NOT NULL,
    name       text   NOT NULL,
    PRIMARY KEY (tenant_id, group_key)
);

CREATE TABLE group_members (
    tenant_id  bigint NOT NULL,
    group_key  text   COLLATE "C" NOT NULL,
    user_id    bigint NOT NULL,
    PRIMARY KEY (tenant_id, group_key, user_id),
    FOREIGN KEY (tenant_id, group_key) REFERENCES groups,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);

CREATE INDEX group_members_by_user ON group_members (tenant_id, user_id, group_key);

CREATE TABLE standing_assignments (
    tenant_id  bigint   NOT NULL,
    group_key  text     COLLATE "C" NOT NULL,
    seat_type  smallint NOT NULL,
    namespace  text     COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, group_key, seat_type, namespace),
    FOREIGN KEY (tenant_id, group_key) REFERENCES groups
);

CREATE TABLE leaves (
    tenant_id  bigint NOT NULL,
    user_id    bigint NOT NULL,
    from_ms    bigint NOT NULL,
    until_ms   bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id, from_ms),
    CHECK (from_ms < until_ms),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
);

CREATE TABLE installs (
    tenant_id  bigint NOT NULL REFERENCES tenants,
    client_id  text   COLLATE "C" NOT NULL REFERENCES clients,
    PRIMARY KEY (tenant_id, client_id)
);

-- The audit log: one chain of records per tenant, and that of tenant_id 0 for what concerns no tenant.
CREATE TABLE audit_records (
    tenant_id    bigint NOT NULL,
    sequence     bigint NOT NULL,
    at_ms        bigint NOT NULL,
    actor_kind   text   NOT NULL,
    actor_name   text,
    client_id    text,
    address      text,
    reason       text,
    action       text   NOT NULL,
    object_kind  text   NOT NULL,
    object_name  text   NOT NULL,
    before       text,
    after        text,
    hash         bytea  NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);

CREATE INDEX audit_records_by_time ON audit_records (tenant_id, at_ms, sequence);
CREATE INDEX audit_records_of_object ON audit_records (tenant_id, object_kind, object_name, at_ms, sequence);
CREATE INDEX audit_records_of_actor ON audit_records (tenant_id, actor_kind, actor_name, at_ms, sequence);

-- The end of each chain; sequence 0 before the first record. Whoever changes something of a tenant locks its row first,
-- so that changes of one tenant follow each other over all instances.
CREATE TABLE audit_heads (
    tenant_id  bigint PRIMARY KEY,
    sequence   bigint NOT NULL,
    hash       bytea  NOT NULL,
    -- How often something changed that the edge remembers; every instance looks at the sum.
    moves      bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
