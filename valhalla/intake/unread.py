"""Lists that a run was to read and cannot: an alert as long as that is so."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from db import Database
from valhalla.intake.passes import Pass
from valhalla.intake.records import find_file
from valhalla.sandbox.alerts import AlertSystem

TASK = "list:"
"""What the tasks of these alerts begin with: the number of the list follows, or ``new-`` and a few digits of one that was never read.
Its path may name somebody, and what alerts are about is in the chain."""

DIGITS = 5
"""Of the path's hash: so few that no path can be tried on them."""

GONE = ("NOT_FOUND", "NOT_READABLE")


def report(database: Database, done: Pass) -> None:
    """Raise an alert for each list that is gone, or may not be read any more, and close those of lists that are back."""
    alerts = AlertSystem(database=database)
    gone = {_task(database, path): (path, code, message) for path, code, message in _unread(database, done)}
    for task, (path, code, message) in gone.items():
        alerts.repeat(task, message, "error", {"path": path, "code": code}, about_task=True)
    for alert in alerts.standing(TASK):
        if alert.task not in gone:
            alerts.close(alert.id)


def _unread(database: Database, done: Pass) -> Iterator[tuple[str, str, str]]:
    for file in done.result.files:
        if file.error is not None and file.error["code"] in GONE:
            yield file.path, file.error["code"], file.error["message"]
    for problem in done.skipped:  # the list of a saved source may be still to come
        if problem.code in GONE and _known(database, problem.path) is not None:
            yield str(problem.path), problem.code, problem.message


def _known(database: Database, path: Path | str) -> int | None:
    known = find_file(database, str(path))
    return None if known is None else known.id


def _task(database: Database, path: str) -> str:
    number = _known(database, path)
    if number is None:
        return f"{TASK}new-{sha256(path.encode('utf-8', 'surrogateescape')).hexdigest()[:DIGITS]}"
    return f"{TASK}{number}"
