-- What instances agree on. What is of no tenant has tenant_id 0, so that every key is led by it.

-- Calls in the present second and minute, a row per (API, client, tenant), rewritten in place. Unlogged: nothing of it is worth
-- a write to disk, and after a crash or on a promoted standby everybody begins a new window.
CREATE UNLOGGED TABLE rate_windows (
    tenant_id     bigint NOT NULL,
    api           text   COLLATE "C" NOT NULL,
    client_id     text   COLLATE "C" NOT NULL,
    second        bigint NOT NULL,
    second_calls  bigint NOT NULL,
    minute        bigint NOT NULL,
    minute_calls  bigint NOT NULL,
    PRIMARY KEY (tenant_id, api, client_id)
) WITH (fillfactor = 50);

-- How often something changed that the edge remembers: the sum over all rows. A change takes any row that nobody else holds
-- just now, and makes one when there is none; so there are as many rows as there were ever changes at one moment.
CREATE TABLE announcements (
    tenant_id  bigint NOT NULL DEFAULT 0,
    slot       uuid   NOT NULL,
    moves      bigint NOT NULL,
    PRIMARY KEY (tenant_id, slot)
) WITH (fillfactor = 50);

ALTER TABLE audit_heads DROP COLUMN moves;

-- Who does a job. Whoever holds it has its term; a later holder has a greater one.
CREATE TABLE leases (
    tenant_id  bigint NOT NULL DEFAULT 0,
    job        text   COLLATE "C" NOT NULL,
    term       bigint NOT NULL,
    lasts_ms   bigint NOT NULL,
    until_ms   bigint NOT NULL,
    done_ms    bigint,
    PRIMARY KEY (tenant_id, job)
) WITH (fillfactor = 50);

-- The instances and their last words. Whoever started last under a name has its term.
CREATE TABLE instances (
    tenant_id     bigint  NOT NULL DEFAULT 0,
    name          text    COLLATE "C" NOT NULL,
    term          bigint  NOT NULL,
    since_ms      bigint  NOT NULL,
    heard_at_ms   bigint  NOT NULL,
    watermark_ms  bigint  NOT NULL,
    may_spool     boolean NOT NULL,
    PRIMARY KEY (tenant_id, name)
) WITH (fillfactor = 50);

-- Answers are found by tenant and key.
ALTER TABLE kept_answers ALTER COLUMN tenant_id DROP DEFAULT;
