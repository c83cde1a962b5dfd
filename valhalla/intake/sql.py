"""The statements of an import, in one place."""

from __future__ import annotations

from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.row import Row

CONTENT = Row._fields[: Row._fields.index("identity")]
"""What a list says about a lead: the columns that a row fills."""

STAGES = Decision._fields

FROM_ROW = Row._fields[: Row._fields.index("line") + 1]
DECIDED = STAGES[: STAGES.index("score") + 1]


NEW_LEAD = ("id", *FROM_ROW, "suppressed", *DECIDED)
"""The columns of a new lead that differ from those of other new leads of its chunk."""


def common_to(
    *, header_id: int | None, file_id: int, import_id: int, at: int, policy_version: int, snapshot_id: int
) -> dict[str, int | None]:
    """What all new leads of one chunk have in common."""
    return {
        "header_id": header_id,
        "file_id": file_id,
        "import_id": import_id,
        "last_import_id": import_id,
        "lists": 1,
        "created_at": at,
        "updated_at": at,
        "decided_at": at,
        "policy_version": policy_version,
        "snapshot_id": snapshot_id,
    }


UPDATE_LEAD = "UPDATE lead SET {} WHERE id = ?".format(
    ", ".join(
        f"{column} = ?"
        for column in (
            "fingerprint",
            *CONTENT,
            "header_id",
            "last_import_id",
            "lists",
            "updated_at",
            "suppressed",
            *STAGES,
        )
    )
)

# Most rows of a new list are unknown: the join touches table lead only for keys that exist.
FIND_BY_KEY = """
SELECT k.value, l.id, l.fingerprint, l.file_id, l.last_import_id
FROM carray(?1) AS k CROSS JOIN lead_key AS x ON x.key = k.value CROSS JOIN lead AS l ON l.id = x.lead_id
"""

READ_LEADS = f"""
SELECT l.id, l.identity, l.fingerprint, l.file_id, l.last_import_id, l.line,
  {", ".join("l." + column for column in CONTENT)},
  l.header_id, l.lists, l.created_at, l.suppressed, l.status, l.variant_id, f.source_id
FROM carray(?1) AS k CROSS JOIN lead AS l ON l.id = k.value LEFT JOIN file AS f ON f.id = l.file_id
"""

FIND_SIGHTINGS = """
SELECT s.lead_id, s.fingerprint FROM carray(?1) AS k CROSS JOIN sighting AS s ON s.lead_id = k.value AND s.file_id = ?2
"""

FIND_SEEN = """
SELECT s.lead_id FROM carray(?1) AS k CROSS JOIN import_seen AS s ON s.import_id = ?2 AND s.lead_id = k.value
"""

FIND_OVERTAKEN = """
SELECT o.lead_id, o.fingerprint FROM carray(?1) AS k CROSS JOIN overtaken AS o ON o.lead_id = k.value
"""

# A number that was given out once is never given out again, even when its lead was removed.
NEXT_LEAD_ID = """
SELECT max(coalesce((SELECT max(id) FROM lead), 0), (SELECT last_id FROM lead_generation WHERE id = 1)) + 1
"""
READ_GENERATION = "SELECT value FROM lead_generation WHERE id = 1"
MOVE_GENERATION = "UPDATE lead_generation SET value = value + 1 WHERE id = 1"

# The index of learnt keys finds those of a lead that are not its identity.
ADD_KEY = "INSERT INTO lead_key (key, lead_id, learnt) VALUES (?, ?, 1) ON CONFLICT (key) DO NOTHING"
ADD_KEYS_OF_NEW = """
INSERT INTO lead_key (key, lead_id) SELECT identity, id FROM lead WHERE id BETWEEN ? AND ? ORDER BY identity
ON CONFLICT (key) DO NOTHING
"""
# One of them. Short: APSW looks at the whole text for every row.
ADD_KEY_OF_NEW = "INSERT INTO lead_key VALUES (?,?,0) ON CONFLICT DO NOTHING"
ADD_SEEN = "INSERT INTO import_seen (import_id, lead_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
ADD_OVERTAKEN = "INSERT INTO overtaken (lead_id, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING"
ADD_HISTORY = (
    "INSERT INTO lead_history (lead_id, at, actor, cause, import_id, before) VALUES (?, ?, ?, ?, ?, ?)"
)
PUT_SIGHTING = """
INSERT INTO sighting (lead_id, file_id, source_id, import_id, line, fingerprint, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lead_id, file_id) DO UPDATE SET
  import_id = excluded.import_id, line = excluded.line, fingerprint = excluded.fingerprint, last_seen = excluded.last_seen
"""
ADD_CHANGE = """
INSERT INTO lead_change (lead_id, import_id, line, fingerprint, body, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lead_id, fingerprint) DO NOTHING
"""
ADD_REJECT = """
INSERT INTO reject (import_id, file_id, line, column, code, message, value, raw, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# The fence of an import: a second importer of the same file, or one whose lease was taken over, changes no row here.
ADVANCE = """
UPDATE import SET position = ?, digest = ?, rows = rows + ?, new = new + ?, updated = updated + ?,
  unchanged = unchanged + ?, duplicate = duplicate + ?, rejected = rejected + ?, blank = blank + ?, warnings = ?
