-- What a seat of the pool costs, in smallest coins of the currency, for a month or a year; all three or none.
ALTER TABLE pools ADD COLUMN price_minor_units bigint;
ALTER TABLE pools ADD COLUMN price_currency text;
ALTER TABLE pools ADD COLUMN price_period text;
