"""Every statement about leads, by subject.

They are written by hand: most take many leads at once (``carray``), go along an index in a chosen order, or need what a
model has no words for (full text, conflicts, ``RETURNING``). Where that is not all, the reason stands above the statement."""

from __future__ import annotations

from collections.abc import Iterable

from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.lead import COLUMNS
from valhalla.scoring.stages.row import CONTENT

# -- the call list ---------------------------------------------------------------------------------

ANYBODY = "suppressed IS NULL"

# Leads that may be called now. Nobody is to call: the conversation is over, on hold until later, the next try is not due, there is no
# way to reach them or calls found every number wrong, or they are suppressed (left out by the index itself). {wait}: see due_after in call_list.py.
OPEN = """suppressed IS NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out') AND coalesce(hold_until, 0) <= :now
  AND (phone_key IS NOT NULL OR (email IS NOT NULL AND coalesce(instr(details, '"marked"'), 0) = 0))
  AND (last_contact IS NULL OR last_contact + {wait} <= :now)"""

FRESH_AT = "coalesce(list_date, created_at)"

# The bases that occur, from the best down: each step is one seek in the index lead_by_score. {line}: the index's own, see call_list_index.py.
NEXT_BASE = """
SELECT max(score_base) FROM lead WHERE suppressed IS NULL AND score_base >= {line} AND score_base < ?
"""

# The next leads in the order of lead_by_score that are fresh enough to matter, whatever their base: where few leads share one, a
# page has many bases. Without a date there may be nothing fresh about a lead, which then needs more of a base. Of the two lower
# bounds SQLite begins the range of the index at the first; the second is what the index is made of.
OF_BASES = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead
WHERE score_base < :top AND score_base >= :least AND score_base >= {{line}} AND {FRESH_AT} > :oldest
  AND (list_date IS NOT NULL OR score_base >= :undated) AND {{which}}
ORDER BY score_base DESC, {FRESH_AT} DESC, expected_value DESC, identity LIMIT :limit
"""

# Of one base, the leads fresh enough to matter, in the order of the list: a range of lead_by_score.
OF_BASE = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead
WHERE score_base = :base AND score_base >= {{line}} AND {FRESH_AT} > :oldest AND {FRESH_AT} < :before AND {{which}}
ORDER BY {FRESH_AT} DESC, expected_value DESC, identity LIMIT :limit
"""

# Of one base and one date, which may be a million leads of one list.
OF_DATE = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead
WHERE score_base = :base AND score_base >= {{line}} AND {FRESH_AT} = :date AND {{which}}
ORDER BY expected_value DESC, identity LIMIT :limit
"""

# The leads that are not in the index; a scan of the table.
BELOW = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead
WHERE score_base >= :least AND score_base < {{line}} AND {{which}}
"""

# The same of one market or source, among the leads that a match of the search index names.
BELOW_NAMED = f"""
SELECT l.id, score_base, {FRESH_AT}, expected_value, identity, list_date
FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match) AS named CROSS JOIN lead AS l ON l.id = named.id
WHERE score_base >= :least AND score_base < {{line}} AND {{which}}
"""


# Whether so many may be called, in no order and as far as the index holds them.
COUNT_OPEN = """
SELECT count(*) FROM (SELECT 1 FROM lead WHERE suppressed IS NULL AND score_base >= {line} AND {which} LIMIT :limit)
"""

# Those who said that they are interested, whenever they are to be called: few, and they have an index.
WARM = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead WHERE standing = 'interested' AND {ANYBODY}
  AND status NOT IN ('won', 'lost', 'dead', 'opted_out')
"""

# Those who were tried before, by an index of them: next to all leads they are few.
AGAIN = f"""
SELECT id, score_base, {FRESH_AT}, expected_value, identity, list_date FROM lead INDEXED BY lead_by_last_contact
WHERE last_contact IS NOT NULL AND {{which}}
"""


def chosen(
    text: str, line: int, wait: str | None, *columns: str, paused: int = 0, part: str | None = None
) -> str:
    """One of the above with the index's line, the ladder's waits (None: also leads that may not be called now), a filter
    for each of ``columns``, and without the leads of so many ``paused`` sources (:paused0, :paused1 …). ``part`` new: only
    leads that nobody tried yet.

    The index ends with the source, and a list of values, unlike a subquery, is looked up before the lead is: passing over a
    paused lead costs half a microsecond.
    """
    which = ANYBODY if wait is None else OPEN.replace("{wait}", wait)
    if paused:
        which += f" AND source NOT IN ({', '.join(f':paused{number}' for number in range(paused))})"
        which += " AND coalesce(file_id, 0) NOT IN (SELECT value FROM json_each(:files))"
    which += "".join(f" AND {column} = :{column}" for column in columns)
    if part == "new":
        which += " AND last_contact IS NULL"
    return text.replace("{which}", which).replace("{line}", str(line))


# -- leads for people ------------------------------------------------------------------------------

# A view shows every column that the stages and people read; so each lead is read once.
ONE = f"SELECT {COLUMNS} FROM lead WHERE id = ?"
# A chosen few, such as a page of the call list: in one statement, and put in order by the caller.
SOME = f"SELECT {COLUMNS} FROM lead WHERE id IN (SELECT value FROM carray(?))"
# Merged leads are a part of another one. Those who must not be contacted are listed and exported, marked.
PAGE = f"""
SELECT {COLUMNS} FROM lead
WHERE id > :after AND coalesce(suppressed, '') NOT LIKE 'merged%' AND (:market IS NULL OR market = :market) AND (:source IS NULL OR source = :source)
ORDER BY id LIMIT :limit
"""

# What was promised to a page of leads, the next of each last, by the index of promises of a lead.
NEXT_PROMISES = """
    SELECT p.lead_id, p.kind, p.at FROM carray(?) AS k CROSS JOIN promise AS p ON p.lead_id = k.value AND p.state = 'open'
    ORDER BY p.at DESC
"""
# A scan: for --verbose, which is for short lists.
TOUCHED = f"SELECT {COLUMNS} FROM lead WHERE last_import_id = ? AND id > ? ORDER BY id LIMIT 500"

CONTACT_COLUMNS = ("name", "email", "phone", "value", "location", "source", "score")
"""What an export that is an effect holds: nothing that was derived but the score."""

# Only those columns: what leaves the computer is read for that and nothing else.
CONTACT_ROWS = (
    f"SELECT {', '.join(CONTACT_COLUMNS)} FROM lead WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
)
# The names of extra columns are stored once however many leads have them.
HEADER_NAMES = "SELECT names FROM header WHERE id = ?"
# All at once, before a list is shown: there are a few.
VARIANT_NAMES = (
    "SELECT v.id, e.name, v.name, e.kind FROM variant AS v JOIN experiment AS e ON e.id = v.experiment_id"
)
# Where one lead comes from and what happened to it.
FILE_PATH = "SELECT path FROM file WHERE id = ?"
# The other leads of an owner, by the index of owners; a merged lead is a part of another one.
OF_PERSON = """
SELECT id, name, address, location FROM lead WHERE person = ? AND coalesce(suppressed, '') NOT LIKE 'merged%' ORDER BY id LIMIT 100
"""
# All of them, for erasing a person.
OF_SAME_OWNER = "SELECT o.id FROM lead AS l CROSS JOIN lead AS o ON o.person = l.person WHERE l.id = ?"
# How many numbers and further addresses the lead with the most has: a look at every lead, for an export of them.
MOST_CONTACTS = """
SELECT coalesce(max(json_array_length(details, '$.phones')), 0), coalesce(max(json_array_length(details, '$.emails')), 0)
FROM lead WHERE details IS NOT NULL
"""
# The further columns of every list that there was.
ALL_HEADERS = "SELECT names FROM header ORDER BY id"
# Oldest first, as it happened.
HISTORY = "SELECT at, actor, cause, import_id, before FROM lead_history WHERE lead_id = ? ORDER BY id"
# Every list that names the lead, by path: a join, so that no path is looked up by itself.
SIGHTINGS = """
SELECT f.path, s.line, s.first_seen, s.last_seen FROM sighting AS s JOIN file AS f ON f.id = s.file_id
WHERE s.lead_id = ? ORDER BY s.first_seen, s.file_id
"""
# The lead's first list and those that named it later, by name, source and since when.
LISTS_OF = """
SELECT f.path, s.name, l.created_at, f.id FROM lead AS l JOIN file AS f ON f.id = l.file_id JOIN source AS s ON s.id = f.source_id
WHERE l.id = :lead
UNION ALL
SELECT f.path, s.name, g.first_seen, f.id FROM sighting AS g JOIN file AS f ON f.id = g.file_id JOIN source AS s ON s.id = g.source_id
WHERE g.lead_id = :lead ORDER BY 3
"""
# Those that were undone as well: a person sees what was recorded and when it was undone.
OUTCOMES = """
SELECT id, at, event, amount, channel, reason, until, recorded_by, undone_at, number, note FROM outcome WHERE lead_id = ? ORDER BY at, id
"""
# A scan of the smallest index: for a person who asks how many there are.
COUNT = "SELECT count(*) FROM lead"


# -- markets ---------------------------------------------------------------------------------------

# A look at every lead. Those that can be worked: neither suppressed nor closed.
LEADS_OF_MARKETS = """
SELECT market, value, details ->> '$.estimated_value',
  suppressed IS NULL AND status NOT IN ('won', 'lost', 'sold', 'dead', 'opted_out')
