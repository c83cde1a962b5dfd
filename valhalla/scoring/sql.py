"""Every statement with which the stages read and write the file."""

from __future__ import annotations

from valhalla.scoring.stages import Decision
from valhalla.scoring.stages.lead import STORED

LATEST_POLICY = "SELECT version, body FROM policy ORDER BY version DESC LIMIT 1"
POLICY = "SELECT body FROM policy WHERE version = ?"
POLICY_HISTORY = "SELECT version, created_at, created_by, reason FROM policy ORDER BY version"
ADD_POLICY = "INSERT INTO policy (version, body, created_at, created_by, reason) VALUES (?, ?, ?, ?, ?)"

SNAPSHOT = "SELECT body FROM model_snapshot WHERE id = ?"
FIND_SNAPSHOT = "SELECT id FROM model_snapshot WHERE digest = ?"
ADD_SNAPSHOT = """INSERT INTO model_snapshot (digest, body, created_at) VALUES (?, ?, ?)
                  ON CONFLICT (digest) DO NOTHING"""

# One experiment takes leads at a time: the one started last.
RUNNING_EXPERIMENT = """SELECT id, name, version, metric FROM experiment WHERE state = 'running'
                        ORDER BY started_at DESC, id DESC LIMIT 1"""
EPOCH_START = (
    "SELECT started_at FROM experiment_epoch WHERE experiment_id = ? AND version = ? AND version > 1"
)
ADD_EPOCH = "INSERT INTO experiment_epoch (experiment_id, version, weights, started_at) VALUES (?, ?, ?, ?)"
VARIANTS = "SELECT id, name, weight, script_id FROM variant WHERE experiment_id = ? ORDER BY id"
SCRIPTS = "SELECT id, name, version, channel, market, state FROM script ORDER BY id"

# Cheap enough to ask before every batch; when it answers as before, nothing new was learnt.
OUTCOMES_SO_FAR = """SELECT coalesce(max(id), 0), count(*), (SELECT count(*) FROM outcome WHERE undone_at IS NOT NULL)
                     FROM outcome"""

# One row per worked lead. A later won or lost corrects an earlier one; being paused is no work. A lead counts for the
# variant it had when it was first worked, whatever experiment it is in now.
WORKED_LEADS = """
SELECT lead.source, lead.market,
       (SELECT first.variant_id FROM outcome AS first
        WHERE first.lead_id = outcome.lead_id AND first.undone_at IS NULL AND first.event <> 'paused'
        ORDER BY first.at, first.id LIMIT 1),
       min(outcome.at),
       max(CASE outcome.event WHEN 'won' THEN 4 WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 ELSE 1 END),
       max(CASE WHEN outcome.event = 'won' THEN outcome.at END),
       max(CASE WHEN outcome.event IN ('lost', 'dead') THEN outcome.at END),
       max(outcome.event = 'opted_out'),
       sum(CASE WHEN outcome.event = 'won' THEN outcome.amount END),
       max(CASE WHEN outcome.event = 'won' THEN outcome.recorded_by END),
       lead.created_at
FROM outcome JOIN lead ON lead.id = outcome.lead_id
WHERE outcome.event <> 'paused' AND outcome.undone_at IS NULL
GROUP BY outcome.lead_id"""

# What is not counted from outcomes at each load but measured or learnt now and then.
KNOWLEDGE = "SELECT name, body FROM knowledge"
KNOW = """INSERT INTO knowledge (name, body, at) VALUES (?, ?, ?)
          ON CONFLICT (name) DO UPDATE SET body = excluded.body, at = excluded.at WHERE body <> excluded.body"""

# Leads with a result, the newest first: what it was, when, the probability that was stored before, how far they had come.
RESOLVED = """
SELECT o.lead_id, o.at, o.event = 'won', o.p_close,
  (SELECT CASE max(CASE b.event WHEN 'contract' THEN 3 WHEN 'appointment' THEN 2 WHEN 'contacted' THEN 1 ELSE 0 END)
     WHEN 3 THEN 'contract' WHEN 2 THEN 'appointment' WHEN 1 THEN 'contacted' ELSE 'new' END
   FROM outcome AS b WHERE b.lead_id = o.lead_id AND b.undone_at IS NULL)
FROM outcome AS o
WHERE o.undone_at IS NULL AND o.event IN ('won', 'lost', 'dead') AND NOT EXISTS (
  SELECT 1 FROM outcome AS later WHERE later.lead_id = o.lead_id AND later.undone_at IS NULL
    AND later.event IN ('won', 'lost', 'dead') AND (later.at, later.id) > (o.at, o.id))
ORDER BY o.at DESC, o.id DESC LIMIT ?"""

