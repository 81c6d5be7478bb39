-- Under what people are found as somebody types: from each word of their names on, and by their sign-in names, in small letters
-- and cut. The rule is usher_seats::search; whoever writes a user writes these (src/search_keys.rs).
CREATE TABLE user_search_keys (
    tenant_id   INTEGER NOT NULL,
    search_key  TEXT    NOT NULL,
    user_id     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, search_key, user_id)
) STRICT, WITHOUT ROWID;