FROM lead WHERE market IS NOT NULL AND coalesce(suppressed, '') NOT LIKE 'merged%'
"""
# One row for each lead that was dialed or spoken with.
WORKED_OF_MARKETS = """
SELECT l.market, l.created_at,
  min(CASE WHEN o.event IN ('inbound', 'callback', 'contacted', 'interested', 'not_interested', 'appointment', 'offer', 'contract', 'won')
    THEN o.at END),
  max(o.event IN ('appointment', 'offer', 'contract', 'won')), max(o.event = 'won'),
  sum(CASE WHEN o.event = 'won' THEN o.amount END)
FROM outcome AS o JOIN lead AS l ON l.id = o.lead_id
WHERE l.market IS NOT NULL AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned') GROUP BY o.lead_id
"""
# What buyers paid of deals that were closed or assigned: their price, or ours with the fee.
PAID_OF_MARKETS = """
SELECT l.market, coalesce(d.buyer_price, d.price + d.fee), coalesce(l.repairs, 0), l.arv
FROM deal AS d JOIN lead AS l ON l.id = d.lead_id
WHERE d.state IN ('won', 'assigned', 'closed') AND l.market IS NOT NULL AND l.arv > 0 AND coalesce(d.buyer_price, d.price + d.fee) > 0
"""
# How rows, people and properties were kept apart or joined, at one glance.
IDENTITY_COUNTS = """
SELECT json_object(
  'recognised', (SELECT coalesce(sum(updated + unchanged + duplicate), 0) FROM import WHERE state = 'done'),
  'merged', (SELECT count(*) FROM lead_merge WHERE undone_at IS NULL),
  'offered', (SELECT count(*) FROM duplicate WHERE state = 'open'),
  'changes', (SELECT count(*) FROM lead_change WHERE state = 'open'),
  'apart', (SELECT count(*) FROM duplicate WHERE state NOT IN ('open', 'merged')))
"""


# -- paused sources --------------------------------------------------------------------------------

# At most one of a source has not been ended; one whose time is over is in force no longer, though nobody ended it.
PAUSES_IN_FORCE = """
SELECT source, kind, reason, until, at, by FROM source_pause WHERE ended_at IS NULL AND (until IS NULL OR until > ?) ORDER BY source
"""
# A list may say of each lead where it comes from: these are the lists themselves.
FILES_OF_SOURCES = "SELECT f.id FROM file AS f JOIN source AS s ON s.id = f.source_id WHERE s.name IN (SELECT value FROM json_each(?))"
# A list may say of each lead where it comes from, so leads may have sources that no list belongs to.
IS_SOURCE = "SELECT 1 FROM source WHERE name = ?1 UNION ALL SELECT 1 FROM lead WHERE source = ?1 LIMIT 1"
# For naming the nearest: a look at every lead.
ALL_SOURCES = "SELECT name FROM source UNION SELECT source FROM lead"


# -- the stack: who is on which lists ---------------------------------------------------------------

_OWN = "coalesce(l.suppressed, '') NOT LIKE 'merged%'"
# Of each lead that several lists name, the first list and one of the others; in the order of the key of sightings.
ON_SEVERAL = f"""
SELECT s.lead_id, l.file_id, s.file_id FROM sighting AS s CROSS JOIN lead AS l ON l.id = s.lead_id
WHERE l.file_id IS NOT NULL AND {_OWN} ORDER BY s.lead_id
"""
# How many leads each list was the first to name; a scan.
FIRST_OF_LISTS = (
    f"SELECT l.file_id, count(*) FROM lead AS l WHERE l.file_id IS NOT NULL AND {_OWN} GROUP BY l.file_id"
)
# What they are called.
LIST_NAMES = "SELECT f.id, f.path, s.name, f.looked_at FROM file AS f JOIN source AS s ON s.id = f.source_id"
# The best of those on so many lists; ?2: only of those that both lists name. A scan with a small heap.
ON_LISTS = """
SELECT l.id FROM lead AS l WHERE l.lists >= :least AND (:most IS NULL OR l.lists <= :most) AND l.suppressed IS NULL
  AND (:one IS NULL OR l.file_id = :one OR EXISTS (SELECT 1 FROM sighting WHERE lead_id = l.id AND file_id = :one))
  AND (:other IS NULL OR l.file_id = :other OR EXISTS (SELECT 1 FROM sighting WHERE lead_id = l.id AND file_id = :other))
ORDER BY l.lists DESC, l.score_base DESC, l.id LIMIT :limit
"""


# -- what a list brought ---------------------------------------------------------------------------

_BROUGHT = "(import_id = ?1 OR last_import_id = ?1) AND coalesce(suppressed, '') NOT LIKE 'merged%'"
_CALLABLE = (
    "suppressed IS NULL AND phone_key IS NOT NULL AND status NOT IN ('won', 'lost', 'dead', 'opted_out')"
)
# A scan: asked once for the page of an import, in the background where there are many.
BROUGHT = f"""
SELECT count(*), coalesce(sum({_CALLABLE}), 0), coalesce(sum(suppressed IS NULL AND phone_key IS NULL), 0),
  coalesce(sum(suppressed IS NOT NULL), 0), count(address) FROM lead WHERE {_BROUGHT}
"""
BEST_BROUGHT = f"""
SELECT id FROM lead WHERE {_BROUGHT} AND {_CALLABLE} ORDER BY score_base DESC, {FRESH_AT} DESC, id LIMIT 1
"""


# -- buyers ----------------------------------------------------------------------------------------


# What buyers did, of all deals that name one: taken, fell through, on the way; what they paid on average, and when last.
BOUGHT = """
SELECT buyer_id, sum(state IN ('assigned', 'closed')), sum(state = 'lost'), sum(ended_at IS NULL),
  CAST(avg(CASE WHEN state IN ('assigned', 'closed') THEN buyer_price END) AS INTEGER),
  max(CASE WHEN state IN ('assigned', 'closed') THEN ended_at END)
