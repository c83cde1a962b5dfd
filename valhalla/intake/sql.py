"""The statements of an import, in one place."""

from __future__ import annotations

from valhalla.scoring.stages.lead import Decision
from valhalla.scoring.stages.row import CONTENT, Row

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


# The whole row: one prepared statement, whichever columns a list has changed.
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

# Those of some owners who opted out on any of their leads: by the index of owners.
OWNERS_OPTED_OUT = """
SELECT DISTINCT l.person FROM carray(?1) AS k CROSS JOIN lead AS l ON l.person = k.value CROSS JOIN outcome AS o ON o.lead_id = l.id
WHERE o.event = 'opted_out' AND o.undone_at IS NULL
"""

# Most rows of a new list are unknown: the join touches table lead only for keys that exist.
FIND_BY_KEY = """
SELECT k.value, l.id, l.fingerprint, l.file_id, l.last_import_id
FROM carray(?1) AS k CROSS JOIN lead_key AS x ON x.key = k.value CROSS JOIN lead AS l ON l.id = x.lead_id
"""

# The known leads of a chunk with everything that is compared, in one statement: an import reads no lead by itself.
READ_LEADS = f"""
SELECT l.id, l.identity, l.fingerprint, l.file_id, l.last_import_id, l.line,
  {", ".join("l." + column for column in CONTENT)},
  l.header_id, l.lists, l.created_at, l.suppressed, l.status, l.variant_id, f.source_id, l.corrected
FROM carray(?1) AS k CROSS JOIN lead AS l ON l.id = k.value LEFT JOIN file AS f ON f.id = l.file_id
"""

# What this list said about them last time.
FIND_SIGHTINGS = """
SELECT s.lead_id, s.fingerprint FROM carray(?1) AS k CROSS JOIN sighting AS s ON s.lead_id = k.value AND s.file_id = ?2
"""

# Rows that say the same again are not understood again. Those that were warned about are, so that the warning is repeated.
SAID_BEFORE = (
    "SELECT fingerprint, identity FROM lead WHERE file_id = ? AND warnings IS NULL ORDER BY fingerprint"
)

# Those that this import has named already: a second row about one is a duplicate.
FIND_SEEN = """
SELECT s.lead_id FROM carray(?1) AS k CROSS JOIN import_seen AS s ON s.import_id = ?2 AND s.lead_id = k.value
"""

# What lists said that a later list has corrected: it says nothing new.
FIND_OVERTAKEN = """
SELECT o.lead_id, o.fingerprint FROM carray(?1) AS k CROSS JOIN overtaken AS o ON o.lead_id = k.value
"""

# A number that was given out once is never given out again, even when its lead was removed.
NEXT_LEAD_ID = """
SELECT max(coalesce((SELECT max(id) FROM lead), 0), (SELECT last_id FROM lead_generation WHERE id = 1)) + 1
"""
# Planned outside of the transaction: whether a lead has changed since is asked inside.
READ_GENERATION = "SELECT value FROM lead_generation WHERE id = 1"
# Tells others that plan in the same way.

# The index of learnt keys finds those of a lead that are not its identity.
ADD_KEY = "INSERT INTO lead_key (key, lead_id, learnt) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING"
# Those of a transaction, see new_keys.py.
MAKE_NEW_KEYS = """
CREATE TEMPORARY TABLE IF NOT EXISTS new_key (key INTEGER NOT NULL PRIMARY KEY, lead_id INTEGER NOT NULL, learnt INTEGER NOT NULL)
"""
# The identities that leads were made with, whose numbers follow on each other.
ADD_IDENTITIES = """
INSERT INTO temp.new_key SELECT k.value, ?2 + k.rowid, 0 FROM carray(?1) AS k WHERE true ORDER BY k.value ON CONFLICT DO NOTHING
"""
# The others. Short: APSW looks at the whole text for every row.
ADD_NEW_KEY = "INSERT INTO temp.new_key VALUES (?,?,?) ON CONFLICT DO NOTHING"
FIND_NEW_KEYS = "SELECT n.key, n.lead_id FROM carray(?1) AS k CROSS JOIN temp.new_key AS n ON n.key = k.value"
COUNT_NEW_KEYS = "SELECT count(*) FROM temp.new_key"
# A part of them, in the order of the index, without a value crossing into Python.
STORE_NEW_KEYS = """
INSERT INTO lead_key (key, lead_id, learnt) SELECT key, lead_id, learnt FROM temp.new_key WHERE key BETWEEN ? AND ? ORDER BY key
ON CONFLICT (key) DO NOTHING
"""
CLEAR_NEW_KEYS = "DELETE FROM temp.new_key"
# Only of leads whose row changed nothing; the others name the import themselves.
ADD_SEEN = "INSERT INTO import_seen (import_id, lead_id) SELECT ?1, value FROM carray(?2) WHERE true ON CONFLICT DO NOTHING"
# What a lead said before, for undoing the import.
ADD_HISTORY = (
    "INSERT INTO lead_history (lead_id, at, actor, cause, import_id, before) VALUES (?, ?, ?, ?, ?, ?)"
)
# One row for each list and lead, however often the list is read.
PUT_SIGHTING = """
INSERT INTO sighting (lead_id, file_id, source_id, import_id, line, fingerprint, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (lead_id, file_id) DO UPDATE SET
  import_id = excluded.import_id, line = excluded.line, fingerprint = excluded.fingerprint, last_seen = excluded.last_seen
"""
# What waits for a person, once however often the list says it.
ADD_CHANGE = """
INSERT INTO lead_change (lead_id, import_id, line, fingerprint, body, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (lead_id, fingerprint) DO NOTHING
"""
# Millions in the worst case: one prepared statement for a chunk.
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

