-- How many seats in use stand at which days, for figures that must not cost as much as there are seats. The rule is
-- usher_seats::overview: mark 0 counts by the first day that began when the seat was idle already, 1 by the first that began
-- when it was assigned already, 2 by the day of the newest access through it. flags: protected 1, redundant 2, never used 4.
-- The key goes by day before pool, because a fold moves many seats from a few days to one: so it rewrites neighbours.

CREATE TABLE seat_tallies (
    tenant_id  INTEGER NOT NULL,
    mark       INTEGER NOT NULL CHECK (mark IN (0, 1, 2)),
    day        INTEGER NOT NULL,
    seat_type  INTEGER NOT NULL,
    namespace  TEXT    NOT NULL,
    flags      INTEGER NOT NULL,
    seats      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, mark, day, seat_type, namespace, flags)
) STRICT, WITHOUT ROWID;

-- Where each seat in use is counted, as it is now. An app seat is redundant while its holder has a platform seat, run out or not.
CREATE VIEW seat_cells AS
WITH marked AS NOT MATERIALIZED (
    SELECT tenant_id, seat_type, user_id, namespace, last_admitted_ms,
           (max(idle_since_ms, 0) + 86399999) / 86400000 AS idle_since,
           (max(assigned_at_ms, 0) + 86399999) / 86400000 AS assigned,
           (protected_reason IS NOT NULL)
           + 2 * (seat_type = 1 AND EXISTS (
                SELECT 1 FROM seats AS platform
                WHERE platform.tenant_id = seats.tenant_id AND platform.seat_type = 0
                  AND platform.user_id = seats.user_id AND platform.namespace = '' AND platform.held = 1))
           + 4 * (last_admitted_ms IS NULL) AS flags
    FROM seats WHERE held = 1
)
SELECT tenant_id, 0 AS mark, idle_since AS day, seat_type, namespace, flags, user_id FROM marked
UNION ALL
SELECT tenant_id, 1, assigned, seat_type, namespace, flags, user_id FROM marked
UNION ALL
SELECT tenant_id, 2, max(last_admitted_ms, 0) / 86400000, seat_type, namespace, 0, user_id FROM marked
WHERE last_admitted_ms IS NOT NULL;

-- What is inserted here is added to the tallies; less than none takes away, and what comes to none is gone.
CREATE VIEW seat_tally_changes AS
SELECT tenant_id, mark, day, seat_type, namespace, flags, seats FROM seat_tallies;

CREATE TRIGGER seat_tally_changes_add INSTEAD OF INSERT ON seat_tally_changes
BEGIN
    INSERT INTO seat_tallies (tenant_id, mark, day, seat_type, namespace, flags, seats)
    VALUES (NEW.tenant_id, NEW.mark, NEW.day, NEW.seat_type, NEW.namespace, NEW.flags, NEW.seats)
    ON CONFLICT DO UPDATE SET seats = seats + NEW.seats;
    DELETE FROM seat_tallies
    WHERE tenant_id = NEW.tenant_id AND mark = NEW.mark AND day = NEW.day AND seat_type = NEW.seat_type
      AND namespace = NEW.namespace AND flags = NEW.flags AND seats = 0;
END;

-- Whoever writes a seat moves its counts: out as it was, in as it is. When a platform seat comes or goes, the same happens to
-- the app seats of its holder, which become redundant or no longer are. Whoever writes only since when a seat is idle does so
-- by hundreds and moves the counts by itself (src/tallies.rs), or names "held" too.
CREATE TRIGGER seats_tally_before_update
BEFORE UPDATE OF held, assigned_at_ms, protected_reason ON seats
WHEN OLD.held = 1
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, -1 FROM seat_cells
    WHERE tenant_id = OLD.tenant_id AND seat_type = OLD.seat_type AND user_id = OLD.user_id
      AND namespace = OLD.namespace;
END;

CREATE TRIGGER seats_tally_after_update
AFTER UPDATE OF held, assigned_at_ms, protected_reason ON seats
WHEN NEW.held = 1
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, 1 FROM seat_cells
    WHERE tenant_id = NEW.tenant_id AND seat_type = NEW.seat_type AND user_id = NEW.user_id
      AND namespace = NEW.namespace;
END;

CREATE TRIGGER seats_tally_before_platform_update BEFORE UPDATE OF held ON seats
WHEN OLD.seat_type = 0 AND OLD.held <> NEW.held
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, -1 FROM seat_cells
    WHERE tenant_id = OLD.tenant_id AND seat_type = 1 AND user_id = OLD.user_id;
END;

CREATE TRIGGER seats_tally_after_platform_update AFTER UPDATE OF held ON seats
WHEN OLD.seat_type = 0 AND OLD.held <> NEW.held
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, 1 FROM seat_cells
    WHERE tenant_id = NEW.tenant_id AND seat_type = 1 AND user_id = NEW.user_id;
END;

CREATE TRIGGER seats_tally_insert AFTER INSERT ON seats WHEN NEW.held = 1
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, 1 FROM seat_cells
    WHERE tenant_id = NEW.tenant_id AND seat_type = NEW.seat_type AND user_id = NEW.user_id
      AND namespace = NEW.namespace;
    -- There was no platform seat before, so no app seat of the holder was redundant. (A trigger before an insertion would
    -- also be run for one that turns out to be an update.)
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags & ~2, -1 FROM seat_cells
    WHERE NEW.seat_type = 0 AND tenant_id = NEW.tenant_id AND seat_type = 1 AND user_id = NEW.user_id;
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, 1 FROM seat_cells
    WHERE NEW.seat_type = 0 AND tenant_id = NEW.tenant_id AND seat_type = 1 AND user_id = NEW.user_id;
END;

CREATE TRIGGER seats_tally_before_delete BEFORE DELETE ON seats WHEN OLD.held = 1
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, -1 FROM seat_cells
    WHERE tenant_id = OLD.tenant_id AND seat_type = OLD.seat_type AND user_id = OLD.user_id
      AND namespace = OLD.namespace;
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, -1 FROM seat_cells
    WHERE OLD.seat_type = 0 AND tenant_id = OLD.tenant_id AND seat_type = 1 AND user_id = OLD.user_id;
END;

CREATE TRIGGER seats_tally_after_delete AFTER DELETE ON seats WHEN OLD.held = 1 AND OLD.seat_type = 0
BEGIN
    INSERT INTO seat_tally_changes
    SELECT tenant_id, mark, day, seat_type, namespace, flags, 1 FROM seat_cells
    WHERE tenant_id = OLD.tenant_id AND seat_type = 1 AND user_id = OLD.user_id;
END;

