-- What the management API needs: answers under idempotency keys, and the routes of an app.

CREATE TABLE kept_answers (
    key_hash       BLOB    PRIMARY KEY,
    request_hash   BLOB    NOT NULL,
    answer         TEXT    NOT NULL,
    expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_at_ms);

CREATE INDEX app_routes_of_app ON app_routes (tenant_id, namespace, host, path_prefix);