# With the position it begins at, which an undo and a resumed import compare.
START = """
INSERT INTO import (file_id, source_id, path, state, kind, start, position, profile, started_at)
VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?) RETURNING id
"""
# Known only when the list is open, after the import has a number.
DESCRIBE = "UPDATE import SET encoding = ?, delimiter = ?, header_id = ?, fields = ?, names = ?, warnings = ? WHERE id = ?"
# A JSON list may show a new column late.
ADD_COLUMNS = "UPDATE import SET header_id = ? WHERE id = ?"
# The condition is the fence again: a reader that was overtaken finishes nothing.
FINISH = "UPDATE import SET state = 'done', finished_at = ? WHERE id = ?"
# The sentence that people see stands with the import.
FAIL = "UPDATE import SET state = 'failed', error_code = ?, error_message = ?, finished_at = ? WHERE id = ?"
# Working data of a running import.
CLEAR_SEEN = "DELETE FROM import_seen WHERE import_id = ?"
# In parts: there may be millions, and all would be held as evidence at once.
SUPERSEDE_REJECTS = """
UPDATE reject SET state = 'superseded'
WHERE id IN (SELECT id FROM reject WHERE file_id = ? AND state = 'open' LIMIT ?)
"""

# Imports of the list that never ended; one of them may be continued.
FIND_RUNNING = """
SELECT id, kind, start, position, digest, profile, started_at, warnings FROM import
WHERE file_id = ? AND state = 'running' ORDER BY id
"""
# What a look at the file on the disk is compared with.
FIND_FILE = """
SELECT id, source_id, size, modified_ns, inode, offset, digest, rows, rejected, profile, import_id, error_code, error
FROM file WHERE path = ?
"""
# A list may move to another source.
ADD_FILE = "INSERT INTO file (path, source_id) VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET source_id = excluded.source_id"
# After a good reading, so that the next look finds nothing to do.
SETTLE_FILE = """
UPDATE file SET size = ?, modified_ns = ?, inode = ?, offset = ?, digest = ?, rows = ?, rejected = ?, profile = ?,
  import_id = ?, error_code = NULL, error = NULL, looked_at = ? WHERE id = ?
"""
# Same content with a new date: noted, so that it is not read to find out again.
TOUCH_FILE = "UPDATE file SET size = ?, modified_ns = ?, inode = ?, looked_at = ? WHERE id = ?"
# Not to be read again until it changes.
SPOIL_FILE = """
UPDATE file SET size = ?, modified_ns = ?, inode = ?, offset = 0, digest = '', profile = ?, error_code = ?, error = ?,
  looked_at = ? WHERE id = ?
"""

# Where the last reading of a list ended, with what its parser knew there.
END_OF_IMPORT = "SELECT position FROM import WHERE id = ?"

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
# Nearly no list has any, and KNOWN_REPAIRS is not cheap.
HAS_REPAIRS = "SELECT 1 FROM reject WHERE file_id = ? AND state = 'fixed' LIMIT 1"

# The columns of the list before, for saying what is different.
LAST_NAMES = """
SELECT names, fields FROM import
WHERE source_id = ? AND id < ? AND state = 'done' AND names IS NOT NULL AND (? IS NULL OR file_id = ?)
ORDER BY id DESC LIMIT 1
"""

# A repaired list of rejects belongs to the source of its rows from then on.
ADOPT_FILE = "UPDATE file SET adopted = 1 WHERE id = ?"
# All at once for a pass over the folders.
ADOPTED_FILES = (
    "SELECT f.path, s.name FROM file AS f JOIN source AS s ON s.id = f.source_id WHERE f.adopted = 1"
)
# A repaired list names the numbers of its rejects.
SOURCE_OF_REJECT = """
SELECT s.name FROM reject AS r JOIN import AS i ON i.id = r.import_id JOIN source AS s ON s.id = i.source_id
WHERE r.id = ?
"""

# The names of extra columns are stored once.
FIND_HEADER = "SELECT id FROM header WHERE digest = ?"
# The other half of FIND_HEADER.
ADD_HEADER = "INSERT INTO header (digest, names) VALUES (?, ?) RETURNING id"


# A later whole reading of the same list, which must be undone first.
NEXT_READING = """
SELECT id FROM import WHERE file_id = (SELECT file_id FROM import WHERE id = ?1) AND id > ?1 AND kind = 'whole'
  AND (state = 'done' OR state = 'running') ORDER BY id LIMIT 1
"""

