"""Statements of the stages' store, by subject. They are written by hand because they count over all outcomes, walk leads in the
order of a batch, or read a few columns of a small table before every batch of an import."""

from __future__ import annotations

from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.lead import STORED
from valhalla.scoring.stages.learning import NO_CONVERSATION

_SILENT = ", ".join(f"'{name}'" for name in NO_CONVERSATION)
"""Outcomes that teach nothing, as a list of SQL."""

# -- policy and knowledge --------------------------------------------------------------------------

# What decided on a lead is read for each that is handed out or called: a composed query takes ten times as long.
POLICY_AT = "SELECT body FROM policy WHERE version = ?"
SNAPSHOT_AT = "SELECT body FROM model_snapshot WHERE id = ?"
# The policy in force is the newest; asked before every batch.
LATEST_POLICY = "SELECT version, body FROM policy ORDER BY version DESC LIMIT 1"


# One experiment takes leads at a time: the one started last.
RUNNING_EXPERIMENT = """SELECT id, name, version, metric FROM experiment WHERE state = 'running'
                        ORDER BY started_at DESC, id DESC LIMIT 1"""
# Since when the present weights hold; of a first version, always.
EPOCH_START = (
    "SELECT started_at FROM experiment_epoch WHERE experiment_id = ? AND version = ? AND version > 1"
)
# In the order in which they were named, by which leads are drawn.
VARIANTS = "SELECT id, name, weight, script_id FROM variant WHERE experiment_id = ? ORDER BY id"
# Without the texts: asked before every batch.
SCRIPTS = "SELECT id, name, version, channel, market, state FROM script ORDER BY id"

# Cheap enough to ask before every batch; when it answers as before, nothing new was learnt.
OUTCOMES_SO_FAR = """SELECT coalesce(max(id), 0), count(*), (SELECT count(*) FROM outcome WHERE undone_at IS NOT NULL)
                     FROM outcome"""

# One row per worked lead. A later won or lost corrects an earlier one; a dial that reached nobody, or a pause, is not work. A lead counts for
# the variant it had when it was first worked, whatever experiment it is in now. Only outcomes of origins that may teach count.
WORKED_LEADS = f"""
SELECT lead.source, lead.market,
       (SELECT first.variant_id FROM outcome AS first
        WHERE first.lead_id = outcome.lead_id AND first.undone_at IS NULL AND first.event NOT IN ({_SILENT})
        ORDER BY first.at, first.id LIMIT 1),
       min(outcome.at),
       max(CASE outcome.event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 WHEN 'offer' THEN 2 ELSE 1 END),
       max(CASE WHEN outcome.event = 'won' THEN outcome.at END),
       max(CASE WHEN outcome.event IN ('lost', 'sold', 'dead') THEN outcome.at END),
       max(outcome.event = 'opted_out'),
       sum(CASE WHEN outcome.event = 'won' THEN outcome.amount END),
       max(CASE WHEN outcome.event = 'won' THEN outcome.recorded_by END),
       lead.created_at
FROM outcome JOIN lead ON lead.id = outcome.lead_id
WHERE outcome.event NOT IN ({_SILENT}) AND outcome.undone_at IS NULL
  AND coalesce(outcome.origin, 'person') IN (SELECT value FROM json_each(?))
GROUP BY outcome.lead_id"""

# What is not counted from outcomes at each load but measured or learnt now and then.
KNOWLEDGE = "SELECT name, body FROM knowledge"

# Who can be called: neither suppressed nor closed, and there is a way to reach them. A scan, for a file that is not large.
_ABLE = """suppressed IS NULL AND status NOT IN ('won', 'lost', 'sold', 'dead', 'opted_out')
  AND (phone_key IS NOT NULL OR email IS NOT NULL)"""
COUNT_CALLABLE = f"SELECT count(*) FROM lead WHERE {_ABLE}"
# One in so many, chosen by who they are: the numbers of leads say nothing.
CALLABLE = f"SELECT {', '.join(STORED)} FROM lead WHERE {_ABLE} AND identity % ? = 0"
# Of a large file, some leads by their numbers: a scan of a million would take seconds.
CALLABLE_OF = f"SELECT {', '.join(STORED)} FROM lead WHERE id IN (SELECT value FROM carray(?)) AND {_ABLE}"
# As good as a count for seeing that there are many more, and one seek.
NEWEST_LEAD = "SELECT coalesce(max(id), 0) FROM lead"