# The same with the script of the lead's first outcome.
WORKED_BY_SCRIPT = WORKED_LEADS.replace(
    "lead.created_at\n",
    """lead.created_at,
       (SELECT first.script_id FROM outcome AS first
        WHERE first.lead_id = outcome.lead_id AND first.undone_at IS NULL AND first.event <> 'paused'
        ORDER BY first.at, first.id LIMIT 1)
""",
)

ANY_SCRIPT = "SELECT 1 FROM script LIMIT 1"
ANY_EXPERIMENT = "SELECT 1 FROM experiment LIMIT 1"
ADD_SCRIPT = """INSERT INTO script (name, version, channel, market, state, body, created_at)
                VALUES (?, 1, 'call', NULL, ?, ?, ?) RETURNING id"""
ADD_EXPERIMENT = """INSERT INTO experiment (name, version, kind, state, metric, created_at, started_at)
                    VALUES (?, 1, 'script', 'running', 'appointment', ?, ?) RETURNING id"""
ADD_FIRST_MOVE = """INSERT INTO script_move (script_id, before, after, at, moved_by, why, evidence)
                    SELECT id, NULL, state, ?, 'valhalla', 'It came with the program.', '[]' FROM script"""
ADD_VARIANT = "INSERT INTO variant (experiment_id, name, weight, script_id) VALUES (?, ?, ?, ?)"


# -- The statements about experiments --------------------------------------------------------------

_EXPERIMENT_COLUMNS = "id, name, version, kind, state, metric, created_at, started_at, stopped_at"

EXPERIMENTS = f"SELECT {_EXPERIMENT_COLUMNS} FROM experiment ORDER BY state <> 'running', id DESC"
EXPERIMENT_BY_NAME = (
    f"SELECT {_EXPERIMENT_COLUMNS} FROM experiment WHERE name = ? ORDER BY version DESC, id DESC LIMIT 1"
)
RUNNING_EXPERIMENT_NAME = "SELECT name FROM experiment WHERE state = 'running' ORDER BY id LIMIT 1"
VARIANTS_WITH_SCRIPTS = """
SELECT v.id, v.name, v.weight, v.script_id, s.name, s.version, s.state FROM variant AS v
LEFT JOIN script AS s ON s.id = v.script_id WHERE v.experiment_id = ? ORDER BY v.id
"""
EPOCHS = "SELECT version, weights, started_at FROM experiment_epoch WHERE experiment_id = ? ORDER BY version"
ASSIGNED = "SELECT variant_id, count(*) FROM lead WHERE variant_id IS NOT NULL GROUP BY variant_id"

ADD_NAMED_EXPERIMENT = """
INSERT INTO experiment (name, version, kind, state, metric, created_at, started_at)
VALUES (?, 1, ?, 'running', ?, ?, ?) RETURNING id
"""
RESTART_EXPERIMENT = "UPDATE experiment SET state = 'running', version = version + 1, started_at = ?, stopped_at = NULL WHERE id = ?"
STOP_EXPERIMENT = "UPDATE experiment SET state = 'stopped', stopped_at = ? WHERE id = ?"
NEXT_EXPERIMENT_VERSION = "UPDATE experiment SET version = version + 1 WHERE id = ?"
WEIGH_VARIANT = "UPDATE variant SET weight = ? WHERE experiment_id = ? AND name = ?"


# -- The statements about scripts ------------------------------------------------------------------

_SCRIPT_COLUMNS = "id, name, version, channel, market, state, body, created_at, pinned_at"

