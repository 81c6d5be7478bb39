-- Who was active on which day, and since when seats are idle.

-- People have a dense number in their tenant, so that a set of people is a short bitmap although user ids may be any
-- number. A number is given once: whoever leaves the directory and comes back is the same person.
ALTER TABLE tenants ADD COLUMN people_numbered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN person_number INTEGER NOT NULL DEFAULT 0;

UPDATE users SET person_number = numbered.person_number
FROM (SELECT tenant_id, user_id,
             row_number() OVER (PARTITION BY tenant_id ORDER BY user_id) - 1 AS person_number FROM users) AS numbered
WHERE users.tenant_id = numbered.tenant_id AND users.user_id = numbered.user_id;

UPDATE tenants SET people_numbered = (SELECT count(*) FROM users WHERE users.tenant_id = tenants.tenant_id);

CREATE TABLE departed_people (
    tenant_id      INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    person_number  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) STRICT, WITHOUT ROWID;

-- app_id 0 stands for any app. day: days since 1970-01-01, of the tenant's time zone when it was written. people: the
-- lower sixteen bits of the person numbers whose upper bits are chunk, in the portable format of Roaring bitmaps.
CREATE TABLE active_days (
    tenant_id  INTEGER NOT NULL,
    seat_type  INTEGER NOT NULL,
    app_id     INTEGER NOT NULL,
    chunk      INTEGER NOT NULL,
    day        INTEGER NOT NULL,
    people     BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, seat_type, app_id, chunk, day)
) STRICT, WITHOUT ROWID;

-- For how many days history is kept; NULL for good.
ALTER TABLE tenants ADD COLUMN history_days INTEGER;

-- The newest admitted access through the seat, as far as it has been folded; and when its holder was last seen or got it.
ALTER TABLE seats ADD COLUMN last_admitted_ms INTEGER;
ALTER TABLE seats ADD COLUMN idle_since_ms INTEGER NOT NULL DEFAULT 0;
-- In days of UTC. The indexes go by it and then by user, because a fold goes through the seats in order of user: so what
-- it takes out of an index and puts into it lies together, and costs bytes per seat and not a page per seat.
ALTER TABLE seats ADD COLUMN idle_since_day INTEGER GENERATED ALWAYS AS (idle_since_ms / 86400000) VIRTUAL;

UPDATE seats SET last_admitted_ms = (
    SELECT max(active_time_ms) FROM activity
    WHERE activity.tenant_id = seats.tenant_id AND activity.seat_type = seats.seat_type
      AND activity.user_id = seats.user_id AND (seats.seat_type = 0 OR activity.namespace = seats.namespace));

UPDATE seats SET idle_since_ms = max(assigned_at_ms, coalesce(last_admitted_ms, assigned_at_ms));

CREATE INDEX seats_idle ON seats (tenant_id, seat_type, idle_since_day, user_id, namespace) WHERE held = 1;
CREATE INDEX seats_idle_of_app ON seats (tenant_id, namespace, idle_since_day, user_id)
    WHERE held = 1 AND seat_type = 1;
CREATE INDEX seats_never_used ON seats (tenant_id, seat_type, idle_since_day, user_id, namespace)
    WHERE held = 1 AND last_admitted_ms IS NULL;
