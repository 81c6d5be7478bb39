-- When people are on leave: from the first moment of it to the first moment after it.
CREATE TABLE leaves (
    tenant_id  INTEGER NOT NULL,
    user_id    INTEGER NOT NULL,
    from_ms    INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id, from_ms),
    CHECK (from_ms < until_ms),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users
) STRICT, WITHOUT ROWID;
