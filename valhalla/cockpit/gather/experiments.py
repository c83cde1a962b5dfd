"""Experiments and scripts as pages show them: what was counted, how sure that is, and what it takes to move a script."""

from __future__ import annotations

from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.state import Cockpit
from valhalla.program.errors import NotFound
from valhalla.reports.overview import figures_version
from valhalla.scoring.calibration import calibration
from valhalla.scoring.experiment_results import all_experiments, gate_json, rate_text, results
from valhalla.scoring.promoting import assess
from valhalla.scoring.scripts import all_scripts, whole
from valhalla.scoring.stages.channels import CHANNELS
from valhalla.scoring.stages.learning import RANKS
from valhalla.scoring.store import latest_policy

COUNT_SECONDS = 20.0
"""How old the counts of an experiment may be before they are counted again."""

METRICS = tuple(RANKS)


def gather(here: Cockpit) -> dict[str, Any]:
    """The running experiment with its results, all the others, the scripts, and how good the predictions were."""
    with here.database.view():
        experiments = all_experiments(here.database)
        scripts = all_scripts(here.database)
    running = next((each for each in experiments if each["state"] == "running"), None)
    return {
        "running": _with_results(here, running) if running else None,
        "experiments": experiments,
        "scripts": scripts,
        "in_use": [each for each in scripts if each["state"] == "primary"],
        "predictions": predictions(here),
        "channels": list(CHANNELS),
        "metrics": list(METRICS),
    }


def one(here: Cockpit, number: int) -> dict[str, Any]:
    """One experiment; ``results`` is None while they are counted for the first time. Raises :class:`NotFound`."""
    for each in all_experiments(here.database):
        if each["id"] == number:
            return _with_results(here, each)
    raise NotFound(f"there is no experiment {number}; see: valhalla experiments list")


def predictions(here: Cockpit) -> dict[str, Any] | None:
    """What became of the stored predictions; None while that is counted."""

    def count(database: Database) -> dict[str, Any]:
        _, policy = latest_policy(database)
        judged = calibration(database, policy)
        return {"says": judged.says, "alarm": judged.alarm, "brier": judged.brier, "bins": len(judged.table)}

    found = here.figures.get("predictions", count, of=figures_version(here.database), seconds=COUNT_SECONDS)
    return {**found.value, "as_of": iso(found.at)} if found else None


def scripts(database: Database) -> dict[str, Any]:
    """Every script, those in use first."""
    with database.view():
        return {"scripts": all_scripts(database), "channels": list(CHANNELS)}


def script(database: Database, number: int) -> dict[str, Any]:
    """One script: its text, what came of it, its moves, and every gate between it and its place in use."""
    with database.view():
        found = whole(database, str(number))
        verdict = assess(database, str(number))
    return {
        **found,
        "promotion": {
            "allowed": verdict.allowed,
            "says": verdict.says,
            "gates": [gate_json(gate) for gate in verdict.gates],
        },
    }


def _with_results(here: Cockpit, head: dict[str, Any]) -> dict[str, Any]:
    name = f"experiment:{head['id']}:{head['version']}:{head['state']}"
    found = here.figures.get(
        name,
        lambda database: results(database, head["name"]),
        of=figures_version(here.database),
        seconds=COUNT_SECONDS,
    )
    if found is None:
        return {**head, "results": None, "as_of": None}
    facts = found.value
    for variant in facts["variants"]:
        variant["says"] = rate_text(variant)
    return {**head, "results": facts, "as_of": iso(found.at)}