FROM deal WHERE buyer_id IS NOT NULL AND state <> 'undone' GROUP BY buyer_id
"""


# -- what pages ask --------------------------------------------------------------------------------

# Each by itself is one step into the table; both in one query would be a walk over all of it.
NUMBER_RANGE = "SELECT coalesce((SELECT min(id) FROM lead), 1), coalesce((SELECT max(id) FROM lead), 0)"
# By JSON, as the numbers come from payloads of effects.
NAMES = "SELECT id, name FROM lead WHERE id IN (SELECT value FROM json_each(?))"

# The filters of a page; each is switched off by a NULL. Merged leads are parts of others.
FITS = """(suppressed IS NULL OR suppressed NOT LIKE 'merged%')
  AND (:market IS NULL OR market = :market) AND (:source IS NULL OR source = :source)
  AND (:status IS NULL OR status = :status) AND (:kept_out IS NULL OR (suppressed IS NOT NULL) = :kept_out)"""

# Of the leads numbered from :low to :high, those that fit.
WINDOW_DOWN = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {FITS} ORDER BY id DESC LIMIT :limit"
# The same the other way round, for the page before.
WINDOW_UP = f"SELECT id FROM lead WHERE id BETWEEN :low AND :high AND {FITS} ORDER BY id LIMIT :limit"

# A sort of all leads, so only for a few of them.
SORTED = f"SELECT id FROM lead WHERE {FITS} ORDER BY {{key}}, id LIMIT :limit"

# Leads that can fit, by number: those that a match of the search index names, those on which something was recorded.
# {sign} and {way} lead down or up.
MATCHING = """
SELECT rowid AS id FROM lead_search WHERE lead_search MATCH :match AND rowid {sign} :edge ORDER BY rowid {way} LIMIT :window
"""
# The second filter: a conversation leaves an outcome or a merge.
WORKED_ON = """
SELECT id FROM (SELECT DISTINCT lead_id AS id FROM outcome WHERE lead_id {sign} :edge ORDER BY lead_id {way} LIMIT :window)
UNION SELECT kept_id FROM lead_merge WHERE kept_id {sign} :edge ORDER BY id {way} LIMIT :window
"""
# Of the named leads, those that fit; and the last one named, from which the next window begins.
NAMED = "SELECT l.id FROM ({named}) AS named CROSS JOIN lead AS l ON l.id = named.id AND {fits} ORDER BY named.id {way}"
# Counted, so that a full window can be distinguished from the last one.
NAMED_EDGE = "SELECT {last}(id), count(*) FROM ({named})"

# Of the leads behind one number, up to another. Merged leads are parts of others.
BY_FACET = """
SELECT market, source, status, suppressed IS NOT NULL, count(*) FROM lead
WHERE id > ? AND id <= ? AND (suppressed IS NULL OR suppressed NOT LIKE 'merged%') GROUP BY 1, 2, 3, 4
"""
# What the counts depend on, read in two steps.
FACET_VERSION = "SELECT (SELECT value FROM lead_generation WHERE id = 1), (SELECT max(id) FROM lead)"

# Of two leads that may be one: what a person decides by which to keep.
COMPARED = """
SELECT l.id, l.address, l.arv, l.repairs, l.condition, l.beds, l.list_date, l.created_at, l.lists, l.suppressed, f.path, l.line,
  (SELECT count(*) FROM outcome AS o WHERE o.lead_id = l.id AND o.undone_at IS NULL)