# Leads with a result, the newest first: what it was, when, the probability that was stored before, how far they had come.
RESOLVED = """
SELECT o.lead_id, o.at, o.event = 'won', o.p_close,
  (SELECT CASE max(CASE b.event WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 WHEN 'offer' THEN 2
     WHEN 'contacted' THEN 1 ELSE 0 END)
     WHEN 3 THEN 'contract' WHEN 2 THEN 'appointment' WHEN 1 THEN 'contacted' ELSE 'new' END
   FROM outcome AS b WHERE b.lead_id = o.lead_id AND b.undone_at IS NULL)
FROM outcome AS o
WHERE o.undone_at IS NULL AND coalesce(o.origin, 'person') IN (SELECT value FROM json_each(?))
  AND o.event IN ('won', 'lost', 'sold', 'dead') AND NOT EXISTS (
  SELECT 1 FROM outcome AS later WHERE later.lead_id = o.lead_id AND later.undone_at IS NULL
    AND later.event IN ('won', 'lost', 'sold', 'dead') AND (later.at, later.id) > (o.at, o.id))
ORDER BY o.at DESC, o.id DESC LIMIT ?"""

# The same with the script of the lead's first outcome.
WORKED_BY_SCRIPT = WORKED_LEADS.replace(
    "lead.created_at\n",
    f"""lead.created_at,
       (SELECT first.script_id FROM outcome AS first
        WHERE first.lead_id = outcome.lead_id AND first.undone_at IS NULL AND first.event NOT IN ({_SILENT})
        ORDER BY first.at, first.id LIMIT 1)
""",
)


# -- running a policy in shadow --------------------------------------------------------------------

# Back from the newest; merged leads are a part of another one.
NEWEST_LEADS = f"""
SELECT {", ".join(STORED)} FROM lead WHERE id < ? AND coalesce(suppressed, '') NOT LIKE 'merged%' ORDER BY id DESC LIMIT ?
"""
# Of these, those that were closed or lost, and which; the last word counts.
ENDED_LEADS = """
SELECT lead_id, max(CASE WHEN event = 'won' THEN at END) >= coalesce(max(CASE WHEN event IN ('lost', 'dead') THEN at END), 0)
FROM outcome WHERE event IN ('won', 'lost', 'dead') AND undone_at IS NULL AND lead_id IN (SELECT value FROM json_each(?))
GROUP BY lead_id
"""


# -- scripts ---------------------------------------------------------------------------------------


# Leads on which an outcome was recorded while the script was in use, and how far they got.
SCRIPT_RECORD = f"""
SELECT count(DISTINCT lead_id), count(DISTINCT CASE WHEN event IN ('appointment', 'offer', 'contract', 'won') THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'won' THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'opted_out' THEN lead_id END)
FROM outcome WHERE script_id = ? AND undone_at IS NULL AND event NOT IN ({_SILENT})
"""


# -- deciding on leads again -----------------------------------------------------------------------

# How many leads something else than this decided on.
NOT_DECIDED_BY = "SELECT count(*) FROM lead WHERE policy_version <> ? OR snapshot_id <> ?"
# By what, and of which segments they are, each of which is compared once for all its leads: few different ones, however many
# leads. Distinct rows are found by a small table in memory, groups by sorting all leads.
DECIDED_PLACES = """
SELECT DISTINCT policy_version, snapshot_id, source, market, state FROM lead WHERE policy_version <> ? OR snapshot_id <> ?
"""

# In order of their numbers, which is the order of the table.
STORED_LEADS = f"SELECT {', '.join(STORED)} FROM lead WHERE id IN (SELECT value FROM carray(?)) ORDER BY id"

# In order of their numbers, so that a batch is one stretch of the table. With every column, so that a row can be hashed as it will be.
REDECIDE_BATCH = (
    "SELECT {} FROM lead WHERE id > ? AND (policy_version <> ? OR snapshot_id <> ?) ORDER BY id LIMIT ?"
)

# All stage columns of a batch, in one prepared statement.
REDECIDE = "UPDATE lead SET {} WHERE id = ?".format(", ".join(f"{column} = ?" for column in Decision._fields))
# Read before a batch is decided, and again where it is stored: whether a lead was changed meanwhile.
GENERATION = "SELECT value FROM lead_generation WHERE id = 1"


# -- calibration -----------------------------------------------------------------------------------

# One row per lead with a result or with work on it: the prediction that stood before its first outcome, and how it ended.
PREDICTIONS = f"""
SELECT first.p_close, first.predicted_at, lead.first_at, lead.won_at, lead.lost_at, lead.opted_out
FROM (SELECT lead_id, min(at) AS first_at,
             max(CASE WHEN event = 'won' THEN at END) AS won_at,
             max(CASE WHEN event IN ('lost', 'sold', 'dead') THEN at END) AS lost_at,
             max(event = 'opted_out') AS opted_out
      FROM outcome WHERE undone_at IS NULL AND event NOT IN ({_SILENT}) GROUP BY lead_id) AS lead
JOIN outcome AS first ON first.id = (
  SELECT id FROM outcome WHERE lead_id = lead.lead_id AND undone_at IS NULL AND event NOT IN ({_SILENT}) ORDER BY recorded_at, id LIMIT 1)
WHERE first.p_close IS NOT NULL
"""
