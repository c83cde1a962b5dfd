-- Schema 11: what the cockpit asks for by time, and the search index made anew with the leads' markets in it.

CREATE INDEX import_by_start ON import (started_at);
CREATE INDEX outcome_by_time ON outcome (at);

DELETE FROM lead_search;
UPDATE lead_index_state SET lead_id = 0, history_id = 0 WHERE id = 1;