FROM lead AS l LEFT JOIN file AS f ON f.id = l.file_id WHERE l.id IN (SELECT value FROM carray(?))
"""
# Those that can be undone.
RECENT_MERGES = """
SELECT m.kept_id, k.name, m.merged_id, o.name, m.at, m.actor FROM lead_merge AS m
JOIN lead AS k ON k.id = m.kept_id JOIN lead AS o ON o.id = m.merged_id
WHERE m.undone_at IS NULL ORDER BY m.id DESC LIMIT ?
"""
# By the number first: its index holds the few pairs.
DUPLICATES_OF = """
SELECT d.id, d.lead_id, d.other_id, l.name FROM duplicate AS d
JOIN lead AS l ON l.id = CASE d.lead_id WHEN ?1 THEN d.other_id ELSE d.lead_id END
WHERE d.state = 'open' AND d.phone_key = ?2 AND (d.lead_id = ?1 OR d.other_id = ?1)
UNION
SELECT d.id, d.lead_id, d.other_id, l.name FROM duplicate AS d JOIN lead AS l ON l.id = d.other_id
WHERE d.state = 'open' AND d.why = 'address' AND d.lead_id = ?1
UNION
SELECT d.id, d.lead_id, d.other_id, l.name FROM duplicate AS d JOIN lead AS l ON l.id = d.lead_id
WHERE d.state = 'open' AND d.why = 'address' AND d.other_id = ?1 ORDER BY 1 LIMIT 20
"""
# As far as the search index knows them.
SAME_NUMBER = "SELECT count(*) FROM (SELECT 1 FROM lead_phone WHERE phone_key = ? LIMIT 1000)"

# By kind, too: so the partial index is walked in its order.
SUPPRESSION_COUNTS = "SELECT origin, count(*) FROM suppression WHERE removed_at IS NULL GROUP BY kind, origin"
# Of one person: the partial index has kind and digest.
SUPPRESSION_OF = """
SELECT id, kind, value, origin, reason, created_at, created_by FROM suppression
WHERE removed_at IS NULL AND kind = ? AND digest IN (?, ?)
"""
# A page of the list, found by walking back from a number.
NEWEST_SUPPRESSIONS = """
SELECT id, kind, value, origin, reason, created_at, created_by FROM suppression
WHERE removed_at IS NULL AND (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2
"""


# -- outcomes --------------------------------------------------------------------------------------

# Everything that stands about one lead, in the order in which it happened.
EVENTS_OF_LEAD = """
SELECT event, at, until FROM outcome WHERE lead_id = ? AND undone_at IS NULL ORDER BY at, id
"""
# Whether the owner of several leads opted out on any of them.
OWNER_OPTED_OUT = """
SELECT 1 FROM lead AS l CROSS JOIN outcome AS o ON o.lead_id = l.id
WHERE l.person = ? AND o.event = 'opted_out' AND o.undone_at IS NULL LIMIT 1
"""

# With what was predicted and used before it, by which calibration and experiments judge.
ADD_OUTCOME = """
INSERT INTO outcome (lead_id, event, at, amount, channel, reason, until, number, note, origin, recorded_at, recorded_by,
                     variant_id, script_id, p_close, predicted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

# A list of outcomes that is read twice records nothing twice. An older file may not say which number it was.
SAME_OUTCOME = """
SELECT id FROM outcome WHERE lead_id = ?1 AND event = ?2 AND at = ?3 AND undone_at IS NULL
  AND amount IS ?4 AND until IS ?5 AND (?6 IS NULL OR number IS NULL OR number = ?6) LIMIT 1
"""

# What was recorded since a moment, by kind: along the index of times.
OUTCOMES_SINCE = """
SELECT event, count(*) FROM outcome WHERE at >= ?1 AND undone_at IS NULL AND (?2 IS NULL OR recorded_by = ?2) GROUP BY event
"""
# By number, from the newest: what can be undone one after the other.
RECORDED_SINCE = """
SELECT id FROM outcome WHERE at >= ?1 AND recorded_at >= ?1 AND recorded_by = ?2 AND undone_at IS NULL AND origin IS NULL
ORDER BY id DESC LIMIT ?3
"""
# An outcome is undone, never deleted.
FIND_OUTCOME = "SELECT lead_id, event, undone_at FROM outcome WHERE id = ?"
# Only once: the condition makes a second undo change nothing.
UNDO_OUTCOME = "UPDATE outcome SET undone_at = ?, undone_by = ? WHERE id = ? AND undone_at IS NULL"

# Where the conversation is, with the decision that follows from it: one statement, so that neither is there without the other.
SETTLE_LEAD = "UPDATE lead SET {} WHERE id = ?".format(
    ", ".join(
        f"{column} = ?"
        for column in (
            *("status", "contacts", "last_contact", "hold_until", "standing", "suppressed"),
            *Decision._fields,
        )
    )
)

# A lead's own number and all that lists gave.
PHONES_OF_LEAD = "SELECT phone, phone_key, details FROM lead WHERE id = ?"
# What outcomes say about the numbers of a lead: by the index of numbers, whichever lead they were recorded on, and whether that is one
# of the same owner.
SAID_OF_NUMBERS = """
SELECT o.number, o.event, o.at, o.lead_id, o.lead_id = l.id OR coalesce(other.person = l.person, 0)
FROM lead AS l
CROSS JOIN (
  SELECT '+' || phone_key AS number FROM lead WHERE id = :lead AND phone_key IS NOT NULL
  UNION SELECT '+' || (p.value ->> 'key') FROM lead AS d, json_each(d.details, '$.phones') AS p
  WHERE d.id = :lead AND p.value ->> 'key' IS NOT NULL
) AS known
CROSS JOIN outcome AS o ON o.number = known.number
CROSS JOIN lead AS other ON other.id = o.lead_id
WHERE l.id = :lead AND o.undone_at IS NULL ORDER BY o.at, o.id
"""

# The leads that have the number of an outcome, as far as the index of numbers knows them.
LEADS_OF_OUTCOME_NUMBER = """
SELECT p.lead_id FROM outcome AS o CROSS JOIN lead_phone AS p ON p.phone_key = CAST(substr(o.number, 2) AS INTEGER)
WHERE o.id = ? LIMIT 100
"""

# The lead that a line of a CRM names.
LEAD_OF_KEY = "SELECT lead_id FROM lead_key WHERE key = ?"
# Tells imports and re-evaluations that leads they have read may have changed.
MOVE_GENERATION = "UPDATE lead_generation SET value = value + 1 WHERE id = 1"


# -- lists for others ------------------------------------------------------------------------------

_CHOSEN = f"{FITS} AND (:leads IS NULL OR id IN (SELECT value FROM json_each(:leads)))"


def count_for(without: str) -> str:
    """How many leads are on a list (NULL), and how many are left out for each reason; ``without``: cases of a CASE. A walk."""
    return f"SELECT CASE {without} END, count(*) FROM lead WHERE {_CHOSEN} GROUP BY 1"


def page_for(without: str) -> str:
    """The next leads of such a list."""
    return (
        f"SELECT {COLUMNS} FROM lead WHERE id > :after AND {_CHOSEN} AND CASE {without} END IS NULL"
        " ORDER BY id LIMIT :limit"
    )


# -- deals -----------------------------------------------------------------------------------------

_DEAL_COLUMNS = (
    "id, lead_id, state, offers, offer, price, buyer_price, fee, earnest, assignable, inspection_until, closing_at, buyer_id,"
    " buyer_deposit, won_as, note, opened_at, stage_since, ended_at, updated_at, updated_by"
)
_SHOWN_DEAL = (
    f"SELECT {', '.join(f'd.{name.strip()}' for name in _DEAL_COLUMNS.split(','))},"
    " l.name, l.phone, l.address, l.location, l.market, b.name"
    " FROM deal AS d JOIN lead AS l ON l.id = d.lead_id LEFT JOIN buyer AS b ON b.id = d.buyer_id"
)

# The undone ones too: a closing date that came from one of them is not a person's.
DEAL_EVENTS = """
SELECT event, at, amount, until, undone_at IS NOT NULL FROM outcome
WHERE lead_id = ? AND event IN ('offer', 'contract', 'won', 'lost', 'sold', 'dead', 'opted_out', 'not_interested') ORDER BY at, id
"""
# In the order in which they began: the same deals are found again, whatever was undone in between.
DEALS_OF_LEAD = f"SELECT {_DEAL_COLUMNS} FROM deal WHERE lead_id = ? ORDER BY opened_at, id"
# Closed at first: its outcomes say the rest, and another one may still be open.
ADD_DEAL = f"""
INSERT INTO deal (lead_id, state, opened_at, stage_since, ended_at, updated_at, updated_by) VALUES (?, 'undone', ?, ?, ?, ?, ?)
RETURNING {_DEAL_COLUMNS}
"""
# The one that terms are about.
CURRENT_DEAL = f"""
SELECT {_DEAL_COLUMNS} FROM deal WHERE lead_id = ? AND state <> 'undone' ORDER BY ended_at IS NULL DESC, opened_at DESC, id DESC LIMIT 1
"""
# To distinguish "no such lead" from "no deal".
LEAD_EXISTS = "SELECT 1 FROM lead WHERE id = ?"
# By the partial index of open deals; the board reads all of them.
OPEN_DEALS = f"{_SHOWN_DEAL} WHERE d.ended_at IS NULL AND (:market IS NULL OR l.market = :market) ORDER BY d.stage_since, d.id"
# A scan of the deals, which are few compared with the leads.
ENDED_DEALS = f"""{_SHOWN_DEAL}
WHERE d.ended_at >= :since AND d.state <> 'undone' AND (:market IS NULL OR l.market = :market) ORDER BY d.ended_at DESC, d.id LIMIT 1000
"""
# Of one lead, the newest first.
DEALS_SHOWN = (
    f"{_SHOWN_DEAL} WHERE d.lead_id = ? AND d.state <> 'undone' ORDER BY d.opened_at DESC, d.id DESC"
)
# They move by number, so that undoing a merge moves these back and no later ones; closed first, as a lead has one open deal.
DEAL_IDS = "SELECT id FROM deal WHERE lead_id = ?"
# What outcomes say is worked out again afterwards.
MOVE_DEAL = """
UPDATE deal SET lead_id = ?1, state = 'undone', ended_at = coalesce(ended_at, ?4), fee = NULL WHERE id = ?2 AND lead_id = ?3
"""

# What the profiles of markets depend on: they are a look at every lead, and this is not.
MARKETS_VERSION = """
SELECT (SELECT value FROM lead_generation WHERE id = 1), (SELECT max(id) FROM lead), (SELECT max(id) FROM outcome),
  (SELECT count(*) FROM outcome WHERE undone_at IS NOT NULL), (SELECT max(updated_at) FROM deal), (SELECT max(version) FROM policy),
  (SELECT max(updated_at) FROM buyer), (SELECT count(*) FROM buyer WHERE removed_at IS NULL)
"""
# What was set about a deal, and what of it was undone, the newest first; few entries have a deal.
DEAL_SETS = """
SELECT seq, action, body FROM audit WHERE action IN ('deal.set', 'deal.unset') AND json_extract(body, '$.deal') = ? ORDER BY seq DESC
"""


def put_deal(columns: Iterable[str]) -> str:
    """Changes these columns of a deal."""
    return f"UPDATE deal SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ?"


# By the index of numbers: the outcomes of whichever leads.
OUTCOMES_OF_NUMBER = "SELECT id, lead_id FROM outcome WHERE number = ?"
# Of somebody who was erased.
FORGET_NUMBER = "UPDATE outcome SET number = NULL WHERE id = ?"

# -- rules of contact ------------------------------------------------------------------------------

# Whom the dials and conversations of the last day concern: those called, the leads of the same owners, those with the same numbers.
# A range of the index by time; in one statement, because ten callers ask it at each key.
CONCERNED_SINCE = """
WITH contact AS MATERIALIZED (
  SELECT o.lead_id, l.person, CAST(substr(o.number, 2) AS INTEGER) AS phone_key
  FROM outcome AS o INDEXED BY outcome_by_time CROSS JOIN lead AS l ON l.id = o.lead_id
  WHERE o.at BETWEEN ? AND ? AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned')
)
SELECT lead_id FROM contact
UNION SELECT l.id FROM contact AS c CROSS JOIN lead AS l ON l.person = c.person
UNION SELECT n.lead_id FROM contact AS c CROSS JOIN lead_phone AS n ON n.phone_key = c.phone_key
"""
# Dials and conversations of the owners of some leads: on any lead of theirs, and of the lead's numbers for whomever they were dialed.
CONTACTS_OF_OWNERS = """
SELECT theirs.asked, o.lead_id, o.event, o.at, o.number, o.channel, l.person FROM (
  SELECT k.value AS asked, k.value AS id FROM carray(?1) AS k
  UNION SELECT own.id, other.id FROM carray(?1) AS k
  CROSS JOIN lead AS own ON own.id = k.value CROSS JOIN lead AS other ON other.person = own.person
) AS theirs CROSS JOIN outcome AS o ON o.lead_id = theirs.id CROSS JOIN lead AS l ON l.id = o.lead_id
WHERE o.at BETWEEN ?2 AND ?3 AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned')
UNION
SELECT known.asked, o.lead_id, o.event, o.at, o.number, o.channel, l.person FROM (
  SELECT d.id AS asked, '+' || d.phone_key AS number FROM carray(?1) AS k CROSS JOIN lead AS d ON d.id = k.value
  WHERE d.phone_key IS NOT NULL
  UNION SELECT d.id, '+' || (p.value ->> 'key') FROM carray(?1) AS k CROSS JOIN lead AS d ON d.id = k.value,
    json_each(d.details, '$.phones') AS p
  WHERE p.value ->> 'key' IS NOT NULL
) AS known CROSS JOIN outcome AS o ON o.number = known.number CROSS JOIN lead AS l ON l.id = o.lead_id
WHERE o.at BETWEEN ?2 AND ?3 AND o.undone_at IS NULL AND o.event NOT IN ('paused', 'mail_returned')
"""
# A lead as far as calling it goes.
CALLEE = "SELECT id, person, state, phone, phone_key, details FROM lead WHERE id = ?"
# Those that calls concern, and whether anybody spoke with them.
CALLEES_OF_CALLS = """
SELECT l.id, l.person, l.state, l.phone, l.phone_key, l.details, l.status <> 'new'
FROM carray(?) AS k CROSS JOIN lead AS l ON l.id = k.value
"""


# -- promises --------------------------------------------------------------------------------------

_PROMISE = "id, lead_id, outcome_id, kind, at, place, note, state, made_at, made_by, confirmed_at, ended_at, ended_by"

# By the index of leads.
PROMISES_OF_LEAD = f"SELECT {_PROMISE} FROM promise WHERE lead_id = ? ORDER BY at, id"
# By time, with whom it is about: all states, for a look back.
PROMISES = """
SELECT {columns}, l.name, l.suppressed FROM promise AS p CROSS JOIN lead AS l ON l.id = p.lead_id
WHERE (:state IS NULL OR p.state = :state) AND p.at >= :since AND p.at < :until
  AND (:by IS NULL OR p.made_by = :by) ORDER BY p.at, p.id LIMIT :limit
""".format(columns=", ".join(f"p.{column}" for column in _PROMISE.split(", ")))
# Where the properties of the leads are that a calendar names.
CALENDAR_PLACES = "SELECT id, address, location, phone FROM lead WHERE id IN (SELECT value FROM json_each(?))"
# The open ones along their partial index, which holds few however old the file is.
OPEN_PROMISES = PROMISES.replace("(:state IS NULL OR p.state = :state)", "p.state = 'open'")
# What may have ended a promise, in the order in which it happened.
HAPPENED = """
SELECT id, event, at, until FROM outcome WHERE lead_id = ? AND undone_at IS NULL ORDER BY at, id
"""


# -- columns of one lead, as a merge, a review or an undo needs them --------------------------------

PLACE = ("header_id", "file_id", "import_id", "line", "fingerprint")
"""Where it was first read."""

STANDING = ("status", "contacts", "last_contact", "hold_until", "standing")
"""Where the conversation is."""


def columns_of_lead(columns: Iterable[str]) -> str:
    """Reads these columns of a lead."""
    return f"SELECT {', '.join(columns)} FROM lead WHERE id = ?"


def put_columns(columns: Iterable[str]) -> str:
    """Changes these columns of a lead, and no others: each write is a row of evidence."""
    return f"UPDATE lead SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ?"


# -- deciding on leads again -----------------------------------------------------------------------

# What they answered: one prepared statement for the whole block.
STORE_DECISION = "UPDATE lead SET suppressed = ?, lists = ?, updated_at = ?, {} WHERE id = ?".format(
    ", ".join(f"{column} = ?" for column in Decision._fields)
)


# -- the index of the call list --------------------------------------------------------------------

# The index says itself which leads it holds, see call_list_index.py.
INDEX_DEFINITION = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = 'lead_by_score'"
# Counts no further than the limit. The line stands in the text: only so does SQLite know that the index has all of them.
COUNT_INDEXED = (
    "SELECT count(*) FROM (SELECT 1 FROM lead WHERE suppressed IS NULL AND score_base >= {} LIMIT {})"
)
# As good as a count for distinguishing a short list from a long one, and one seek.
NEWEST_LEAD = "SELECT coalesce(max(id), 0) FROM lead"
# The base of the lead at a place of the list, by the index.
LISTED_BASE = """
SELECT score_base FROM lead WHERE suppressed IS NULL AND score_base >= {} ORDER BY score_base DESC LIMIT 1 OFFSET {}
"""
# From the best base down, until enough leads have been counted.
BASES = "SELECT score_base, count(*) FROM lead WHERE suppressed IS NULL GROUP BY score_base ORDER BY score_base DESC"


# The index is made again with the same name, as its line cannot be altered.
DROP_CALL_LIST_INDEX = "DROP INDEX lead_by_score"


# -- search ----------------------------------------------------------------------------------------

# How far the index has come, in leads and in changes of leads.
INDEX_STATE = "SELECT lead_id, history_id FROM lead_index_state WHERE id = 1"
# In the transaction that indexes: a stopped run continues where the index really is.
ADVANCE_INDEX = "UPDATE lead_index_state SET lead_id = ?, history_id = ? WHERE id = 1"
# How far it has to come.
NEWEST = "SELECT coalesce((SELECT max(id) FROM lead), 0), coalesce((SELECT max(id) FROM lead_history), 0)"
# What is searched, in the order of search.Texts.
TEXT_COLUMNS = """id, name, email, phone, phone_key, location, address, source, extras, details, market,
  (SELECT group_concat(tag, ' ') FROM tag WHERE lead_id = lead.id AND removed_at IS NULL),
  (SELECT group_concat(text, ' ') FROM (
    SELECT text FROM note WHERE lead_id = lead.id AND removed_at IS NULL
    UNION ALL SELECT note FROM outcome WHERE lead_id = lead.id AND note IS NOT NULL AND undone_at IS NULL))"""
# Both read the same columns: of leads the index has not seen, and of leads that were changed since.
UNINDEXED = f"SELECT {TEXT_COLUMNS} FROM lead WHERE id > ? ORDER BY id LIMIT ?"
# The changed ones again, a block at a time.
TEXTS_OF = f"SELECT {TEXT_COLUMNS} FROM lead WHERE id IN (SELECT value FROM carray(?))"
# The history is the list of what to index again; it holds the old number, which must leave the index.
CHANGES_TO_INDEX = "SELECT id, lead_id, before FROM lead_history WHERE id > ? ORDER BY id LIMIT ?"
# A full-text table, which no model can write.
ADD_TEXT = "INSERT INTO lead_search (rowid, text) VALUES (?, ?)"
# Full text has no update: a changed lead is removed and added.
DROP_TEXT = "DELETE FROM lead_search WHERE rowid = ?"
# Phone numbers have an index of their own: a number is found whole or not at all.
ADD_PHONE = "INSERT INTO lead_phone (phone_key, lead_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
# A number that a lead no longer has.
DROP_PHONE = "DELETE FROM lead_phone WHERE phone_key = ? AND lead_id = ?"
# Each lead with a number is compared with the first lead that has it.
FIND_DUPLICATES = """
INSERT INTO duplicate (lead_id, other_id, phone_key, found_at)
SELECT first.id, l.id, l.phone_key, ?2
FROM carray(?1) AS k CROSS JOIN lead AS l ON l.id = k.value
CROSS JOIN lead AS first ON first.id = (SELECT min(p.lead_id) FROM lead_phone AS p WHERE p.phone_key = l.phone_key)
WHERE first.id < l.id AND (first.email IS NULL OR l.email IS NULL OR first.email <> l.email)
  AND coalesce(l.suppressed, '') NOT LIKE 'merged%' AND coalesce(first.suppressed, '') NOT LIKE 'merged%'
  AND (SELECT count(*) FROM (SELECT 1 FROM lead_phone AS p WHERE p.phone_key = l.phone_key LIMIT ?3)) < ?3
ON CONFLICT (lead_id, other_id) DO NOTHING
"""
# How far the places of leads are known, and how far they could be.
PLACED = "SELECT placed_id, lead_id FROM lead_index_state WHERE id = 1"
ADVANCE_PLACED = "UPDATE lead_index_state SET placed_id = ? WHERE id = 1"
_PLACE_COLUMNS = """l.id, l.name, l.address, l.location, l.details,
  coalesce(l.suppressed LIKE 'merged%', 0) OR coalesce(l.standing = 'sold', 0)"""
# Only leads whose property some list named: those of the documents' lists have none.
UNPLACED = f"""
SELECT {_PLACE_COLUMNS} FROM lead AS l WHERE l.id > ?1 AND l.id <= ?2
  AND (l.address IS NOT NULL OR l.details LIKE '%"apn"%') ORDER BY l.id LIMIT ?3
"""
# Of leads that were changed, and of those near others.
PLACES_OF = f"SELECT {_PLACE_COLUMNS} FROM carray(?) AS k CROSS JOIN lead AS l ON l.id = k.value"
ADD_PLACE = "INSERT INTO lead_place (near_key, lead_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
DROP_PLACES = (
    "DELETE FROM lead_place INDEXED BY lead_place_by_lead WHERE lead_id IN (SELECT value FROM carray(?))"
)
# By the index of leads to its keys, and from each key to the others.
NEAR = """
SELECT DISTINCT o.lead_id FROM lead_place AS p INDEXED BY lead_place_by_lead CROSS JOIN lead_place AS o ON o.near_key = p.near_key
WHERE p.lead_id = ?1 AND o.lead_id <> ?1 LIMIT ?2
"""
# Once; what a person has decided stays decided.
ADD_NEAR = """
INSERT INTO duplicate (lead_id, other_id, phone_key, found_at, why) VALUES (?, ?, 0, ?, 'address') ON CONFLICT (lead_id, other_id) DO NOTHING
"""
# The newest that match.
MATCH = "SELECT rowid FROM lead_search WHERE lead_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2"
# The best of these leads.
BEST_OF = """
SELECT l.id FROM carray(?1) AS found CROSS JOIN lead AS l ON l.id = found.value WHERE coalesce(l.suppressed, '') NOT LIKE 'merged%'
ORDER BY l.score DESC, l.score_base DESC, l.identity LIMIT ?2
"""
# Whether so many match, without counting them all.
COUNT_MATCHES = "SELECT count(*) FROM (SELECT 1 FROM lead_search WHERE lead_search MATCH ?1 LIMIT ?2)"
# Until its parts are merged a full-text index keeps the words of what was deleted.
FORGET_WORDS = "INSERT INTO lead_search (lead_search) VALUES ('optimize')"


# The markets of the newest leads that a match of the search index names.
MARKETS_OF_WORDS = """
SELECT DISTINCT l.market FROM (SELECT rowid AS id FROM lead_search WHERE lead_search MATCH ? ORDER BY rowid DESC LIMIT ?) AS named
CROSS JOIN lead AS l ON l.id = named.id WHERE l.market IS NOT NULL
"""


# -- whom an entry of the do-not-contact list is about ---------------------------------------------

# The search index names the leads that may be meant.
LEADS_OF_PHONE = "SELECT lead_id FROM lead_phone WHERE phone_key = ? LIMIT ?"
# An address is found by its words.
LEADS_OF_WORDS = "SELECT rowid FROM lead_search WHERE lead_search MATCH ? LIMIT ?"
# The leads that were changed since the index last looked.
LEADS_CHANGED = "SELECT lead_id FROM lead_history WHERE id > ? LIMIT ?"
# Whether they are meant their own addresses and numbers say.
CONTACTS_OF = (
    "SELECT id, email, phone_key, details, suppressed FROM lead WHERE id IN (SELECT value FROM carray(?))"
)
# All of a domain's leads can only be found by reading every address.
WALK_CONTACTS = """
SELECT id, email, phone_key, details, suppressed FROM lead WHERE id > :after
  AND (:domains OR email IN (SELECT value FROM json_each(:emails)) OR phone_key IN (SELECT value FROM json_each(:phones))
    OR details ->> 'emails' IS NOT NULL OR details ->> 'phones' IS NOT NULL)
ORDER BY id LIMIT 20000
"""
# Sets of leads as other rooms ask for them: by number, by the imports that made them, and those suppressed already.
EXISTING_LEADS = "SELECT id FROM lead WHERE id IN (SELECT value FROM json_each(?))"
# Not those that they only changed.
LEADS_OF_IMPORTS = "SELECT id FROM lead WHERE import_id IN (SELECT value FROM json_each(?))"
# To name those who must not be contacted in a refusal.
SUPPRESSED_LEADS = (
    "SELECT id FROM lead WHERE suppressed IS NOT NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY id"
)
# How one lead can be reached.
CONTACT = """
SELECT l.email, l.phone_key, l.phone, l.name, l.address, l.location, l.extras, h.names, l.details
FROM lead AS l LEFT JOIN header AS h ON h.id = l.header_id WHERE l.id = ?
"""
# The numbers of all whom a team holds, at each draw.
PHONES_OF = "SELECT phone_key, details FROM lead WHERE id IN (SELECT value FROM carray(?))"
# What it was known by before.
EARLIER_CONTACTS = """
SELECT before ->> 'email', before ->> 'phone_key', before ->> 'phone', before ->> 'name', before ->> 'address',
  before ->> 'location', before ->> 'extras',
  (SELECT names FROM header WHERE id = before ->> 'header_id'), before ->> 'details'
FROM lead_history WHERE lead_id = ? ORDER BY id
"""


# -- the do-not-contact list -----------------------------------------------------------------------

# Whether the list in memory is still the list.
SUPPRESSION_STATE = "SELECT version, salt FROM suppression_state WHERE id = 1"
# For digests of people who are erased; it belongs to one file.
SUPPRESSION_SALT = "SELECT salt FROM suppression_state WHERE id = 1"
# The whole list, into sets: an import asks about every row.
SUPPRESSIONS = "SELECT kind, value, digest, origin FROM suppression WHERE removed_at IS NULL"
# Whom a person or a list put there stays there when the opt-out that was first is undone.
ADD_SUPPRESSION = """
INSERT INTO suppression (kind, value, digest, origin, reason, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, digest, origin = 'national') WHERE removed_at IS NULL
DO UPDATE SET origin = excluded.origin, reason = excluded.reason, created_by = excluded.created_by
WHERE suppression.origin = 'opted_out' AND excluded.origin IN ('operator', 'list', 'litigator')
  OR suppression.origin IN ('operator', 'list') AND excluded.origin = 'litigator'
"""
# Before and after: how many entries were new, as an entry that is there already is not an error.
COUNT_SUPPRESSIONS = "SELECT count(*) FROM suppression WHERE removed_at IS NULL"
# Of a person who is erased only the beginning of the digest stays, in an entry of its own; this one ends.
FORGET_SUPPRESSED = """
UPDATE suppression SET value = NULL, origin = 'forgotten', reason = NULL, digest = ?, removed_at = coalesce(removed_at, ?),
  removed_by = coalesce(removed_by, ?) WHERE kind = ? AND digest = ?
"""
# An entry that is taken off stays as evidence.
REMOVE_SUPPRESSION = """
UPDATE suppression SET removed_at = ?1, removed_by = ?2
WHERE kind = ?3 AND (digest = ?4 OR digest = ?6) AND removed_at IS NULL AND origin <> 'national' AND (?5 IS NULL OR origin = ?5)
"""
# Every list of numbers that the leads were checked against.
ADD_SCRUB = "INSERT INTO scrub (kind, path, numbers, matched, at, by) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
# The newest of each kind: exports carry its date.
LAST_SCRUBS = "SELECT kind, max(at) FROM scrub GROUP BY kind"
# For people, the newest first.
SCRUBS = "SELECT id, kind, path, numbers, matched, at, by FROM scrub ORDER BY id DESC LIMIT ?"
# What a person agreed to; the newest word on a channel counts, and one that was withdrawn is none.
ADD_CONSENT = "INSERT INTO consent (lead_id, channel, words, at, recorded_at, by) VALUES (?, ?, ?, ?, ?, ?) RETURNING id"
WITHDRAW_CONSENT = """
UPDATE consent SET withdrawn_at = ?1, withdrawn_by = ?2
WHERE lead_id IN (SELECT value FROM json_each(?3)) AND channel = ?4 AND withdrawn_at IS NULL
"""
CONSENTS_OF = """
SELECT id, lead_id, channel, words, at, recorded_at, by, withdrawn_at FROM consent
WHERE lead_id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
# How a lead is called, to flag one of its numbers.
NUMBERS_OF = "SELECT id, phone, phone_key, details FROM lead WHERE id IN (SELECT value FROM json_each(?))"
# Each is a row of evidence.
PUT_NUMBERS = "UPDATE lead SET phone = ?, phone_key = ?, details = ? WHERE id = ?"
# Tells every process that its list is out of date.
MOVE_SUPPRESSION = "UPDATE suppression_state SET version = version + 1 WHERE id = 1"
# A page of the list, for people.
LIST_SUPPRESSIONS = """
SELECT id, kind, value, origin, reason, created_at, created_by FROM suppression
WHERE removed_at IS NULL AND id > ? ORDER BY id LIMIT ?
"""


# -- changes that wait for a person ----------------------------------------------------------------

# With the lead and the list that asks, a page at a time.
OPEN_CHANGES = """
SELECT c.id, c.lead_id, l.name, i.path, c.line, c.body, c.at, c.import_id FROM lead_change AS c
JOIN lead AS l ON l.id = c.lead_id JOIN import AS i ON i.id = c.import_id
WHERE c.state = 'open' AND c.id > ? ORDER BY c.id LIMIT ?
"""
# For deciding on all of one list at once.
CHANGES_BY_IMPORT = """
SELECT c.import_id, i.path, count(*) FROM lead_change AS c JOIN import AS i ON i.id = c.import_id
WHERE c.state = 'open' GROUP BY c.import_id ORDER BY count(*) DESC, c.import_id LIMIT 20
"""
# Only while it waits: two people may decide at the same time.
FIND_CHANGE = "SELECT lead_id, body FROM lead_change WHERE id = ? AND state = 'open'"
# With who decided and when; the row stays as evidence.
DECIDE_CHANGE = "UPDATE lead_change SET state = ?, decided_at = ?, decided_by = ? WHERE id = ?"
# What a person changed, and what the lead said before: for undoing it, and for the search index.
ADD_HISTORY = (
    "INSERT INTO lead_history (lead_id, at, actor, cause, import_id, before) VALUES (?, ?, ?, ?, NULL, ?)"
)


# -- duplicates and merges -------------------------------------------------------------------------

MERGED_COLUMNS = (*CONTENT, *PLACE, *STANDING, "lists", "suppressed", "corrected")
"""All that a merge may change."""

# Everything that a merge may change, of both leads, to be able to undo it.
READ_TO_MERGE = columns_of_lead(MERGED_COLUMNS)
# Both leads of a pair in one row.
OPEN_DUPLICATES = """
SELECT d.id, d.why, d.phone_key, d.lead_id, a.name, a.email, a.address, d.other_id, b.name, b.email, b.address, d.found_at
FROM duplicate AS d JOIN lead AS a ON a.id = d.lead_id JOIN lead AS b ON b.id = d.other_id
WHERE d.state = 'open' AND d.id > ? ORDER BY d.id LIMIT ?
"""
# The call list shows how many wait.
COUNT_DUPLICATES = "SELECT count(*) FROM duplicate WHERE state = 'open'"
# A pair is stored once, whichever of the two was found first.
DECIDE_DUPLICATE = """
UPDATE duplicate SET state = ?, decided_at = ?, decided_by = ?
WHERE (lead_id = ?4 AND other_id = ?5) OR (lead_id = ?5 AND other_id = ?4)
"""
# Also of pairs that were never proposed.
PUT_DIFFERENT = """
INSERT INTO duplicate (lead_id, other_id, phone_key, state, found_at, decided_at, decided_by)
VALUES (?, ?, ?, 'different', ?, ?, ?)
ON CONFLICT (lead_id, other_id) DO UPDATE SET state = 'different', decided_at = excluded.decided_at, decided_by = excluded.decided_by
"""
# Two searches in the two indexes of keys; an OR would read the whole table.
KEYS_OF_LEAD = """
SELECT key FROM lead_key WHERE key = (SELECT identity FROM lead WHERE id = ?1) AND lead_id = ?1
UNION SELECT key FROM lead_key WHERE lead_id = ?1 AND learnt = 1
"""
# Lists that name the merged lead find the kept one from now on, and the other way round when it is undone.
MOVE_KEY = "UPDATE lead_key SET lead_id = ?, learnt = 1 WHERE key = ? AND lead_id = ?"
# What lists said about a lead last.
FINGERPRINTS = "SELECT file_id, fingerprint FROM sighting WHERE lead_id = ?"
# A list that names both keeps the sighting of the kept lead.
MOVE_SIGHTING = "UPDATE sighting SET lead_id = ? WHERE lead_id = ? AND file_id = ?"
# A lead stores its list, a sighting the source as well.
SOURCE_OF_FILE = "SELECT source_id FROM file WHERE id = ?"
# The list that a lead was first read from has no sighting of its own until the lead is merged.
ADD_SIGHTING = """
INSERT INTO sighting (lead_id, file_id, source_id, import_id, line, fingerprint, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lead_id, file_id) DO NOTHING
"""
# Undoing: the sighting that the merge had added.
DROP_SIGHTING = "DELETE FROM sighting WHERE lead_id = ? AND file_id = ?"
# What the merged lead's lists say says nothing new about the kept one.
ADD_OVERTAKEN = "INSERT INTO overtaken (lead_id, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING"
# Undoing: its lists may say something new again.
DROP_OVERTAKEN = "DELETE FROM overtaken WHERE lead_id = ? AND fingerprint = ?"
# What was changed stands in the body, for undoing.
ADD_MERGE = "INSERT INTO lead_merge (kept_id, merged_id, at, actor, body) VALUES (?, ?, ?, ?, ?) RETURNING id"
# The merge that is in force.
FIND_MERGE = "SELECT id, kept_id, body FROM lead_merge WHERE merged_id = ? AND undone_at IS NULL"
# The row stays, as evidence.
UNDO_MERGE = "UPDATE lead_merge SET undone_at = ?, undone_by = ? WHERE id = ?"
# Also of merges that were undone: everything that ties two leads to one person.
MERGE_PARTNERS = "SELECT merged_id FROM lead_merge WHERE kept_id = ?1 UNION SELECT kept_id FROM lead_merge WHERE merged_id = ?1"
# The body of a merge holds what the leads said.
FORGET_MERGES = "DELETE FROM lead_merge WHERE kept_id = ?1 OR merged_id = ?1"


# -- notes and tags ----------------------------------------------------------------------------------

# A page of leads in one statement.
TAGS_OF_LEADS = """
SELECT t.lead_id, t.tag FROM carray(?) AS k CROSS JOIN tag AS t ON t.lead_id = k.value AND t.removed_at IS NULL ORDER BY 1, 2
"""
# The numbers of leads that exist, one at a time.
LEAD_EXISTS = "SELECT 1 FROM lead WHERE id = ?"
# What a person put right of a lead.
CORRECTED = "SELECT corrected FROM lead WHERE id = ?"
# A lead is found by what a person put right, too, unless another lead is known by it.
LEARN_KEY = "INSERT INTO lead_key (key, lead_id, learnt) VALUES (?, ?, 1) ON CONFLICT DO NOTHING"
# What a person did on a lead moves by number when leads are merged, so that undoing moves these back and no later ones.
WORK_IDS = {
    "outcome": "SELECT id FROM outcome WHERE lead_id = ?",
    "promise": "SELECT id FROM promise WHERE lead_id = ?",
    "note": "SELECT id FROM note WHERE lead_id = ?",
    "consent": "SELECT id FROM consent WHERE lead_id = ?",
    # A tag that both have stays where it is.
    "tag": """SELECT id FROM tag WHERE lead_id = ?1 AND (removed_at IS NOT NULL
      OR NOT EXISTS (SELECT 1 FROM tag AS o WHERE o.lead_id = ?2 AND o.tag = tag.tag AND o.removed_at IS NULL))""",
}
# The second condition keeps one that was moved since where it is.
MOVE_WORK = {table: f"UPDATE {table} SET lead_id = ? WHERE id = ? AND lead_id = ?" for table in WORK_IDS}


# -- saved filters ---------------------------------------------------------------------------------

# Whether some lead has a sign: the first one found says so.
SIGN_EXISTS = "SELECT 1 FROM lead WHERE distress IS NOT NULL AND ',' || distress || ',' LIKE ? LIMIT 1"

# What a filter may ask, by the name of its condition; a digit behind it numbers several of a kind. Merged leads are parts of others.
_ASKED = {
    "lists": "lists >= :lists",
    "market": "market = :market",
    "source": "source = :source",
    "score": "score >= :score",
    "number": "details LIKE :number",
    "stands": "coalesce(standing, status) = :stands",
    # What no status says is found by its index.
    "standing": "standing = :standing",
    "never": "last_contact IS NULL",
    "tag": "id IN (SELECT lead_id FROM tag WHERE tag = :tag{at} AND removed_at IS NULL)",
    "sign": "distress IS NOT NULL AND ',' || distress || ',' LIKE :sign{at}",
    # Of what was recorded, not of every lead: outcomes are few next to leads, which are then found by number.
    "event": """id IN (SELECT lead_id FROM outcome WHERE event = :event{at} AND undone_at IS NULL GROUP BY lead_id HAVING count(*) >= :times{at})""",
}


def filtered(columns: str, conditions: Iterable[str]) -> str:
    """Reads these columns of the leads for which all conditions hold: of the few that an outcome, a tag or a standing names, else a
    walk over all leads."""
    asked = []
    for name in conditions:
        kind = name.rstrip("0123456789")
        asked.append(_ASKED[kind].replace("{at}", name.removeprefix(kind)))
    return f"SELECT {columns} FROM lead WHERE coalesce(suppressed, '') NOT LIKE 'merged%' AND {' AND '.join(asked)}"


# -- removing leads --------------------------------------------------------------------------------

# Numbers are not given out twice, see NEXT_LEAD_ID of the import.
KEEP_NUMBERS = """
UPDATE lead_generation SET last_id = max(last_id, coalesce((SELECT max(id) FROM lead), 0)) WHERE id = 1
"""
# The index of phones knows a lead by the numbers that it has, or that it had when the index last looked.
NUMBERS_NOW = "SELECT id, phone_key, details FROM lead WHERE id IN (SELECT value FROM carray(?))"
NUMBERS_BEFORE = """
SELECT lead_id, before ->> 'phone_key', before ->> 'details' FROM lead_history WHERE lead_id IN (SELECT value FROM carray(?))
"""
# What hangs on leads. Nothing here may read a table from its beginning to its end: this is done a few hundred leads at a time.
REMOVE_WORDS = "DELETE FROM lead_search WHERE rowid IN (SELECT value FROM carray(?))"
# All keys of a batch in the order of the index of keys, so that each of its pages is written once. Of which leads is said in the
# words of db.among, here and below.
REMOVE_KEYS = """
DELETE FROM lead_key WHERE lead_id {0} AND key IN (
  SELECT identity FROM lead WHERE id {0}
  UNION ALL SELECT key FROM lead_key INDEXED BY lead_key_learnt WHERE learnt = 1 AND lead_id {0})
"""
# By the name of the column: most leads have nothing in most of these tables, which is looked up for all of them together.
HANGS_ON_LEADS = {
    "overtaken": "lead_id",
    "sighting": "lead_id",
    "lead_history": "lead_id",
    "lead_change": "lead_id",
    "duplicate": "lead_id",
    "duplicate INDEXED BY duplicate_by_other": "other_id",
    "unfolded": "lead_id",
    "lead_place INDEXED BY lead_place_by_lead": "lead_id",
    "packet": "lead_id",
    "promise": "lead_id",
    "note": "lead_id",
    "tag": "lead_id",
    "consent": "lead_id",
    "deal": "lead_id",
    "outcome": "lead_id",
    "lead_hold": "lead_id",
}
HANGS_BETWEEN = "SELECT 1 FROM {} WHERE {} BETWEEN ? AND ? LIMIT 1"
REMOVE_HANGING = "DELETE FROM {} WHERE {} {}"


# -- what people wrote -------------------------------------------------------------------------------
# Somebody who is erased may be named in any of it, under any lead; so all of it is read, a page at a time.

WRITTEN = {
    "consent": ("words",),
    "deal": ("note",),
    "note": ("text",),
    "outcome": ("reason", "note"),
    "promise": ("place", "note"),
    "scrub": ("path",),
    "source_pause": ("reason",),
    "suppression": ("reason",),
}
"""Sentences: words are left out of them."""

LABELS = {"packet": ("body",), "saved_filter": ("name", "body"), "tag": ("tag",)}
"""What says nothing with a word left out, or is made again: deleted."""

FEW_LEADS = 1_000
"""Leads of one number or address that are looked at."""


def written(table: str, columns: tuple[str, ...]) -> str:
    """Rows with words in one of these columns, after a number."""
    filled = " OR ".join(f"{column} <> ''" for column in columns)
    return f"SELECT id, {', '.join(columns)} FROM {table} WHERE id > ? AND ({filled}) ORDER BY id LIMIT 5000"


def rewrite(table: str, columns: tuple[str, ...]) -> str:
    """Other words in one row; returns the lead that finds them in the search, 0 for none."""
    lead = "lead_id" if table in ("note", "outcome") else "0"
    return (
        f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ? RETURNING {lead}"
    )


def delete_label(table: str) -> str:
    """One row of :data:`LABELS`; returns the lead that it was about."""
    return f"DELETE FROM {table} WHERE id = ? RETURNING {'0' if table == 'saved_filter' else 'lead_id'}"
