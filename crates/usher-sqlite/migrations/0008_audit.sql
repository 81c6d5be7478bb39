-- The audit log: one chain of records per tenant, and that of tenant_id 0 for what concerns no tenant.

CREATE TABLE audit_records (
    tenant_id    INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    actor_kind   TEXT    NOT NULL,
    actor_name   TEXT,
    client_id    TEXT,
    address      TEXT,
    reason       TEXT,
    action       TEXT    NOT NULL,
    object_kind  TEXT    NOT NULL,
    object_name  TEXT    NOT NULL,
    before       TEXT,
    after        TEXT,
    hash         BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
) STRICT, WITHOUT ROWID;

-- Each ends with the sequence, which SQLite adds because it is part of the key.
CREATE INDEX audit_records_by_time ON audit_records (tenant_id, at_ms);
CREATE INDEX audit_records_of_object ON audit_records (tenant_id, object_kind, object_name, at_ms);
CREATE INDEX audit_records_of_actor ON audit_records (tenant_id, actor_kind, actor_name, at_ms);

-- The end of each chain, so that a missing end is noticed and the next record need not look for it.
CREATE TABLE audit_heads (
    tenant_id  INTEGER PRIMARY KEY,
    sequence   INTEGER NOT NULL,
    hash       BLOB    NOT NULL
) STRICT;