# What a preview depends on besides its list and its rules.
KNOWN_SO_FAR = (
    "SELECT (SELECT coalesce(max(id), 0) FROM import), (SELECT value FROM lead_generation WHERE id = 1)"
)

# Of all imports; there is a row for each list, not for each lead.
ROWS_BY_OUTCOME = """
SELECT coalesce(sum(new), 0), coalesce(sum(updated), 0), coalesce(sum(unchanged), 0), coalesce(sum(duplicate), 0), coalesce(sum(rejected), 0)
FROM import
"""

# Its rules, by name, before each list.
FIND_SOURCE = "SELECT id, pattern, profile FROM source WHERE name = ?"
# A source exists from the first list of it.
ADD_SOURCE = "INSERT INTO source (name, created_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
# Accepted ones only, before each list: a suggestion changes nothing.
FIND_MAPPINGS = "SELECT header, fields FROM mapping WHERE source_id = ? AND origin = 'accepted' ORDER BY id"
# All of them, for finding which files on the disk belong to which.
READ_SOURCES = "SELECT id, name, pattern, profile FROM source ORDER BY id"

# An import as its result is reported.
READ_IMPORT = """
SELECT id, path, state, kind, fields, warnings, rows, new, updated, unchanged, duplicate, rejected, blank,
  error_code, error_message, file_id, names FROM import WHERE id = ?
"""
# The open ones of a list that was not read again.
READ_REJECTS = """
SELECT line, column, code, message FROM reject WHERE file_id = ? AND state = 'open' ORDER BY line, id LIMIT ?
"""
# The first of them by number, which the index holds, are the first of the list.
READ_IMPORT_REJECTS = """
SELECT line, column, code, message FROM reject
WHERE id IN (SELECT id FROM reject WHERE import_id = ? ORDER BY id LIMIT ?) ORDER BY id
"""


# -- one lead typed by a person --------------------------------------------------------------------

# One list for each source of leads that are typed.
LIST_BY_HAND = "SELECT max(id) FROM file WHERE source_id = ? AND path LIKE '(by hand)%'"
# What is typed has no lines; they are counted.
COUNT_IMPORTS = "SELECT count(*) FROM import WHERE file_id = ?"
# A fingerprint of 0 is that of no row: what the list says next counts as new, although it said so before.
FORGET_FINGERPRINT = "UPDATE lead SET fingerprint = 0 WHERE id = ? AND file_id = ?"
# The same for what a second list said.
FORGET_SIGHTED = "UPDATE sighting SET fingerprint = 0 WHERE lead_id = ? AND file_id = ?"


# -- imports as people see them --------------------------------------------------------------------

_IMPORT_COLUMNS = """
i.id, i.path, s.name, i.state, i.kind, i.rows, i.new, i.updated, i.unchanged, i.duplicate, i.rejected, i.blank,
i.started_at, i.finished_at
"""
# Three filters that may be missing, over a table of few rows.
RECENT_IMPORTS = f"""
SELECT {_IMPORT_COLUMNS} FROM import AS i JOIN source AS s ON s.id = i.source_id
WHERE (:before IS NULL OR i.id < :before) AND (:source IS NULL OR s.name = :source) AND (:state IS NULL OR i.state = :state)
ORDER BY i.id DESC LIMIT :limit
"""
# With how it was read, for the page of one import.
IMPORT_IN_FULL = f"""
SELECT {_IMPORT_COLUMNS}, i.encoding, i.delimiter, i.fields, i.names, i.warnings, i.error_code, i.error_message, i.profile
FROM import AS i JOIN source AS s ON s.id = i.source_id WHERE i.id = ?
"""
# By state first, as the index has them: so nothing but the few sums is put in order.
REJECTS_BY_CODE = """
SELECT code, sum(rows) FROM (SELECT code, count(*) AS rows FROM reject WHERE import_id = ? GROUP BY state, code)
GROUP BY code ORDER BY 2 DESC, 1
"""
# What was undone and what stayed.
UNDO_OF_IMPORT = "SELECT at, actor, reversed, kept, failed, items FROM import_undo WHERE import_id = ?"
# The list that an import read, to read it again.
LIST_OF_IMPORT = """
SELECT f.path, s.name FROM import AS i JOIN file AS f ON f.id = i.file_id JOIN source AS s ON s.id = f.source_id WHERE i.id = ?
"""
# The same by its path.
LIST_OF_PATH = "SELECT f.path, s.name FROM file AS f JOIN source AS s ON s.id = f.source_id WHERE f.path = ?"


# -- rejects as people see them, and as a file to repair -------------------------------------------

