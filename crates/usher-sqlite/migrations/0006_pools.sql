-- Pools, waiting lists and groups.

-- What was bought of a kind of seat, and how many are held. A row appears with the first seat; without a number
-- nobody is refused for want of seats. held counts rows of seats with held = 1, expired ones too until they are settled.
CREATE TABLE pools (
    tenant_id          INTEGER NOT NULL REFERENCES tenants,
    seat_type          INTEGER NOT NULL CHECK (seat_type IN (0, 1)),
    namespace          TEXT    NOT NULL,
    bought             INTEGER CHECK (bought >= 0),
    held               INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    valid_from_ms      INTEGER,
    valid_until_ms     INTEGER,
    overdraft_allowed  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, seat_type, namespace),
    CHECK ((seat_type = 0) = (namespace = ''))
) STRICT, WITHOUT ROWID;

INSERT INTO pools (tenant_id, seat_type, namespace, held)
SELECT tenant_id, seat_type, namespace, sum(held) FROM seats GROUP BY tenant_id, seat_type, namespace;

ALTER TABLE seats ADD COLUMN protected_reason TEXT;
-- 1 when given by hand; 0 when only groups give it.
ALTER TABLE seats ADD COLUMN given_directly INTEGER NOT NULL DEFAULT 1;

CREATE INDEX seats_expiring ON seats (tenant_id, seat_type, namespace, expires_at_ms)
    WHERE held = 1 AND expires_at_ms IS NOT NULL;

-- Who has a seat of an app, page by page.
CREATE INDEX seats_of_app ON seats (tenant_id, namespace, user_id) WHERE seat_type = 1;

-- The smallest ticket of a pool is the first in line.
CREATE TABLE waiting_places (
    ticket            INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id         INTEGER NOT NULL,
    seat_type         INTEGER NOT NULL,
    namespace         TEXT    NOT NULL,
    user_id           INTEGER NOT NULL,
    waiting_since_ms  INTEGER NOT NULL,
    expires_at_ms     INTEGER,
    requested_directly  INTEGER NOT NULL,
    UNIQUE (tenant_id, seat_type, namespace, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT;

CREATE INDEX waiting_places_in_line ON waiting_places (tenant_id, seat_type, namespace, ticket);

CREATE TABLE groups (
    tenant_id  INTEGER NOT NULL REFERENCES tenants,
    group_key  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, group_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    tenant_id  INTEGER NOT NULL,
    group_key  TEXT    NOT NULL,
    user_id    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, group_key, user_id),
    FOREIGN KEY (tenant_id, group_key) REFERENCES groups,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT, WITHOUT ROWID;

CREATE INDEX group_members_by_user ON group_members (tenant_id, user_id, group_key);

CREATE TABLE standing_assignments (
    tenant_id  INTEGER NOT NULL,
    group_key  TEXT    NOT NULL,
    seat_type  INTEGER NOT NULL,
    namespace  TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, group_key, seat_type, namespace),
    FOREIGN KEY (tenant_id, group_key) REFERENCES groups
) STRICT, WITHOUT ROWID;

-- What the changes did with which an answer was kept, as JSON.
ALTER TABLE kept_answers ADD COLUMN results TEXT NOT NULL DEFAULT '[]';
