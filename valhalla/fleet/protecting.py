"""Verified copies of the home's file in a second folder (a stick, a synced folder, another disk), and coming back from one.

A copy is an audit copy: consistent while the program works, checked before it gets its name, with a manifest that names the
head of its chain. ``valhalla protect`` makes the first one before it returns; a running program makes the others, and where
Litestream is installed it sends each change there, too (see :mod:`valhalla.fleet.continuous`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from db import Database, audit, errors
from db.clock import DAY, MINUTE, iso, to_datetime
from db.copies import being_checked
from db.inspecting import manifest_path
from valhalla.audit import copies, restarting, restoring
from valhalla.audit.verifying import copy_of_file
from valhalla.fleet import litestream
from valhalla.fleet.bucket import Bucket
from valhalla.fleet.continuous import ALERT, BUCKET
from valhalla.fleet.continuous import PLACE as FOLDER
from valhalla.leads import view
from valhalla.program import settings
from valhalla.program.database import open_copy, open_database
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.program.file_models import Entry
from valhalla.program.home import Home
from valhalla.program.scratch import scratch_folder
from valhalla.sandbox.alerts import AlertSystem

_COPY = re.compile(r"valhalla-\d{8}T\d{6}Z-protected\.db")


DRILL_EACH = 30 * DAY


class Protection(NamedTuple):
    """Where copies go and what is there: paths, or addresses in a bucket."""

    folder: Path | str | None
    """None: nowhere."""
    newest: Path | str | None
    copies: int
    at: int | None
    """When the newest was made, UTC microseconds."""
    sent: int | None = None
    """When Litestream sent the newest change of this database there; None: it never did."""

    def to_json(self) -> dict[str, Any]:
        """Its documented shape."""
        return {
            "folder": None if self.folder is None else str(self.folder),
            "newest": None if self.newest is None else str(self.newest),
            "copies": self.copies,
            "at": None if self.at is None else iso(self.at),
            "continuous": None if self.sent is None else iso(self.sent),
        }


class Put(NamedTuple):
    """A ``life`` that Litestream sent, put together at ``path`` when no transaction after ``upto`` had been sent."""

    path: Path
    life: str
    upto: str


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
            _sent(database, bucket),
        )
    folder = _folder(database)
    if folder is None:
        return Protection(None, None, 0, None)
    found = all_copies(folder)
    newest_at = _made_at(found[0]) if found else None
    return Protection(folder, found[0] if found else None, len(found), newest_at, _sent(database, folder))


def copy_if_due(database: Database, home: Home) -> str | None:
    """Make a copy when the newest is old enough; its path. A place that cannot be written is an alert, not an end."""
    if not settings.value(database, FOLDER):
        return None
    try:
        now = state(database)
        age = settings.value(database, "protect.minutes") * MINUTE
        if now.sent is not None and database.clock() - now.sent < age:
            age = max(age, DAY)  # it sends each change; a whole copy is what its chain is compared with
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
    """Restore the newest copy, and what Litestream sent, into homes that are thrown away, as after the loss of this computer. What
    came of it is in the chain; a failure is an alert too.

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
            if found.sent is not None and found.folder is not None and litestream.find().usable:
                restored = restore(Home(folder / "continuous"), found.folder)
                body["ok"] = body["continuous"] = restored["passed_over"] is None
        except (ValhallaError, errors.DatabaseError, OSError) as error:
            body = {"ok": False, "error": type(error).__name__}
    with database.write(durable=True):
        audit.append(database, "protect.drill", f"copy:{name}", body, actor=actor)
    if not body["ok"]:
        AlertSystem(database=database).repeat(
            ALERT, "the newest protected copy could not be restored", "critical"
        )
    return {"copy": str(found.newest), **body}


def drill_if_due(database: Database, home: Home) -> dict[str, Any] | None:
    """A drill a month after the last one, and a day after one that failed; with the first copies, at once."""
    if not settings.value(database, FOLDER):
        return None
    last = Entry.select(Entry.at, Entry.body).where(Entry.action == "protect.drill")
    drilled = last.order_by(Entry.seq.desc()).first(database)
    if drilled is not None:
        wait = DRILL_EACH if audit.parsed(drilled.body)["ok"] else DAY
        if database.clock() - drilled.at < wait:
            return None
    return None if state(database).newest is None else drill(database, home)


def restore(home: Home, source: Path | str, put: Put | None = None) -> dict[str, Any]:
    """Make the newest copy in ``source`` (or the copy that it is) the home's file, after its head was verified. ``source``: a
    folder, a copy, or either in a bucket. What Litestream sent there counts, where it is newer and its chain holds the head of
    the newest copy; why it did not count is ``passed_over``. ``put``: it is put together already, if nothing was sent since.

    Raises :class:`NotFound` where there is no copy, and what :func:`valhalla.audit.restoring.restore` raises.
    """
    if isinstance(source, str) and source.startswith(BUCKET):
        return _restore_from_bucket(home, source, put)
    source = Path(source)
    copy = source
    if source.is_dir():
        found = (
            all_copies(source) or sorted(source.glob("*.db"), key=lambda each: each.stat().st_mtime_ns)[::-1]
        )
        done, passed_over = _from_litestream(home, source, _manifest_of(found[0]) if found else None, put)
        if done is not None:
            return done
        if not found:
            raise NotFound(f"there is no copy of a Valhalla database in {source}{_because(passed_over)}")
        return {**_restored(home, found[0]), "passed_over": passed_over}
    elif not source.exists():
        raise NotFound(f"there is no folder or copy {source}")
    return _restored(home, copy)