# {which}: the conditions of a choice. Only those that were given, because SQLite finds no index for "not given, or equal".
_OPEN = "JOIN import AS i ON i.id = r.import_id JOIN source AS s ON s.id = i.source_id WHERE r.state = 'open' {which}"
# Of a forgotten person nothing is left to repair, nor of somebody who may be one.
_KEPT = f"{_OPEN} AND r.code NOT IN ('FORGOTTEN', 'HELD')"
# A page, by number.
OPEN_REJECTS = f"""
SELECT r.id, i.path, r.import_id, r.line, r.column, r.code, r.message, r.value, s.name FROM reject AS r {_OPEN}
  AND r.id > :after ORDER BY r.id LIMIT :limit
"""
# What is wrong with most of them.
OPEN_REJECTS_BY_CODE = f"SELECT r.code, count(*) FROM reject AS r {_OPEN} GROUP BY r.code ORDER BY 2 DESC, 1"
# Of those that an export holds: of a forgotten person nothing is left to repair.
OPEN_REJECTS_BY_SOURCE = f"SELECT s.name, count(*) FROM reject AS r {_KEPT} GROUP BY s.name ORDER BY s.name"
# The columns of every list that has some.
HEADERS_OF_REJECTS = (
    f"SELECT i.names, i.fields, i.delimiter FROM reject AS r {_OPEN} GROUP BY i.id ORDER BY i.id"
)
# Where RAW_REJECTS begins.
FIRST_REJECT = f"SELECT min(r.id) FROM reject AS r {_KEPT}"
# By number, from where the last thousand ended: with an index, each thousand would be sorted out of all.
RAW_REJECTS = f"""
SELECT r.id, r.line, r.message, r.column, r.raw, i.names, i.delimiter FROM reject AS r NOT INDEXED {_KEPT}
  AND r.id >= :first ORDER BY r.id LIMIT 1000
"""
# A scan, for the erasure of a person: a refused row is kept as it came, so only its text says whom it is about.
REJECTED_TEXTS = """
SELECT id, raw, value, message FROM reject WHERE id > ? AND (raw <> '' OR value IS NOT NULL) ORDER BY id LIMIT 5000
"""
# The same for what imports and lists say of themselves: a file may be called after a person.
TEXTS_OF_IMPORTS = "SELECT id, path, warnings, error_message FROM import ORDER BY id"
BLANK_IMPORT = """
UPDATE import SET path = '(left out ' || id || ')', warnings = '[]',
  error_message = CASE WHEN error_message IS NOT NULL THEN 'left out' END WHERE id = ?
"""
# Its warnings only, where the path names nobody.
BLANK_WARNINGS = """
UPDATE import SET warnings = '[]', error_message = CASE WHEN error_message IS NOT NULL THEN 'left out' END WHERE id = ?
"""
TEXTS_OF_FILES = "SELECT id, path, error FROM file ORDER BY id"
BLANK_FILE = "UPDATE file SET path = '(left out ' || id || ')', error = NULL WHERE id = ?"
# It stays counted.
BLANK_REJECT = """
UPDATE reject SET raw = NULL, value = NULL, message = 'The person asked to be forgotten', state = 'ignored' WHERE id = ?
"""


# Lists in a file that were found when it was read as it is now.
LISTS_WITHIN = """
SELECT part.path FROM file AS part JOIN file AS whole ON whole.path = ?3 AND whole.size = part.size
  AND whole.modified_ns = part.modified_ns
WHERE part.path > ?1 AND part.path < ?2 ORDER BY part.id
"""


# Rows that were repaired in place stand in a list of their own next to the one that had them.
FILE_CALLED = "SELECT id FROM file WHERE path = ?"
# An open refused row with its columns; an offer is no such row, and of a forgotten person nothing is left to repair.
REJECT_TO_REPAIR = """
SELECT r.id, r.import_id, i.source_id, s.name, i.path, r.line, r.raw, i.names, i.fields, i.delimiter
FROM reject AS r JOIN import AS i ON i.id = r.import_id JOIN source AS s ON s.id = i.source_id
WHERE r.id = ? AND r.state = 'open' AND r.code NOT IN ('BUYER', 'FORGOTTEN', 'HELD')
"""


# -- deciding on what lists ask for ------------------------------------------------------------------

# Everything that one import asks for.
CHANGES_OF_IMPORT = "SELECT id FROM lead_change WHERE import_id = ? AND state = 'open' ORDER BY id"
# The list that asks, and its further columns.
IMPORT_OF_CHANGE = """
SELECT i.id, i.header_id, i.names, i.source_id, i.file_id FROM lead_change AS c JOIN import AS i ON i.id = c.import_id WHERE c.id = ?
"""
# A house that was sold is found by its keys as the new owner's.
FREE_KEYS = "DELETE FROM lead_key WHERE lead_id = ? AND key IN (SELECT value FROM json_each(?))"
IDENTITY_OF = "SELECT identity FROM lead WHERE id = ?"
MOVE_IDENTITY = "UPDATE lead SET identity = ? WHERE id = ?"
STATUS_OF = "SELECT coalesce(standing, status) FROM lead WHERE id = ?"


# -- buyers among the rows: offers -------------------------------------------------------------------

