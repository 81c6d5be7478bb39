-- The mark of a transaction that changes something, written with it: whoever did not hear whether it was kept looks for it. Rows
-- are taken away after an hour, which is far longer than anybody repeats.
CREATE TABLE change_marks (
    tenant_id  bigint      NOT NULL,
    token      text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token)
);

CREATE INDEX change_marks_by_time ON change_marks (made_at);
