"""Another file takes the place of the home's: in one step, of which a kill leaves all or nothing, and the rest at the next start."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db import DatabaseError, audit, errors, files
from valhalla.program.database import open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.file_models import Entry
from valhalla.program.home import Home
from valhalla.program.instance import Instance
from valhalla.program.later import later

if TYPE_CHECKING:
    from valhalla.audit import signing
else:
    signing = later("valhalla.audit.signing")

NOTE = "exchange.json"
"""In the home's audit folder while a file is being exchanged."""

PATIENCE = 10.0
"""Seconds to wait for anyone who reads the file that is to be replaced."""


class InUse(ValhallaError):
    """Somebody reads the home's file."""


@dataclass(frozen=True)
class _Exchange:
    head: str
    """The end of the chain in the file that takes the place."""
    restart: int
    """Heads beyond this entry that were noted before are of another chain."""
    why: str
    kept: str | None
    """Name under which the replaced file stays in the home."""


def staged(home: Home, name: str) -> Path:
    """Where the file is prepared. What an earlier attempt left there is removed; the caller holds the home's lock."""
    path = home.database.with_name(f".{home.database.name}.{name}")
    sweep(home)
    return path


def sweep(home: Home) -> None:
    """Remove what was prepared and is not needed any more."""
    for path in home.path.glob(f".{home.database.name}*"):
        path.unlink(missing_ok=True)


def exchange(home: Home, prepared: Path, *, restart: int, why: str, kept: Path | None = None) -> str:
    """Put ``prepared``, which nobody has open, in the place of the home's file, and note its head, which is returned.

    ``kept``: where the replaced file stays. Raises :class:`InUse`; the caller holds the home's lock.
    """
    with open_database(prepared, create=False) as database:
        head = audit.head(database).hash
    there = home.database.exists()
    sound = there and _log_is_in(home.database)
    noted = _Exchange(head, restart, why, kept.name if kept and there else None)
    with files.whole(home.audit / NOTE) as partial, partial.open("w", encoding="utf-8") as file:
        json.dump(asdict(noted), file)
        file.flush()
        os.fsync(file.fileno())
    if kept is not None and there:
        _second_name(home.database, kept)
    for suffix in ("-wal", "-shm"):
        beside = Path(f"{home.database}{suffix}")
        if suffix == "-wal" and not sound and kept is not None and beside.exists():
            files.replace(beside, Path(f"{kept}{suffix}"))  # who looks into it later wants both
        beside.unlink(missing_ok=True)
    files.replace(prepared, home.database)
    settle(home)
    return head


def settle(home: Home) -> None:
    """End an exchange that was killed: note the head of the file that took the place, or forget it. Needs the home's lock."""
    note = home.audit / NOTE
    try:
        noted = _Exchange(**json.loads(note.read_text(encoding="utf-8")))
    except FileNotFoundError:
        sweep(home)
        return
    if home.database.exists() and _took_place(home, noted):
        with open_database(home.database, create=False) as database:
            signing.note(database, home.audit, noted.why, restart=noted.restart)
    elif noted.kept is not None:
        kept = home.path / noted.kept
        log = Path(f"{kept}-wal")
        if log.exists():
            files.replace(log, Path(f"{home.database}-wal"))
        if home.database.exists():
            kept.unlink(missing_ok=True)  # else it would be a second name of a file that is used
    sweep(home)
    note.unlink()


def settle_at_start(home: Home) -> None:
    """The same, for anyone who may not hold the lock; while another process does, nothing is done."""
    if not (home.audit / NOTE).exists() and not any(home.path.glob(f".{home.database.name}*")):
        return
    instance = Instance(home.path)
    try:
        instance.acquire("settle")
    except errors.InstanceRunning as running:
        if running.pid == os.getpid():
            settle(home)
        return
    try:
        settle(home)
    finally:
        instance.release()


def _took_place(home: Home, noted: _Exchange) -> bool:
    try:
        with open_database(home.database, create=False) as database:
            return bool(Entry.select().where(Entry.hash == noted.head).exists(database))
    except DatabaseError:  # it is the damaged one that was to be replaced
        return False


def _log_is_in(path: Path) -> bool:
    """Move the log into the file. False: the file cannot be used, which may be why it is replaced."""
    try:
        with open_database(path, create=False) as database:
            moved = database.checkpoint(PATIENCE)
    except DatabaseError:
        return False
    if not moved:
        raise InUse(f"another command reads {path}; nothing was changed, try again when it has ended")
    return True


def _second_name(path: Path, kept: Path) -> None:
    """The file keeps its name until the other one takes it: at no moment is there none."""
    try:
        os.link(path, kept)
    except OSError:  # not every file system has links
        with contextlib.suppress(FileExistsError), files.whole(kept) as partial:
            shutil.copyfile(path, partial)
