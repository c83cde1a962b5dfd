-- Schema 15: what belongs to a lead that is removed is found without reading the keys and the pairs of all leads.
-- Most leads are known by one key, the identity that they were made with; only the others are in the index, so that an
-- import of new leads does not pay for it.
ALTER TABLE lead_key ADD COLUMN learnt INTEGER NOT NULL DEFAULT 0 CHECK (learnt = 0 OR learnt = 1);

UPDATE lead_key SET learnt = 1 WHERE (key, lead_id) NOT IN (SELECT identity, id FROM lead);

CREATE INDEX lead_key_learnt ON lead_key (lead_id) WHERE learnt = 1;

CREATE INDEX duplicate_by_other ON duplicate (other_id);
