"""Every statement about settings, the request to stop, and words that an audit entry must not hold."""

from __future__ import annotations

# All of them: there are few, and a command asks for several.
SETTINGS = "SELECT key, value FROM setting ORDER BY key"


# What was set is replaced, with who did it and when.
SAVE_SETTING = """
INSERT INTO setting (key, value, updated_at, updated_by) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""

# A request to stop is one of the queue's values, which is no evidence: asked ten times a second, by key.
ASK_TO_STOP = (
    "INSERT INTO kv (queue, key, value) VALUES ('service', 'stop', x'31') ON CONFLICT (queue, key) DO NOTHING"
)
# One step in the index of the key.
ASKED_TO_STOP = "SELECT 1 FROM kv WHERE queue = 'service' AND key = 'stop'"
# When a run starts: an older request is not meant for it.
FORGET_STOP = "DELETE FROM kv WHERE queue = 'service' AND key = 'stop'"

# -- words that an audit entry must not hold -----------------------------------------------------------------

# By number: of the lead that an entry is about.
NAME_OF_LEAD = "SELECT name FROM lead WHERE id = ?"

# Inside the transaction of the entry, where nobody can be told yet; the rows are those of valhalla.sandbox.alerts.
ALERT_OF_WORDS = """
INSERT INTO alert (task, severity, reason, context, correlation_id, state, seen, at, last_at)
VALUES (?1, 'error', ?2, '{}', ?3, 'open', 1, ?4, ?4)
"""
NEWEST_ALERT = "SELECT max(id) FROM alert"

# A storm of such entries is one alert with a count.
COUNT_WORDS_AGAIN = """
UPDATE alert SET seen = seen + 1, last_at = ? WHERE task = ? AND reason = ? AND state <> 'closed'
"""

# A walk over the chain, without the entries that only say which rows there are.
ENTRIES = "SELECT seq, subject, body FROM audit WHERE action NOT IN ('rows', 'evidence.table') ORDER BY seq"
