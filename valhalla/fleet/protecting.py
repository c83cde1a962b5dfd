"""Verified copies of the home's file in a second folder (a stick, a synced folder, another disk), and coming back from one.

A copy is an audit copy: consistent while the program works, checked before it gets its name, with a manifest that names the
head of its chain. ``valhalla protect`` makes the first one before it returns; a running program makes the others.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from db import Database, audit, errors
from db.clock import MINUTE, iso, to_datetime
from db.inspecting import manifest_path
from valhalla.audit import copies, restarting, restoring
from valhalla.audit.verifying import copy_of_file
from valhalla.fleet import sql
from valhalla.fleet.bucket import Bucket
from valhalla.program import settings
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.program.home import Home
from valhalla.program.scratch import scratch_folder
from valhalla.sandbox.alerts import AlertSystem

FOLDER = "protect.folder"
_COPY = re.compile(r"valhalla-\d{8}T\d{6}Z-protected\.db")
BUCKET = "s3://"
ALERT = "protect"
"""Task of the alerts about a folder that cannot be written or a drill that failed."""


class Protection(NamedTuple):
    """Where copies go and what is there: paths, or addresses in a bucket."""

    folder: Path | str | None
    """None: nowhere."""
    newest: Path | str | None
    copies: int
    at: int | None
    """When the newest was made, UTC microseconds."""

    def to_json(self) -> dict[str, Any]:
        """Its documented shape."""
        return {
            "folder": None if self.folder is None else str(self.folder),
            "newest": None if self.newest is None else str(self.newest),
            "copies": self.copies,
            "at": None if self.at is None else iso(self.at),
        }


def protect(database: Database, home: Home, target: str, actor: str = "operator") -> dict[str, Any]:
    """From now on copies go to the folder or bucket ``target``; the first is made now. Returns its manifest.

    Raises :class:`UsageError` for a target that cannot protect: an address, the home itself, or a folder with copies of
    another file.
    """
    if target.startswith(BUCKET):
        return _protect_by_bucket(database, home, Bucket(target), actor)
    if re.match(r"[a-z0-9]+://", target, re.IGNORECASE):
        raise UsageError(
            f"{target} is neither a folder nor a bucket (s3://NAME); a stick, or a folder that a cloud service keeps in step, is a folder"
        )
    folder = Path(target).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if _inside(folder, home.path):
        raise UsageError(
            f"{folder} is in the home, and would be lost with it; name a folder on a stick, another disk or a share"
        )
    _refuse_others(database, folder)
    manifest = _copy(database, home, folder)
    settings.save(database, FOLDER, str(folder), actor)
    return manifest


def unprotect(database: Database, actor: str = "operator") -> None:
    """No further copies are made; those that there are stay."""
    settings.save(database, FOLDER, "", actor)


def state(database: Database) -> Protection:
    """Where copies go now, and the newest. Raises :class:`BucketError` for a bucket that cannot be looked at."""
    target = settings.value(database, FOLDER)
    if target and target.startswith(BUCKET):
        bucket = Bucket(target)
        names = [each for each in bucket.copies() if _COPY.fullmatch(each)]
        newest = names[0] if names else None
        return Protection(
            bucket.address,
            None if newest is None else f"{bucket.address}/{newest}",
            len(names),
            None if newest is None else _made_at(Path(newest)),
        )
    folder = _folder(database)
    found = all_copies(folder) if folder is not None else []
    return Protection(folder, found[0] if found else None, len(found), _made_at(found[0]) if found else None)


def copy_if_due(database: Database, home: Home) -> str | None:
    """Make a copy when the newest is old enough; its path. A place that cannot be written is an alert, not an end."""
    if not settings.value(database, FOLDER):
        return None
    try:
        now = state(database)
        age = settings.value(database, "protect.minutes") * MINUTE
        if now.at is not None and database.clock() - now.at < age:
            return None
        if isinstance(now.folder, Path):
            return str(_copy(database, home, now.folder)["path"])
        return str(_send(database, home, Bucket(str(now.folder)))["path"])
    except (OSError, ValhallaError) as error:
        what = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
        reason = f"no copy could be made in the place of valhalla protect: {what}"
        AlertSystem(database=database).repeat(ALERT, reason, "error")
        return None


def drill(database: Database, home: Home, actor: str = "valhalla") -> dict[str, Any]:
    """Restore the newest copy into a home that is thrown away, as after the loss of this computer. What came of it is in the
    chain; a failure is an alert too.

    Raises :class:`NotFound` when there is no copy.
    """
    found = state(database)
    if found.newest is None:
        raise NotFound("there is no protected copy; make one with: valhalla protect FOLDER")
    name = Path(found.newest).name
    with scratch_folder(home.database) as folder:
        try:
            restored = restore(Home(folder / "home"), found.newest)
            body = {
                "ok": True,
                "entries": restored["entries"],
                "head": restored["head"],
                "leads": restored["leads"],
            }
        except (ValhallaError, errors.DatabaseError, OSError) as error:
            body = {"ok": False, "error": type(error).__name__}
    with database.write(durable=True):
        audit.append(database, "protect.drill", f"copy:{name}", body, actor=actor)
    if not body["ok"]:
        AlertSystem(database=database).repeat(
            ALERT, "the newest protected copy could not be restored", "critical"
        )
    return {"copy": str(found.newest), **body}


def restore(home: Home, source: Path | str) -> dict[str, Any]:
    """Make the newest copy in ``source`` (or the copy that it is) the home's file, after its head was verified. ``source``: a
    folder, a copy, or either in a bucket.

    Raises :class:`NotFound` where there is no copy, and what :func:`valhalla.audit.restoring.restore` raises.
    """
    if isinstance(source, str) and source.startswith(BUCKET):
        return _restore_from_bucket(home, source)
    source = Path(source)
    copy = source
    if source.is_dir():
        found = (
            all_copies(source) or sorted(source.glob("*.db"), key=lambda each: each.stat().st_mtime_ns)[::-1]
        )
        if not found:
            raise NotFound(f"there is no copy of a Valhalla database in {source}")
        copy = found[0]
    elif not source.exists():
        raise NotFound(f"there is no folder or copy {source}")
    kept = restoring.restore(home, copy)
    with open_database(home.database, create=False) as database:
        head = database.one(sql.RESTORED)
        leads = database.value(sql.LEADS)
    assert head is not None
    facts = audit.parsed(head[0])
    return {
        "database": str(home.database),
        "copy": str(copy),
        "kept": None if kept is None else str(kept),
        "entries": facts["entries"],
        "head": facts["head"],
        "leads": leads,
    }


def all_copies(folder: Path) -> list[Path]:
    """The copies that were made here, the newest first; none where the folder is not there now."""
    try:
        names = [each for each in os.listdir(folder) if _COPY.fullmatch(each)]
    except OSError:
        return []
    return [folder / name for name in sorted(names, reverse=True)]


def _copy(database: Database, home: Home, folder: Path) -> dict[str, Any]:
    at = to_datetime(database.clock())
    manifest = copies.make(database, home, folder / f"valhalla-{at:%Y%m%dT%H%M%SZ}-protected.db")
    for old in all_copies(folder)[settings.value(database, "protect.kept") :]:
        manifest_path(old).unlink(missing_ok=True)
        old.unlink(missing_ok=True)
    return manifest


def _protect_by_bucket(database: Database, home: Home, bucket: Bucket, actor: str) -> dict[str, Any]:
    names = [each for each in bucket.copies() if _COPY.fullmatch(each)]
    if names:
        with scratch_folder(home.database) as folder:
            told = json.loads(
                manifest_path(bucket.get(names[0], folder, only_manifest=True)).read_text("utf-8")
            )
        if not restarting.knows(database, str(told.get("head"))):
            raise UsageError(
                f"{bucket.address} holds copies of another file; name a folder of its own for this one"
            )
    manifest = _send(database, home, bucket)
    settings.save(database, FOLDER, bucket.address, actor)
    return manifest


def _send(database: Database, home: Home, bucket: Bucket) -> dict[str, Any]:
    """Make a copy and send it; it counts, and older ones go, once it is there as a whole."""
    at = to_datetime(database.clock())
    with scratch_folder(home.database) as folder:
        manifest = copies.make(database, home, folder / f"valhalla-{at:%Y%m%dT%H%M%SZ}-protected.db")
        address = bucket.put(Path(manifest["path"]))
    mine = [each for each in bucket.copies() if _COPY.fullmatch(each)]
    bucket.remove(mine[settings.value(database, "protect.kept") :])
    return {**manifest, "path": address}


def _restore_from_bucket(home: Home, source: str) -> dict[str, Any]:
    folder_of, _, name = source.rpartition("/")
    bucket = Bucket(folder_of if name.endswith(".db") else source)
    if not name.endswith(".db"):
        found = bucket.copies()
        if not found:
            raise NotFound(f"there is no copy of a Valhalla database in {source}")
        name = found[0]
    home.prepare()
    with scratch_folder(home.database) as folder:
        done = restore(home, bucket.get(name, folder))
    return {**done, "copy": f"{bucket.address}/{name}"}


def _made_at(copy: Path) -> int:
    made = datetime.strptime(copy.name.split("-")[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return int(made.timestamp()) * 1_000_000


def _folder(database: Database) -> Path | None:
    found = settings.value(database, FOLDER)
    return Path(found) if found else None


def _inside(folder: Path, home: Path) -> bool:
    mine, theirs = home.resolve(), folder.resolve()
    return mine == theirs or mine in theirs.parents


def _refuse_others(database: Database, folder: Path) -> None:
    """Copies of two files in one folder could be taken for each other."""
    found = all_copies(folder)
    if not found:
        return
    head = copy_of_file(found[0]).head
    if head and not restarting.knows(database, head):
        raise UsageError(f"{folder} holds copies of another file; name a folder of its own for this one")
