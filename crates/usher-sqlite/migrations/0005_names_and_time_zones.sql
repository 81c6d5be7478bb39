-- Names of apps by language, a JSON object of text by BCP 47 tag; and where a tenant's days begin, an IANA time zone.

ALTER TABLE apps ADD COLUMN names TEXT NOT NULL DEFAULT '{}';

ALTER TABLE tenants ADD COLUMN time_zone TEXT NOT NULL DEFAULT 'UTC';
