-- The key that all instances derive theirs from, or, where the operator keeps it in a file, only what it is recognized by.
-- One row, in a reference table: it is of no tenant.
CREATE TABLE ledger_keys (
    number       smallint PRIMARY KEY CHECK (number = 1),
    content      bytea,
    fingerprint  bytea NOT NULL
);
