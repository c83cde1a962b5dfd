-- Schema 10: which import closed a reject, so that taking that import back opens it again.
ALTER TABLE reject ADD COLUMN closed_by INTEGER REFERENCES import (id);

CREATE INDEX reject_closed ON reject (closed_by) WHERE closed_by IS NOT NULL;
CREATE INDEX reject_fixed ON reject (file_id, line) WHERE state = 'fixed';
