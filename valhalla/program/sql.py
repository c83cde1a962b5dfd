"""Statements about settings, the request to stop, and words that an audit entry must not hold, written by hand for the reason
given with each."""

from __future__ import annotations

# All of them, at the start of every command: a tenth of what a composed query takes.
SETTINGS = "SELECT key, value FROM setting ORDER BY key"
# One of them, with each draw from the list.
SETTING = "SELECT value FROM setting WHERE key = ?"

# Whether somebody asked to stop, ten times a second; whether the file has a lease, at each opening.
KEPT = "SELECT 1 FROM kv WHERE queue = ? AND key = ?"

# -- words that an audit entry must not hold -----------------------------------------------------------------

# By number: of the lead that an entry is about. Leads belong to a room above this one.
NAME_OF_LEAD = "SELECT name FROM lead WHERE id = ?"

# Inside the transaction of the entry. Alerts belong to valhalla.sandbox, a room above this one.
ALERT_OF_WORDS = """
INSERT INTO alert (task, severity, reason, context, correlation_id, state, seen, at, last_at)
VALUES (?1, 'error', ?2, '{}', ?3, 'open', 1, ?4, ?4)
"""

# A storm of such entries is one alert with a count.
COUNT_WORDS_AGAIN = """
UPDATE alert SET seen = seen + 1, last_at = ? WHERE task = ? AND reason = ? AND state <> 'closed'
"""

# A walk over a chain of any length, without the entries that only say which rows there are.
ENTRIES = "SELECT seq, subject, body FROM audit WHERE action NOT IN ('rows', 'evidence.table') ORDER BY seq"
