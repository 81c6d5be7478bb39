-- A seat that somebody took back is kept for whoever had it: until when, and how it was protected.
ALTER TABLE seats ADD COLUMN kept_until_ms INTEGER;
ALTER TABLE seats ADD COLUMN kept_protected_reason TEXT;

CREATE INDEX seats_kept ON seats (tenant_id, seat_type, namespace, kept_until_ms, user_id) WHERE kept_until_ms IS NOT NULL;
