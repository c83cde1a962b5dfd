"""A new audit chain for a home whose old one holds words about people, as version 0.1 wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from db import Database, audit, copying, restarting
from db.clock import now
from db.inspecting import inspect
from db.verdict import Verdict
from jobs import seal_anew
from valhalla.audit import copies, exchange, verifying
from valhalla.program.database import SCHEMA, open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.file_models import Entry
from valhalla.program.home import Home
from valhalla.program.instance import Instance

FOLDER = "chains"
"""In the home's audit folder: copies with chains that were ended. Apart from the others, whose heads are of the chain of now."""


class NotRestarted(ValhallaError):
    """The chain could not be begun again; nothing was changed."""


def restart(home: Home, reason: str, actor: str = "operator") -> dict[str, Any]:
    """Keep a verified copy with the old chain, then begin a new one that names its head. Returns its facts and the copy.

    Raises :class:`db.errors.InstanceRunning` while the program runs, :class:`db.copies.NotVerified` when the file does not
    verify: its rows must not be witnessed again then.
    """
    home.prepare()
    instance = Instance(home.path)
    instance.acquire("audit restart")
    try:
        exchange.settle(home)
        staged = exchange.staged(home, "restart")
        kept = home.audit / FOLDER / copies.default_target(home, now()).name
        with open_database(home.database, create=False) as database:
            copies.make(database, home, kept)
            old = inspect(kept, SCHEMA)
            if old.redacted:
                raise NotRestarted(
                    "personal data was left out of this file, so its rows cannot be witnessed again"
                )
            copying.copy(database, staged)
        facts = {"entries": old.entries, "head": old.head, "reason": reason, "copy": kept.name}
        restarting.restart(staged, SCHEMA, facts, actor)
        _finish(staged)
        head = exchange.exchange(home, staged, restart=0, why="the chain was begun again")
        return {**facts, "copy": str(kept), "new_head": head}
    finally:
        exchange.sweep(home)
        instance.release()


def _finish(staged: Path) -> None:
    """Witness the jobs' events too, and leave one file that verifies."""
    with open_database(staged, create=False) as database:
        seal_anew(database)
        database.checkpoint()
    verdict = inspect(staged, SCHEMA)
    if not verdict.ok:
        first = verdict.problems[0]
        raise NotRestarted(
            f"the new chain does not verify ({first.table}: {first.what}); nothing was changed"
        )


def in_earlier_chain(database: Database, folder: Path, head: str, key: str | None = None) -> Verdict | None:
    """What the copies of earlier chains say of a head that the chain of now does not have; None: no chain was ended, or the
    copy is not in ``folder`` any more."""
    # The newest first: the chain before the one of now, which names the one before that in its copy.
    ended = Entry.select(Entry.body).where(Entry.action == restarting.ACTION).order_by(Entry.seq.desc())
    for entry in list(ended.execute(database)):
        copy = folder / FOLDER / str(audit.parsed(entry.body)["copy"])
        if copy.is_file():
            verdict = verifying.copy_of_file(copy, head, key)
            verdict.notes.append(f"This is of the chain that was ended; it is kept in {copy}.")
            return verdict
    return None


def knows(database: Database, head: str) -> bool:
    """Whether an entry of the chain of now has this hash."""
    return bool(Entry.select().where(Entry.hash == head).exists(database))
