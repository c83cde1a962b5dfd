-- The path of a list may name a person. From here on it is one of the personal columns of an import: a copy can leave it out. No
-- table changes; the rows are witnessed again by these columns, and the earlier witnesses stay.
SELECT 1;
