"""The statements that read leads for people, in one place."""

from __future__ import annotations

from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.lead import COLUMNS

ANYBODY = "suppressed IS NULL"

# Leads that may be called now. Nobody is to call: the conversation is over, on hold until later, the next try is not due, there is no
# way to reach them, or they are suppressed (kept out by the index itself). {wait}: see due_after in top.py.
OPEN = """suppressed IS NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out') AND coalesce(hold_until, 0) <= :now
  AND (phone_key IS NOT NULL OR email IS NOT NULL)
  AND (last_contact IS NULL OR last_contact + {wait} <= :now)"""

FRESH_AT = "coalesce(list_date, created_at)"

# The bases that occur, from the best down: each step is one seek in the index lead_by_score. {line}: the index's own, see line.py.
NEXT_BASE = """
SELECT max(score_base) FROM lead WHERE suppressed IS NULL AND score_base >= {line} AND score_base < ?
"""

# Of one base, the leads fresh enough to matter, in the order of the list: a range of lead_by_score.
OF_BASE = f"""
SELECT id, score_base, {FRESH_AT}, expected_value FROM lead
WHERE score_base = :base AND score_base >= {{line}} AND {FRESH_AT} > :oldest AND {FRESH_AT} < :before AND {{which}}
ORDER BY {FRESH_AT} DESC, expected_value DESC, id LIMIT :limit
"""

# Of one base and one date, which may be a million leads of one list.
OF_DATE = f"""
SELECT id, score_base, {FRESH_AT}, expected_value FROM lead
WHERE score_base = :base AND score_base >= {{line}} AND {FRESH_AT} = :date AND {{which}}
ORDER BY expected_value DESC, id LIMIT :limit
"""

# The leads that are not in the index; a scan of the table.
BELOW = f"""
SELECT id, score_base, {FRESH_AT}, expected_value FROM lead
WHERE score_base >= :least AND score_base < {{line}} AND {{which}}
"""

# The same of one market or source, among the leads that a match of the search index names.
BELOW_NAMED = f"""
SELECT l.id, score_base, {FRESH_AT}, expected_value
FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match) AS named CROSS JOIN lead AS l ON l.id = named.id
WHERE score_base >= :least AND score_base < {{line}} AND {{which}}
"""


def chosen(text: str, line: int, wait: str | None, *columns: str) -> str:
    """One of the above with the index's line, the ladder's waits (None: also leads that may not be called now), and a filter
    for each of ``columns``."""
    which = ANYBODY if wait is None else OPEN.replace("{wait}", wait)
    which += "".join(f" AND {column} = :{column}" for column in columns)
    return text.replace("{which}", which).replace("{line}", str(line))


ONE = f"SELECT {COLUMNS} FROM lead WHERE id = ?"
SOME = f"SELECT {COLUMNS} FROM lead WHERE id IN (SELECT value FROM carray(?))"
# Merged leads are a part of another one. Those who must not be contacted are listed, marked, and never exported.
PAGE = f"""
SELECT {COLUMNS} FROM lead
WHERE id > :after AND (suppressed IS NULL OR (:contactable = 0 AND suppressed NOT LIKE 'merged%')) AND (:market IS NULL OR market = :market) AND (:source IS NULL OR source = :source)
ORDER BY id LIMIT :limit
"""

# A scan: for --verbose, which is for short lists.
TOUCHED = f"SELECT {COLUMNS} FROM lead WHERE last_import_id = ? AND id > ? ORDER BY id LIMIT 500"

HEADER_NAMES = "SELECT names FROM header WHERE id = ?"
VARIANT_NAMES = (
    "SELECT v.id, e.name, v.name, e.kind FROM variant AS v JOIN experiment AS e ON e.id = v.experiment_id"
)
FILE_PATH = "SELECT path FROM file WHERE id = ?"
HISTORY = "SELECT at, actor, cause, import_id, before FROM lead_history WHERE lead_id = ? ORDER BY id"
SIGHTINGS = """
SELECT f.path, s.line, s.first_seen, s.last_seen FROM sighting AS s JOIN file AS f ON f.id = s.file_id
WHERE s.lead_id = ? ORDER BY s.first_seen, s.file_id
"""
OUTCOMES = """
SELECT id, at, event, amount, channel, reason, until, recorded_by, undone_at FROM outcome WHERE lead_id = ? ORDER BY at, id
"""
COUNT = "SELECT count(*) FROM lead"


# -- The statements about buyers -------------------------------------------------------------------

_BUYER_COLUMNS = "name, markets, max_price, min_beds, max_repairs, max_share, email, phone"

BUYERS = f"SELECT id, {_BUYER_COLUMNS} FROM buyer WHERE removed_at IS NULL ORDER BY name COLLATE NOCASE, id"
KNOWN_BUYER = f"SELECT {_BUYER_COLUMNS}, removed_at FROM buyer WHERE name = ?"
PUT_BUYER = f"""
INSERT INTO buyer ({_BUYER_COLUMNS}, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET markets = excluded.markets, max_price = excluded.max_price, min_beds = excluded.min_beds,
  max_repairs = excluded.max_repairs, max_share = excluded.max_share, email = excluded.email, phone = excluded.phone,
  removed_at = NULL, updated_at = excluded.updated_at
"""
REMOVE_BUYER = "UPDATE buyer SET removed_at = ?, updated_at = ? WHERE id = ?"


# -- outcomes --

# Everything that stands about one lead, in the order in which it happened.
EVENTS_OF_LEAD = """
SELECT event, at, until FROM outcome WHERE lead_id = ? AND undone_at IS NULL ORDER BY at, id
"""

ADD_OUTCOME = """
INSERT INTO outcome (lead_id, event, at, amount, channel, reason, until, recorded_at, recorded_by,
                     variant_id, script_id, p_close, predicted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

SAME_OUTCOME = """
SELECT id FROM outcome WHERE lead_id = ? AND event = ? AND at = ? AND undone_at IS NULL
  AND amount IS ? AND until IS ? LIMIT 1
"""

FIND_OUTCOME = "SELECT lead_id, event, undone_at FROM outcome WHERE id = ?"
LATEST_OUTCOME = "SELECT max(id) FROM outcome WHERE lead_id = ? AND undone_at IS NULL"
UNDO_OUTCOME = "UPDATE outcome SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL"

SETTLE_LEAD = "UPDATE lead SET status = ?, contacts = ?, last_contact = ?, hold_until = ?, suppressed = ?, {} WHERE id = ?".format(
    ", ".join(f"{column} = ?" for column in Decision._fields)
)

LEAD_OF_KEY = "SELECT lead_id FROM lead_key WHERE key = ?"
MOVE_GENERATION = "UPDATE lead_generation SET value = value + 1 WHERE id = 1"