def restore_handed_over(home: Home, source: str, sha256: str, fetched: Path | None = None) -> dict[str, Any]:
    """Make the copy in a folder or bucket whose bytes have this SHA-256 the home's file. Who made and verified it said so, so its
    bytes are compared with that, and the rows are not verified once more. ``fetched``: it is here already, and becomes the file.

    Raises :class:`NotFound` where it is not there (yet), and what :func:`valhalla.audit.restoring.restore` raises.
    """
    missing = NotFound(f"the copy that was handed over is not in {source} yet; waiting for it")
    if not source.startswith(BUCKET):
        for copy in all_copies(Path(source)):
            if _manifest_of(copy).get("sha256") == sha256:
                return _restored(home, fetched or copy, sha256=sha256, ours=fetched is not None)
        raise missing
    bucket = Bucket(source)
    for name in bucket.copies():
        if _manifest_in(home, bucket, name).get("sha256") == sha256:
            with scratch_folder(home.database) as folder:
                return _restored(home, bucket.get(name, folder), sha256=sha256, ours=True)
    raise missing


def _manifest_of(copy: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(manifest_path(copy).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _restored(
    home: Home, copy: Path, head: str | None = None, sha256: str | None = None, ours: bool = False
) -> dict[str, Any]:
    kept = restoring.restore(home, copy, head=head, sha256=sha256, ours=ours)
    with open_database(home.database, create=False) as database:
        entries = Entry.select(Entry.body).where(Entry.action == "audit.restore")
        body = entries.order_by(Entry.seq.desc()).scalar(database)
        leads = view.count(database)
    facts = audit.parsed(body)
    return {
        "database": str(home.database),
        "copy": str(copy),
        "kept": None if kept is None else str(kept),
        "entries": facts["entries"],
        "head": facts["head"],
        "leads": leads,
        "passed_over": None,
    }


def _from_litestream(
    home: Home, place: Path | Bucket, newest: Mapping[str, Any] | None, ahead: Put | None
) -> tuple[dict[str, Any] | None, str | None]:
    """Restore what Litestream sent to a place, where it is newer than the newest whole copy there, of which this is the manifest.
    Else None, and why what is there was passed over."""
    lives = litestream.lives(place)
    if not lives:
        return None, None
    found = litestream.find()
    if not found.usable:
        return None, f"{found}; what it sent there can only be put together by it"
    home.prepare()
    why = None
    with scratch_folder(home.database) as folder:
        for _, life in lives:
            try:
                if ahead is not None and ahead[1:] == (life, litestream.sent_up_to(place, life)):
                    put = ahead.path
                else:
                    put = litestream.restore(found, place, life, folder / f"{life}.db")
                if newest and _last_at(put) < datetime.fromisoformat(newest["last_at"]):
                    return None, why
                done = _restored(home, put, newest["head"] if newest else None, ours=True)
            except (
                litestream.LitestreamError,
                restoring.NotRestorable,
                errors.CannotOpen,
                errors.Damaged,
                errors.ForeignFile,
            ) as error:
                why = why or str(error)
                continue
            where = place if isinstance(place, Path) else place.address
            return {**done, "copy": f"{where}/{life}"}, None
    return None, why


def _last_at(path: Path) -> datetime:
    with open_copy(path) as copy:
        return to_datetime(Entry.select(Entry.at).order_by(Entry.seq.desc()).scalar(copy))


def _because(reason: str | None) -> str:
    return "" if reason is None else f" ({reason})"


def all_copies(folder: Path) -> list[Path]:
    """The copies that were made here, the newest first; none where the folder is not there now."""
    try:
        names = [each for each in os.listdir(folder) if _COPY.fullmatch(each)]
    except OSError:
        return []
    return [folder / name for name in sorted(names, reverse=True)]


def being_verified(folder: Path) -> list[tuple[Path, str]]:
    """Copies that were made here and are being verified, each with the name that it will have."""
    return [each for each in being_checked(folder) if _COPY.fullmatch(each[1])]


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
        manifest = _manifest_in(home, bucket, names[0])
        if not restarting.knows(database, str(manifest.get("head"))):
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


def _restore_from_bucket(home: Home, source: str, put: Put | None) -> dict[str, Any]:
    folder_of, _, name = source.rpartition("/")
    bucket = Bucket(folder_of if name.endswith(".db") else source)
    passed_over = None
    if not name.endswith(".db"):
        found = bucket.copies()
        done, passed_over = _from_litestream(
            home, bucket, _manifest_in(home, bucket, found[0]) if found else None, put
        )
        if done is not None:
            return done
        if not found:
            raise NotFound(f"there is no copy of a Valhalla database in {source}{_because(passed_over)}")
        name = found[0]
    home.prepare()
    with scratch_folder(home.database) as folder:
        done = _restored(home, bucket.get(name, folder), ours=True)
    return {**done, "copy": f"{bucket.address}/{name}", "passed_over": passed_over}


def _manifest_in(home: Home, bucket: Bucket, name: str) -> dict[str, Any]:
    home.prepare()
    with scratch_folder(home.database) as folder:
        manifest: dict[str, Any] = json.loads(
            manifest_path(bucket.get(name, folder, only_manifest=True)).read_text("utf-8")
        )
    return manifest


def _sent(database: Database, place: Path | Bucket) -> int | None:
    mine = litestream.life(database)
    return next((at for at, folder in litestream.lives(place) if folder == mine), None)


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
    head = _manifest_of(found[0]).get("head") or copy_of_file(found[0]).head
    if head and not restarting.knows(database, str(head)):
        raise UsageError(f"{folder} holds copies of another file; name a folder of its own for this one")