_OFFER = """
SELECT r.id, r.import_id, i.path, r.line, r.raw, i.names, i.fields, i.delimiter{more} FROM import AS i
CROSS JOIN reject AS r INDEXED BY reject_by_import ON r.import_id = i.id AND r.state = '{state}' AND r.code = 'BUYER'
"""
# Over the few imports, not over the many rejects: the index has import, state and code.
OPEN_OFFERS = (
    _OFFER.format(more="", state="open")
    + "WHERE r.id > :after AND (:import IS NULL OR i.id = :import) ORDER BY r.id LIMIT :limit"
)
OPEN_OFFER = _OFFER.format(more="", state="open") + "WHERE r.id = ?"
# One that was declined names the import that made it; one that was accepted names none, so that undoing leaves it.
DECIDED_OFFER = _OFFER.format(more=", r.closed_by IS NOT NULL", state="fixed") + "WHERE r.id = ?"
COUNT_OFFERS = """
SELECT count(*) FROM import AS i
CROSS JOIN reject AS r INDEXED BY reject_by_import ON r.import_id = i.id AND r.state = 'open' AND r.code = 'BUYER'
"""
# Of one import by the index.
OFFERED_BY_IMPORT = (
    "SELECT count(*) FROM reject INDEXED BY reject_by_import WHERE import_id = ? AND code = 'BUYER'"
)
# Of a list, as it stands.
OFFERED_IN_FILE = """
SELECT count(*) FROM import AS i CROSS JOIN reject AS r INDEXED BY reject_by_import
ON r.import_id = i.id AND r.state IN ('open', 'fixed') AND r.code = 'BUYER' WHERE i.file_id = ?
"""
# The condition keeps two people from deciding twice.
TAKE_OFFER = "UPDATE reject SET state = 'fixed', closed_by = NULL WHERE id = ? AND state = 'open'"
DECLINE_OFFER = "UPDATE reject SET state = 'fixed', closed_by = import_id WHERE id = ? AND state = 'open'"
OFFER_AGAIN = "UPDATE reject SET state = 'open', closed_by = NULL WHERE id = ? AND state = 'fixed'"
# A row of the same source that says the same and was decided on is not offered again, wherever it stands in the list now.
KNOWN_OFFERS = """
UPDATE reject SET state = 'fixed', closed_by = CASE WHEN old.closed_by IS NULL THEN NULL ELSE reject.import_id END
FROM (SELECT r.raw, max(r.closed_by) AS closed_by FROM import AS i CROSS JOIN reject AS r INDEXED BY reject_by_import
  ON r.import_id = i.id AND r.state = 'fixed' AND r.code = 'BUYER' WHERE i.source_id = ?2 AND i.id <> ?1 GROUP BY r.raw) AS old
WHERE reject.import_id = ?1 AND reject.state = 'open' AND reject.code = 'BUYER' AND old.raw = reject.raw
"""


# -- sources as people set them up -----------------------------------------------------------------

# With what was read of each, in one statement.
SOURCES_WITH_COUNTS = """
SELECT s.id, s.name, s.pattern, s.profile, count(f.id), coalesce(sum(f.rows), 0), coalesce(sum(f.rejected), 0)
FROM source AS s LEFT JOIN file AS f ON f.source_id = s.id GROUP BY s.id ORDER BY s.name
"""
# The header that a person means who names none.
NEWEST_NAMES = (
    "SELECT names, fields FROM import WHERE source_id = ? AND names IS NOT NULL ORDER BY id DESC LIMIT 1"
)


# -- what sources are worth ------------------------------------------------------------------------

# Of the lists that belong to each.
ROWS_OF_SOURCES = """
SELECT s.name, coalesce(sum(f.rows), 0), coalesce(sum(f.rejected), 0)
FROM source AS s LEFT JOIN file AS f ON f.source_id = s.id GROUP BY s.id
"""
# A look at every lead: a list may say of each where it comes from, and belongs to a source of its own.
LEADS_OF_SOURCES = """
SELECT l.source, s.name, l.leads, l.first, l.last
FROM (SELECT source, file_id, count(*) AS leads, min(created_at) AS first, max(created_at) AS last FROM lead
      WHERE coalesce(suppressed, '') NOT LIKE 'merged%' GROUP BY source, file_id) AS l
LEFT JOIN file AS f ON f.id = l.file_id LEFT JOIN source AS s ON s.id = f.source_id
"""
# One row for each lead that was dialed or spoken with.
WORKED_OF_SOURCES = """
SELECT l.source, s.name, min(o.at),
  max(o.event IN ('inbound', 'callback', 'contacted', 'interested', 'not_interested', 'appointment', 'offer', 'contract', 'won')),
  max(o.event IN ('appointment', 'offer', 'contract', 'won')), max(o.event IN ('contract', 'won')), max(o.event = 'won'),
  sum(CASE WHEN o.event = 'won' THEN o.amount END), max(o.event IN ('wrong_number', 'disconnected')), max(o.event = 'opted_out')
FROM outcome AS o JOIN lead AS l ON l.id = o.lead_id
LEFT JOIN file AS f ON f.id = l.file_id LEFT JOIN source AS s ON s.id = f.source_id
WHERE o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned') GROUP BY o.lead_id
"""
IS_IMPORT = "SELECT 1 FROM import WHERE id = ?"


# What all of this depends on, cheap to read.
WORTH_VERSION = """
SELECT (SELECT value FROM lead_generation WHERE id = 1), (SELECT max(id) FROM lead), (SELECT max(id) FROM outcome),
  (SELECT count(*) FROM outcome WHERE undone_at IS NOT NULL), (SELECT max(id) FROM list_cost), (SELECT max(version) FROM policy),
  (SELECT count(*) FROM source_pause WHERE ended_at IS NULL)
"""


