"""Were the stored predictions right? Judged by what was recorded afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db import Database
from db.clock import DAY
from valhalla.scoring import sql
from valhalla.scoring.stages.evaluation import Evaluation, Prediction, evaluate


def predictions(database: Database, policy: Mapping[str, Any]) -> list[Prediction]:
    """One for each lead whose probability was stored before its first outcome and that has a result, or has had time for one."""
    now, days = database.clock(), policy["outcome"]["matured_days"]
    found = []
    for p, decided_at, first_at, won_at, lost_at, opted_out in database.sql(sql.PREDICTIONS):
        closed = won_at is not None and (lost_at is None or won_at >= lost_at)
        resolved = won_at is not None or lost_at is not None or bool(opted_out)
        if resolved or first_at <= now - days * DAY:
            at = max(each for each in (won_at, lost_at, first_at) if each is not None)
            found.append(Prediction(p, decided_at, max(at, decided_at + 1), closed))
    return found


def calibration(database: Database, policy: Mapping[str, Any]) -> Evaluation:
    """How good the predictions were so far."""
    return evaluate(predictions(database, policy), policy)
