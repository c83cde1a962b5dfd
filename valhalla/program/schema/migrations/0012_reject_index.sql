-- Schema 14: how many rows of an import were refused, by state and code, is counted without a look at the rows.
DROP INDEX reject_by_import;

CREATE INDEX reject_by_import ON reject (import_id, state, code);