# -- copies of a market ----------------------------------------------------------------------------

# The sources of its leads that were set up: the others are read by the usual rules anyway.
SOURCES_OF_MARKET = """
SELECT s.id, s.name, s.profile FROM source AS s
WHERE s.name IN (SELECT DISTINCT source FROM lead WHERE market = ?)
  AND (s.profile <> '{}' OR EXISTS (SELECT 1 FROM mapping AS m WHERE m.source_id = s.id AND m.origin = 'accepted'))
ORDER BY s.id
"""
# The decision itself says what there was before.
COPY_OF_MARKET = "SELECT body FROM audit WHERE seq = ? AND action = 'clone.apply'"
IS_COPY_UNDONE = "SELECT 1 FROM audit WHERE action = 'clone.undo' AND subject = ? LIMIT 1"


# -- the sample leads ------------------------------------------------------------------------------

# By their source, which no other list has.
SAMPLE_IMPORTS = """
SELECT i.id FROM source AS s JOIN import AS i ON i.source_id = s.id WHERE s.name = ? AND i.state = 'done' ORDER BY i.id DESC
"""
# One of them is enough; there are few sources, and few imports of this one.
SAMPLES_PRESENT = "SELECT 1 FROM source AS s JOIN import AS i ON i.source_id = s.id WHERE s.name = ? AND i.state = 'done' LIMIT 1"
# Whether another list has brought leads.
REAL_LEADS = """
SELECT 1 FROM import AS i JOIN source AS s ON s.id = i.source_id WHERE s.name <> ? AND i.state = 'done' AND i.new > 0 LIMIT 1
"""
# Those that they made.
SAMPLE_LEADS = "SELECT id FROM lead WHERE import_id = ?"
# Of those, the ones that no other list names and about which nothing went out.
SAMPLES_ALONE = """
SELECT l.id FROM lead AS l WHERE l.import_id = ?1 AND NOT EXISTS (SELECT 1 FROM effect AS e WHERE e.lead_id = l.id)
  AND NOT EXISTS (SELECT 1 FROM sighting AS s WHERE s.lead_id = l.id AND s.import_id <> ?1)
"""


# -- undoing an import -----------------------------------------------------------------------------

