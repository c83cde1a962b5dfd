"""Putting an audit copy in the place of the home's file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from db import Database, audit
from db.clock import now, to_datetime
from db.inspecting import inspect
from db.verdict import Verdict
from valhalla.audit import exchange
from valhalla.program.database import open_copy, open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.instance import Instance
from valhalla.program.schema import SCHEMA
from valhalla.program.scratch import scratch_folder


class NotRestorable(ValhallaError):
    """The copy is not fit to work on."""


def restore(home: Home, copy: Path, actor: str = "operator", *, head: str | None = None) -> Path | None:
    """Replace the home's file by ``copy`` after checking it. Returns where the replaced file is kept, None: there was none.
    ``head``: one that was noted elsewhere, which its chain has to hold.

    Raises :class:`db.errors.InstanceRunning` while the program runs, :class:`NotRestorable` when the copy does not verify or
    is redacted.
    """
    home.prepare()
    instance = Instance(home.path)
    instance.acquire("audit restore")
    try:
        exchange.settle(home)
        verdict = inspect(copy, SCHEMA, head, scratch=lambda: scratch_folder(home.database))
        if not verdict.ok:
            first = verdict.problems[0]
            raise NotRestorable(
                f"{copy} does not verify ({first.table}: {first.what}), so nothing was replaced; see: valhalla audit verify {copy}"
            )
        if verdict.redacted or verdict.left_out:
            raise NotRestorable(
                f"{copy} is a redacted copy: the leads' personal data is not in it, so nothing was replaced"
            )
        prepared = exchange.staged(home, "restore")
        kept = None
        if home.database.exists():
            kept = home.database.with_name(f"valhalla-replaced-{to_datetime(now()):%Y%m%dT%H%M%SZ}.db")
        try:
            _prepare(copy, prepared, verdict, kept, actor)
            exchange.exchange(home, prepared, restart=verdict.entries, why=f"restored {copy.name}", kept=kept)
        finally:
            exchange.sweep(home)
        return kept
    finally:
        instance.release()


def _prepare(copy: Path, prepared: Path, verdict: Verdict, kept: Path | None, actor: str) -> None:
    """A working copy of the copy, which stays as it is; its chain records the restoring."""
    with open_copy(copy) as source:
        _into(source, prepared)
    with open_database(prepared, create=False) as database, database.write(durable=True):
        body = {
            "copy": copy.name,
            "entries": verdict.entries,
            "head": verdict.head,
            "kept": kept.name if kept else None,
        }
        audit.append(database, "audit.restore", f"copy:{copy.name}", body, actor=actor)


def _into(source: Database, target: Path) -> None:
    """A working copy of the copy, which stays as it is."""
    assert source.path is not None
    path = source.path
    source.close_all()
    shutil.copyfile(path, target)
    os.chmod(target, 0o600)
