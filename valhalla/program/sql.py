"""Every statement about settings and about the request to stop."""

from __future__ import annotations

# All of them: there are few, and a command asks for several.
SETTINGS = "SELECT key, value FROM setting ORDER BY key"

# The same with who set what and when, for the pages that show it.
SETTINGS_IN_FULL = "SELECT key, value, updated_at, updated_by FROM setting"

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
