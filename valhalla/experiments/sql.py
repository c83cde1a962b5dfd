"""The statements about experiments."""

from __future__ import annotations

_COLUMNS = "id, name, version, kind, state, metric, created_at, started_at, stopped_at"

ALL = f"SELECT {_COLUMNS} FROM experiment ORDER BY state <> 'running', id DESC"
BY_NAME = f"SELECT {_COLUMNS} FROM experiment WHERE name = ? ORDER BY version DESC, id DESC LIMIT 1"
RUNNING = "SELECT name FROM experiment WHERE state = 'running' ORDER BY id LIMIT 1"
VARIANTS = """
SELECT v.id, v.name, v.weight, v.script_id, s.name, s.version, s.state FROM variant AS v
LEFT JOIN script AS s ON s.id = v.script_id WHERE v.experiment_id = ? ORDER BY v.id
"""
EPOCHS = "SELECT version, weights, started_at FROM experiment_epoch WHERE experiment_id = ? ORDER BY version"
ASSIGNED = "SELECT variant_id, count(*) FROM lead WHERE variant_id IS NOT NULL GROUP BY variant_id"

ADD = """
INSERT INTO experiment (name, version, kind, state, metric, created_at, started_at)
VALUES (?, 1, ?, 'running', ?, ?, ?) RETURNING id
"""
RESTART = "UPDATE experiment SET state = 'running', version = version + 1, started_at = ?, stopped_at = NULL WHERE id = ?"
STOP = "UPDATE experiment SET state = 'stopped', stopped_at = ? WHERE id = ?"
NEXT_VERSION = "UPDATE experiment SET version = version + 1 WHERE id = ?"
WEIGH = "UPDATE variant SET weight = ? WHERE experiment_id = ? AND name = ?"
