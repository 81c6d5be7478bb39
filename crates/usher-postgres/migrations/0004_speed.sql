-- Moves with every change of a tenant's people, apps and seats, within its transaction. What an instance remembers of who may
-- enter is good for as long as this is the number at which it was read.
ALTER TABLE audit_heads ADD COLUMN version bigint NOT NULL DEFAULT 0;