# What decides whether it can be undone as a whole.
IMPORT_TO_UNDO = "SELECT state, kind, file_id, rows, rejected, started_at, path FROM import WHERE id = ?"
# A later import of the same list has to be undone first.
LATER_IMPORT = """
SELECT id FROM import
WHERE file_id = ? AND id > ? AND kind = 'whole' AND (state = 'done' OR state = 'running') ORDER BY id LIMIT 1
"""
# What an interrupted undo had left alone is looked at, and counted, again.
BEGIN_UNDO = """
INSERT INTO import_undo (import_id, at, actor) VALUES (?, ?, ?)
ON CONFLICT (import_id) DO UPDATE SET kept = 0, failed = 0, items = '[]'
"""
# As if the list had never been read, but not to be read again until it changes or somebody asks.
RESET_FILE = """
UPDATE file SET digest = '', offset = size, rows = CASE WHEN import_id = ?1 THEN max(rows - ?2, 0) ELSE rows END,
  rejected = CASE WHEN import_id = ?1 THEN max(rejected - ?3, 0) ELSE rejected END WHERE id = ?4
"""
# In whatever order the index has them: what was looked at is not open any more.
REJECTS_TO_IGNORE = "SELECT id FROM reject INDEXED BY reject_by_import WHERE import_id = :import AND state = 'open' LIMIT :most"
# The condition lets an interrupted undo continue.
IGNORE_REJECTS = (
    "UPDATE reject SET state = 'ignored' WHERE id IN (SELECT value FROM carray(?)) AND state = 'open'"
)
# Rows of other imports that this one had repaired.
REJECTS_TO_REOPEN = """
SELECT id FROM reject WHERE closed_by = :import AND import_id <> :import AND id > :after ORDER BY id LIMIT :most
"""
# Of a row that was refused by several readings of its list only the last stands open, and none of an undone reading.
REOPEN_REJECTS = """
UPDATE reject SET closed_by = NULL, state = CASE
  WHEN (SELECT state FROM import WHERE id = reject.import_id) = 'undone' THEN 'ignored'
  WHEN EXISTS (SELECT 1 FROM import AS later WHERE later.file_id = reject.file_id AND later.id > reject.import_id
    AND later.kind = 'whole' AND later.state IN ('done', 'running')) THEN 'superseded'
  ELSE 'open' END
WHERE id IN (SELECT value FROM carray(?)) AND state IN ('fixed', 'superseded')
"""
# Changes that the list asked for are no longer wanted.
CLOSE_CHANGES = "UPDATE lead_change SET state = 'declined', decided_at = ?, decided_by = ? WHERE import_id = ? AND state = 'open'"
# Counted batch by batch, so that an interrupted undo knows what it did.
COUNT_UNDONE = "UPDATE import_undo SET reversed = reversed + ?, kept = kept + ?, failed = failed + ?, items = ? WHERE import_id = ?"
# The condition keeps a second undo from ending it twice.
END_UNDO = "UPDATE import SET state = 'undone' WHERE id = ? AND state <> 'undone'"
# What the undo reports at its end.
UNDO_RESULT = "SELECT reversed, kept, failed, items FROM import_undo WHERE import_id = ?"
# A batch of the leads that the import made, behind the last batch.
LEADS_MADE = "SELECT id FROM lead WHERE import_id = :import AND id > :after ORDER BY id LIMIT :most"
# Imports of what a person typed; their word counts as a person's.
_TYPED = "SELECT id FROM import WHERE path LIKE '(by hand)%'"
# Leads that a person has worked with, each with the reason why it stays; which of them, in the words of db.among, here and below.
WORKED_ON = f"""
SELECT DISTINCT lead_id, 'an outcome was recorded' FROM outcome WHERE lead_id {{0}}
UNION ALL
SELECT lead_id, 'a note was written' FROM note WHERE lead_id {{0}}
UNION ALL
SELECT lead_id, 'it has a tag' FROM tag WHERE lead_id {{0}} AND removed_at IS NULL
UNION ALL
SELECT lead_id, 'something was promised' FROM promise WHERE lead_id {{0}}
UNION ALL
SELECT lead_id, 'there is a deal' FROM deal WHERE lead_id {{0}}
UNION ALL
SELECT lead_id, 'a person changed it' FROM lead_history WHERE lead_id {{0}}
  AND (actor <> 'import' AND cause <> :undo OR import_id <> :import AND import_id IN ({_TYPED}))
UNION ALL
SELECT kept_id, 'another lead was merged into it' FROM lead_merge WHERE undone_at IS NULL AND kept_id {{0}}
UNION ALL
SELECT merged_id, 'it was merged into lead ' || kept_id FROM lead_merge WHERE undone_at IS NULL AND merged_id {{0}}
"""
# Leads that another list names or has changed.
NAMED_ELSEWHERE = """
SELECT lead_id, 'import ' || import_id || ' names it too' FROM sighting WHERE lead_id {0} AND import_id <> :import
UNION ALL
SELECT lead_id, 'import ' || import_id || ' changed it since' FROM lead_history WHERE lead_id {0} AND import_id <> :import
"""
# Leads that the list named and did not make.
LEADS_SIGHTED = """
SELECT lead_id FROM sighting WHERE import_id = :import AND first_seen >= :since AND lead_id > :after ORDER BY lead_id LIMIT :most
"""
# Of those, the ones that were counted already when their values were restored.
ALSO_CHANGED = """
SELECT count(DISTINCT h.lead_id) FROM carray(?1) AS k CROSS JOIN lead_history AS h ON h.lead_id = k.value WHERE h.import_id = ?2
"""
# The list does not name the lead any more.
UNSIGHT = "DELETE FROM sighting WHERE import_id = ? AND lead_id IN (SELECT value FROM carray(?))"
# A batch of the leads that the import changed.
LEADS_CHANGED = """
SELECT DISTINCT lead_id FROM lead_history WHERE import_id = :import AND actor = 'import' AND lead_id > :after
ORDER BY lead_id LIMIT :most
"""
# Every change of a batch of leads, oldest first: what was changed since stays.
HISTORY_OF = f"""
SELECT h.lead_id, h.import_id, h.actor = 'import' AND h.import_id NOT IN ({_TYPED}), h.cause, h.before
FROM carray(?1) AS k
CROSS JOIN lead_history AS h ON h.lead_id = k.value ORDER BY h.lead_id, h.id
"""
# What a batch of leads says now: it becomes history when it is replaced.
PRESENT_CONTENT = f"""
SELECT id, {", ".join(CONTENT)}, header_id FROM lead WHERE id IN (SELECT value FROM carray(?))
"""


# -- leads of version 0.1 that are several houses -----------------------------------------------------

