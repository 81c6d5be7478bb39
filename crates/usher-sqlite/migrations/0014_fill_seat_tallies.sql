-- Counts the seats that were there before they were counted as they change.
INSERT INTO seat_tallies (tenant_id, mark, day, seat_type, namespace, flags, seats)
SELECT tenant_id, mark, day, seat_type, namespace, flags, count(*) FROM seat_cells
GROUP BY tenant_id, mark, day, seat_type, namespace, flags;
