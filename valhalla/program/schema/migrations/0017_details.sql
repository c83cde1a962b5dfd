-- What lists know beside the columns of 0.1 (further numbers, the mailing address, other kinds of money, the house) is JSON in
-- the lead's row. A list without asking prices has leads whose price is not known yet. The rows stay as they are.
ALTER TABLE lead ALTER COLUMN value DROP NOT NULL;
ALTER TABLE lead ADD COLUMN details TEXT CHECK (details IS NULL OR json_valid(details));
-- Completeness counts the cells of the columns that a list has.
ALTER TABLE quality ADD COLUMN required INTEGER NOT NULL DEFAULT 3;