# History up to here was written before one owner could have several leads. Nothing is looked for after a run that stands.
FOLDED_UNTIL = """
SELECT folded_id FROM lead_index_state WHERE NOT EXISTS (SELECT 1 FROM unfolding WHERE state = 'done')
"""
# Leads of which a list replaced the address, in the order of the index of the history, a batch at a time.
FOLDED_CANDIDATES = """
SELECT DISTINCT h.lead_id FROM lead_history AS h INDEXED BY lead_history_by_lead
WHERE h.lead_id > ?1 AND h.id <= ?2 AND h.import_id IS NOT NULL AND h.before LIKE '%"address": "%'
  AND NOT EXISTS (SELECT 1 FROM lead_merge AS m WHERE m.kept_id = h.lead_id OR m.merged_id = h.lead_id)
  AND NOT EXISTS (SELECT 1 FROM unfolded AS u WHERE u.lead_id = h.lead_id AND u.undone_at IS NULL)
ORDER BY h.lead_id LIMIT ?3
"""
# What replaced what, oldest first.
FOLDED_CHANGES = """
SELECT h.lead_id, h.at, h.cause, h.import_id, coalesce(i.state = 'undone', 0), h.before FROM carray(?) AS k
CROSS JOIN lead_history AS h ON h.lead_id = k.value LEFT JOIN import AS i ON i.id = h.import_id ORDER BY h.lead_id, h.id
"""
# What the leads say now, and where they came from.
FOLDED_LEADS = f"""
SELECT l.id, l.created_at, l.import_id, coalesce(i.state = 'undone', 0), l.corrected, {", ".join(f"l.{each}" for each in CONTENT)},
  l.header_id
FROM carray(?) AS k CROSS JOIN lead AS l ON l.id = k.value LEFT JOIN import AS i ON i.id = l.import_id
"""
# With the column of the list's own id, if it has one.
FOLDED_IMPORT = """
SELECT i.file_id, i.source_id, s.name, (SELECT key FROM json_each(i.fields) WHERE value = 'lead_id'), i.header_id
FROM import AS i JOIN source AS s ON s.id = i.source_id WHERE i.id = ?
"""
# By the indexes of each table: kind, number, when it was recorded, when it happened, what.
FOLDED_WORK = """
SELECT 'outcome', id, recorded_at, at, event FROM outcome WHERE lead_id = :lead AND undone_at IS NULL
UNION ALL SELECT 'promise', id, made_at, made_at, NULL FROM promise WHERE lead_id = :lead
UNION ALL SELECT 'note', id, at, at, NULL FROM note WHERE lead_id = :lead AND removed_at IS NULL
UNION ALL SELECT 'consent', id, recorded_at, recorded_at, NULL FROM consent WHERE lead_id = :lead
UNION ALL SELECT 'tag', id, at, at, NULL FROM tag WHERE lead_id = :lead AND removed_at IS NULL
UNION ALL SELECT 'deal', id, opened_at, opened_at, NULL FROM deal WHERE lead_id = :lead
"""
# What distinguishes the other houses.
FOLDED_PLACE = "SELECT identity, fingerprint, file_id, import_id, line FROM lead WHERE id = ?"
# In the order of the columns of leads.sql.ADD_SIGHTING.
FOLDED_SIGHTINGS = """
SELECT lead_id, file_id, source_id, import_id, line, fingerprint, first_seen, last_seen FROM sighting WHERE lead_id = ?
"""
# Lists that name another lead now.
FEWER_LISTS = "UPDATE lead SET lists = max(1, lists - ?) WHERE id = ?"
# Where the houses are that were made of a lead.
FOLDED_HOUSES = (
    "SELECT l.id, l.address FROM carray(?) AS k CROSS JOIN lead AS l ON l.id = k.value ORDER BY l.id"
)

# There is one at a time.
UNFOLDING_RUNNING = "SELECT id FROM unfolding WHERE state = 'running'"
BEGIN_UNFOLDING = "INSERT INTO unfolding (state, at, by) VALUES ('running', ?, ?) RETURNING id"
# How far a run has come.
UNFOLDING = "SELECT state, lead_id, leads, houses, kept, by FROM unfolding WHERE id = ?"
# With the batch that it counts.
ADVANCE_UNFOLDING = "UPDATE unfolding SET lead_id = ?, leads = leads + ?, houses = houses + ? WHERE id = ?"
END_UNFOLDING = "UPDATE unfolding SET state = ?, ended_at = ? WHERE id = ?"
UNDO_UNFOLDING = "UPDATE unfolding SET state = 'undoing', undone_at = ?, undone_by = ? WHERE id = ?"
# The newest first.
UNFOLDINGS = "SELECT id, state, leads, houses, kept, at, by FROM unfolding ORDER BY id DESC LIMIT ?"
# With all that taking it back needs.
ADD_UNFOLDED = (
    "INSERT INTO unfolded (unfolding_id, lead_id, body, unsure, at) VALUES (?, ?, ?, ?, ?) RETURNING id"
)
# The newest first: a lead may have been looked at again.
UNFOLDED = """
SELECT id, lead_id, body FROM unfolded WHERE unfolding_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT ?
"""
REFOLDED = "UPDATE unfolded SET undone_at = ? WHERE id = ?"
COUNT_REFOLDED = "SELECT count(*) FROM unfolded WHERE unfolding_id = ? AND undone_at IS NOT NULL"
COUNT_KEPT = "UPDATE unfolding SET kept = kept + ? WHERE id = ?"
# Along the index of those that wait.
UNSURE = """
SELECT u.id, u.lead_id, l.name, l.address, u.unsure, u.body FROM unfolded AS u JOIN lead AS l ON l.id = u.lead_id
WHERE u.unsure > 0 AND u.decided_at IS NULL AND u.undone_at IS NULL AND u.id > ? ORDER BY u.id LIMIT ?
"""
FIND_UNSURE = """
SELECT lead_id, body FROM unfolded WHERE id = ? AND unsure > 0 AND decided_at IS NULL AND undone_at IS NULL
"""
# The body says what was moved: taking the run back moves it back.
DECIDE_UNSURE = "UPDATE unfolded SET body = ?, decided_at = ?, decided_by = ? WHERE id = ?"
