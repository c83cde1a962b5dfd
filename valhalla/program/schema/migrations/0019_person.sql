-- A lead is a property with its owner. One owner may have many: the leads of a person are found by the strongest key that a
-- list gave. A lead whose property is not known is known by its person; it has none here.
ALTER TABLE lead ADD COLUMN person INTEGER;
CREATE INDEX lead_by_person ON lead (person) WHERE person IS NOT NULL;
