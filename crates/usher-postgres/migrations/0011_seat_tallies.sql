-- How many seats in use stand at which days, for figures that must not cost as much as there are seats. The rule is
-- usher_seats::overview, how it is kept src/tallies.rs. part 0 is written by whoever counts, one at a time; others add rows
-- of their own, so that nobody waits. Counts of another generation than that of tally_standing are not believed.
CREATE TABLE seat_tallies (
    tenant_id   bigint   NOT NULL,
    generation  bigint   NOT NULL,
    mark        smallint NOT NULL,
    day         integer  NOT NULL,
    seat_type   smallint NOT NULL,
    namespace   text     COLLATE "C" NOT NULL,
    flags       smallint NOT NULL,
    part        bigint   NOT NULL,
    seats       bigint   NOT NULL,
    PRIMARY KEY (tenant_id, generation, mark, day, seat_type, namespace, flags, part)
) WITH (fillfactor = 70);

-- People who came through a seat on another day of UTC than before, and are not counted anew yet: a row per batch and tenant.
CREATE TABLE fresh_uses (
    tenant_id           bigint   NOT NULL,
    transaction_number  bigint   NOT NULL,
    oldest_ms           bigint   NOT NULL,
    user_ids            bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, transaction_number)
);

-- As what a seat is counted, and since when it is idle as of then, exact to the day of UTC. All of it empty: not counted.
ALTER TABLE seats
    ADD COLUMN counted_in              bigint,
    ADD COLUMN counted_flags           smallint,
    ADD COLUMN counted_assigned_at_ms  bigint,
    ADD COLUMN last_admitted_ms        bigint,
    ADD COLUMN idle_since_day          integer;

-- Seats that are no longer what they are counted as, whoever wrote them. The condition stands in src/tallies.rs, too.
CREATE INDEX IF NOT EXISTS seats_uncounted ON seats (tenant_id, user_id)
    WHERE held <> (counted_in IS NOT NULL)
       OR held AND (counted_assigned_at_ms <> assigned_at_ms
                    OR (counted_flags & 1 = 1) <> (protected_reason IS NOT NULL));

CREATE INDEX IF NOT EXISTS seats_idle ON seats (tenant_id, seat_type, idle_since_day, user_id, namespace)
    WHERE held AND idle_since_day IS NOT NULL;
CREATE INDEX IF NOT EXISTS seats_never_used ON seats (tenant_id, seat_type, idle_since_day, user_id, namespace)
    WHERE held AND idle_since_day IS NOT NULL AND last_admitted_ms IS NULL;
CREATE INDEX IF NOT EXISTS seats_idle_of_app ON seats (tenant_id, namespace, idle_since_day, user_id)
    WHERE held AND idle_since_day IS NOT NULL AND seat_type = 1;

-- Whether the tallies are to be believed, and how far the walk is that counts everybody.
CREATE TABLE tally_standing (
    number      smallint PRIMARY KEY CHECK (number = 1),
    generation  bigint   NOT NULL,
    trusted     boolean  NOT NULL,
    tenant_id   bigint   NOT NULL DEFAULT 0,
    user_id     bigint   NOT NULL DEFAULT 0
);

INSERT INTO tally_standing (number, generation, trusted)
SELECT 1, 1, NOT EXISTS (SELECT 1 FROM seats) AND NOT EXISTS (SELECT 1 FROM instances);

-- An instance that knows of the tallies says so with its term. One that does not lets people in without a word in fresh_uses:
-- from its first word on the tallies are not believed, and when it is gone everybody is counted from the beginning.
ALTER TABLE instances ADD COLUMN tallies_term bigint;

CREATE FUNCTION distrust_tallies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tally_standing SET generation = generation + 1, trusted = FALSE, tenant_id = 0, user_id = 0
    WHERE trusted OR tenant_id > 0 OR user_id > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER instances_distrust_tallies AFTER INSERT OR UPDATE ON instances
    FOR EACH ROW WHEN (NEW.tallies_term IS DISTINCT FROM NEW.term) EXECUTE FUNCTION distrust_tallies();
