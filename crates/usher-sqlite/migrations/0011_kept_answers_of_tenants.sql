-- Whose an answer is; 0 for nobody's, and for those that were kept before this was known.
ALTER TABLE kept_answers ADD COLUMN tenant_id INTEGER NOT NULL DEFAULT 0;
