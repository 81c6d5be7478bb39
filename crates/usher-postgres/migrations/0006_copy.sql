-- Stands here for as long as the ledger is a copy that has not ended: of what, how that stood, and how far it is (JSON).
CREATE TABLE copy_marks (
    number    smallint PRIMARY KEY CHECK (number = 1),
    source    text NOT NULL,
    standing  text NOT NULL,
    section   text NOT NULL,
    place     text
);