ALL_SCRIPTS = f"""
SELECT {_SCRIPT_COLUMNS} FROM script
ORDER BY channel, market IS NOT NULL, market,
  CASE state WHEN 'primary' THEN 0 WHEN 'secondary' THEN 1 WHEN 'testing' THEN 2 WHEN 'experimental' THEN 3 ELSE 4 END, id
"""
SCRIPT_BY_ID = f"SELECT {_SCRIPT_COLUMNS} FROM script WHERE id = ?"
SCRIPT_BY_NAME = (
    f"SELECT {_SCRIPT_COLUMNS} FROM script WHERE name = ? COLLATE NOCASE ORDER BY version DESC LIMIT 1"
)
PRIMARY_SCRIPT = f"SELECT {_SCRIPT_COLUMNS} FROM script WHERE state = 'primary' AND channel = ? AND coalesce(market, '') = coalesce(?, '')"
PINNED_SCRIPTS = "SELECT id FROM script WHERE pinned_at IS NOT NULL"
NEXT_SCRIPT_VERSION = "SELECT coalesce(max(version), 0) + 1 FROM script WHERE name = ?"
ADD_SCRIPT_VERSION = """
INSERT INTO script (name, version, channel, market, state, body, created_at) VALUES (?, ?, ?, ?, 'experimental', ?, ?)
RETURNING id
"""
SET_SCRIPT_STATE = "UPDATE script SET state = ? WHERE id = ?"
PIN_SCRIPT = "UPDATE script SET pinned_at = ? WHERE id = ?"
ADD_SCRIPT_MOVE = """
INSERT INTO script_move (script_id, before, after, at, moved_by, why, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
SCRIPT_MOVES = (
    "SELECT before, after, at, moved_by, why, evidence FROM script_move WHERE script_id = ? ORDER BY id"
)
SCRIPT_MOVES_SINCE = """
SELECT s.name, s.version, m.before, m.after, m.at, m.moved_by, m.why FROM script_move AS m JOIN script AS s ON s.id = m.script_id
WHERE m.at >= ? AND m.before IS NOT NULL ORDER BY m.id
"""
# Leads on which an outcome was recorded while the script was in use, and how far they got.
SCRIPT_RECORD = """
SELECT count(DISTINCT lead_id), count(DISTINCT CASE WHEN event IN ('appointment', 'contract', 'won') THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'won' THEN lead_id END),
       count(DISTINCT CASE WHEN event = 'opted_out' THEN lead_id END)
FROM outcome WHERE script_id = ? AND undone_at IS NULL AND event <> 'paused'
"""


# -- The statements of a re-evaluation -------------------------------------------------------------

# What leads were decided by; few different ones, however many leads.
DECISION_GROUPS = (
    "SELECT policy_version, snapshot_id, count(*) FROM lead GROUP BY policy_version, snapshot_id"
)
DECIDED_PLACES = """
SELECT source, market, state, count(*) FROM lead WHERE policy_version = ? AND snapshot_id = ? GROUP BY source, market, state
"""

# In order of their numbers, so that a batch is one stretch of the table.
REDECIDE_BATCH = f"""
SELECT {", ".join(STORED)} FROM lead
WHERE id > ? AND (policy_version <> ? OR snapshot_id <> ?) ORDER BY id LIMIT ?
"""

REDECIDE = "UPDATE lead SET {} WHERE id = ?".format(", ".join(f"{column} = ?" for column in Decision._fields))
GENERATION = "SELECT value FROM lead_generation WHERE id = 1"


# -- calibration --

# One row per lead with a result or with work on it: the prediction that stood before its first outcome, and how it ended.
PREDICTIONS = """
SELECT first.p_close, first.predicted_at, lead.first_at, lead.won_at, lead.lost_at, lead.opted_out
FROM (SELECT lead_id, min(at) AS first_at,
             max(CASE WHEN event = 'won' THEN at END) AS won_at,
             max(CASE WHEN event IN ('lost', 'dead') THEN at END) AS lost_at,
             max(event = 'opted_out') AS opted_out
      FROM outcome WHERE undone_at IS NULL AND event <> 'paused' GROUP BY lead_id) AS lead
JOIN outcome AS first ON first.id = (
  SELECT id FROM outcome WHERE lead_id = lead.lead_id AND undone_at IS NULL AND event <> 'paused' ORDER BY recorded_at, id LIMIT 1)
WHERE first.p_close IS NOT NULL
"""