WHERE id = ? AND position = ? AND state = 'running'
"""

START = """
INSERT INTO import (file_id, source_id, path, state, kind, start, position, profile, started_at)
VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?) RETURNING id
"""
DESCRIBE = "UPDATE import SET encoding = ?, delimiter = ?, header_id = ?, fields = ?, names = ?, warnings = ? WHERE id = ?"
ADD_COLUMNS = "UPDATE import SET header_id = ? WHERE id = ?"
FINISH = "UPDATE import SET state = 'done', finished_at = ? WHERE id = ?"
FAIL = "UPDATE import SET state = 'failed', error_code = ?, error_message = ?, finished_at = ? WHERE id = ?"
CLEAR_SEEN = "DELETE FROM import_seen WHERE import_id = ?"
SUPERSEDE_REJECTS = """
UPDATE reject SET state = 'superseded'
WHERE id IN (SELECT id FROM reject WHERE file_id = ? AND state = 'open' LIMIT ?)
"""

FIND_RUNNING = """
SELECT id, kind, start, position, digest, profile, started_at, warnings FROM import
WHERE file_id = ? AND state = 'running' ORDER BY id
"""
FIND_FILE = """
SELECT id, source_id, size, modified_ns, inode, offset, digest, rows, rejected, profile, import_id, error_code, error
FROM file WHERE path = ?
"""
ADD_FILE = "INSERT INTO file (path, source_id) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET source_id = excluded.source_id"
SETTLE_FILE = """
UPDATE file SET size = ?, modified_ns = ?, inode = ?, offset = ?, digest = ?, rows = ?, rejected = ?, profile = ?,
  import_id = ?, error_code = NULL, error = NULL, looked_at = ? WHERE id = ?
"""
TOUCH_FILE = "UPDATE file SET size = ?, modified_ns = ?, inode = ?, looked_at = ? WHERE id = ?"
SPOIL_FILE = """
UPDATE file SET size = ?, modified_ns = ?, inode = ?, offset = 0, digest = '', profile = ?, error_code = ?, error = ?,
  looked_at = ? WHERE id = ?
"""

# A repaired row closes its reject. One that is refused again takes the place of the old one.
CLOSE_REJECT = (
    "UPDATE reject SET state = ?, closed_by = ? WHERE id = ? AND (state = 'open' OR state = 'superseded')"
)

# The list itself still holds what was repaired elsewhere: reading it again opens nothing that was closed.
KNOWN_REPAIRS = """
UPDATE reject SET state = 'fixed', closed_by = old.closed_by FROM reject AS old
WHERE reject.import_id = ?1 AND reject.state = 'open' AND old.file_id = reject.file_id AND old.line = reject.line
  AND old.state = 'fixed' AND old.raw = reject.raw AND old.import_id <> ?1
"""
HAS_REPAIRS = "SELECT 1 FROM reject WHERE file_id = ? AND state = 'fixed' LIMIT 1"

LAST_NAMES = """
SELECT names, fields FROM import
WHERE source_id = ? AND id < ? AND state = 'done' AND names IS NOT NULL AND (? IS NULL OR file_id = ?)
ORDER BY id DESC LIMIT 1
"""
SUGGEST_MAPPING = """
INSERT INTO mapping (source_id, header, fields, origin, created_at) VALUES (?, ?, ?, 'suggested', ?)
ON CONFLICT (source_id, header) DO UPDATE SET fields = excluded.fields WHERE origin = 'suggested'
"""
SUGGESTED = "SELECT id, header, fields FROM mapping WHERE source_id = ? AND origin = 'suggested' ORDER BY id"

ADOPT_FILE = "UPDATE file SET adopted = 1 WHERE id = ?"
ADOPTED_FILES = (
    "SELECT f.path, s.name FROM file AS f JOIN source AS s ON s.id = f.source_id WHERE f.adopted = 1"
)
SOURCE_OF_REJECT = """
SELECT s.name FROM reject AS r JOIN import AS i ON i.id = r.import_id JOIN source AS s ON s.id = i.source_id
WHERE r.id = ?
"""

FIND_HEADER = "SELECT id FROM header WHERE digest = ?"
ADD_HEADER = "INSERT INTO header (digest, names) VALUES (?, ?) RETURNING id"

FIND_SOURCE = "SELECT id, profile FROM source WHERE name = ?"
ADD_SOURCE = "INSERT INTO source (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
READ_SOURCES = "SELECT id, name, pattern, profile FROM source ORDER BY id"
FIND_MAPPINGS = "SELECT header, fields FROM mapping WHERE source_id = ? AND origin = 'accepted' ORDER BY id"

READ_IMPORT = """
SELECT id, path, state, kind, fields, warnings, rows, new, updated, unchanged, duplicate, rejected, blank,
  error_code, error_message, file_id, names FROM import WHERE id = ?
"""
READ_REJECTS = """
SELECT line, column, code, message FROM reject WHERE file_id = ? AND state = 'open' ORDER BY line, id LIMIT ?
"""
# The first of them by number, which the index holds, are the first of the list.
READ_IMPORT_REJECTS = """
SELECT line, column, code, message FROM reject
WHERE id IN (SELECT id FROM reject WHERE import_id = ? ORDER BY id LIMIT ?) ORDER BY id
"""
