-- Stands here for as long as the ledger is a copy that has not ended: of what, how that stood, and how far it is (JSON).
CREATE TABLE copy_mark (
    number    INTEGER PRIMARY KEY CHECK (number = 1),
    source    TEXT NOT NULL,
    standing  TEXT NOT NULL,
    section   TEXT NOT NULL,
    place     TEXT
) STRICT;
