"""Every statement with which the stages read and write the file."""

from __future__ import annotations

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
