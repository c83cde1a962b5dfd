"""Verification as the command line and the cockpit offer it: the file, what lies next to it, the queue's own seals, signatures."""

from __future__ import annotations

from pathlib import Path

from db import Database, heads, inspecting, verifying
from db.verdict import Verdict
from jobs import check_sealed_events, count_unsealed_events
from valhalla.audit import signing, sql
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.program.scratch import scratch_folder


def home_file(database: Database, folder: Path, head: str | None = None, key: str | None = None) -> Verdict:
    """The verdict on a home's file, which may be in use. ``folder``: where the home's heads are noted; ``key``: see signing."""

    def also(database: Database, verdict: Verdict) -> None:
        assert database.path is not None
        _more(database.path, folder, database, verdict, key)

    return verifying.verify(database, head, heads.read(folder), also, newest=True)


def copy_of_file(
    path: Path, head: str | None = None, key: str | None = None, home: Home | None = None
) -> Verdict:
    """The verdict on a copy that somebody hands in; see :func:`db.inspecting.inspect`. ``home``: in which copies of it are made."""
    in_home = None if home is None or not home.path.is_dir() else home.database
    folder = path.resolve().parent
    beside = Home(folder)
    if path.resolve() == beside.database and (beside.audit / heads.NAME).exists():
        folder = beside.audit  # the file of a home that is not in use
    return inspecting.inspect(
        path,
        SCHEMA,
        head,
        heads.read(folder),
        lambda database, verdict: _more(path, folder, database, verdict, key),
        newest=folder == beside.audit,
        scratch=lambda: scratch_folder(in_home),
    )


def _more(path: Path, folder: Path, database: Database, verdict: Verdict, key: str | None) -> None:
    signing.check(path, folder, database, verdict, key)
    if not database.one(sql.HAS_SEALS) or verdict.left_out:
        return
    named = any(problem.table == "job_event" for problem in verdict.problems)
    if not named and (
        check_sealed_events(database) or count_unsealed_events(database) != verdict.not_yet_witnessed
    ):
        verdict.notes.append(
            "The queue's own list of witnessed job events (job_seal, working data) does not say what the chain says; "
            "the chain is what counts."
        )
