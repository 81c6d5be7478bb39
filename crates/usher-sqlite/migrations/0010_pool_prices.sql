-- What a seat of the pool costs, in smallest coins of the currency, for a month or a year; all three or none.
ALTER TABLE pools ADD COLUMN price_minor_units INTEGER;
ALTER TABLE pools ADD COLUMN price_currency TEXT;
ALTER TABLE pools ADD COLUMN price_period TEXT;
