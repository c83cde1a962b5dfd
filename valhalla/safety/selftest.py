"""The program checks itself: everything that an executable could have been built without is used once.

A home of its own is made in a temporary folder, with a space and foreign letters in its name, and goes away at the end.
The run is a second copy of the program, started and stopped as a person would.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import apsw

from db import Database, audit, verifying
from db.row_helper import RowHelper
from valhalla.audit import copies
from valhalla.intake import helper
from valhalla.intake.samples import NAME, ROWS, ten_leads
from valhalla.program import stopping
from valhalla.program.database import open_copy, open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.executable import own_environment, program
from valhalla.program.home import Home
from valhalla.program.instance import running
from valhalla.safety import blocks
from valhalla.safety.preflight import Check
from valhalla.scoring.lead_model import Lead

FOLDER = "Valhalla selftest Žluť 日本 "
START_SECONDS = 40.0
WORK_SECONDS = 40.0
STOP_SECONDS = 20.0


Found = TypeVar("Found")


class Failed(ValhallaError):
    """A step did not do what it should."""


def run(seen: Callable[[Check], object]) -> list[Check]:
    """Make every step; ``seen`` is called after each. A step that fails ends the test: the rest is not made."""
    checks: list[Check] = []

    def step(name: str, made: Callable[[], str]) -> bool:
        try:
            check = Check(name, True, made())
        except Exception as error:
            check = Check(name, False, str(error) or type(error).__name__)
        checks.append(check)
        seen(check)
        return check.ok

    with _temporary() as folder:
        home = Home(folder / "home")
        copy = folder / "copy.db"
        _ = (
            step("parts", _parts)
            and step("home", lambda: _home(home))
            and step("reading process", lambda: _reading(folder))
            and step("run", lambda: _run(home))
            and step("leads", lambda: _leads(home))
            and step("documents", lambda: _documents(home))
            and step("thirty blocks", _blocks)
            and step("audit copy", lambda: _copy(home, copy))
            and step("verification", lambda: _verify(copy))
        )
    return checks


def _parts() -> str:
    """What is loaded late, or by name, and so could be missing."""
    for name in (
        "cryptography.hazmat.primitives.asymmetric.ed25519",
        "fastapi",
        "fpdf",
        "httpx",
        "ijson",
        "keyring",
        "openpyxl",
        "orjson",
        "phonenumbers",
        "psutil",
        "pygal",
        "redis.asyncio",
        "rich.table",
        "rich._unicode_data.unicode15-0-0",
        "ssl",
        "structlog",
        "uvicorn.protocols.websockets.websockets_sansio_impl",
        "watchfiles",
    ):
        importlib.import_module(name)
    if ZoneInfo("America/Chicago").key != "America/Chicago":
        raise Failed("time zones are missing")
    return f"Python {sys.version.split()[0]}, SQLite {apsw.sqlite_lib_version()}, all libraries load"


def _home(home: Home) -> str:
    home.prepare()
    (home.inbox / NAME).write_bytes(ten_leads())
    return f"{ROWS} sample leads in {home.inbox}"


def _reading(folder: Path) -> str:
    """The second process that reads large lists."""
    (folder / "list.csv").write_bytes(ten_leads())
    process = helper.start()
    try:
        answer, _ = process.communicate(
            b"{}\n", timeout=START_SECONDS
        )  # asked for nothing, it says so and ends
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed("the reading process does not answer") from None
    if not answer:
        raise Failed("the reading process says nothing")
    return f"process {process.pid} answered"


def _run(home: Home) -> str:
    with open(home.logs / "selftest.txt", "w+b") as output:
        process = subprocess.Popen(
            [*program(), "--home", str(home.path), "run", "--interval", "1", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=home.inbox,  # its list counts as that of the working folder: no other one is looked for
            env={**own_environment(), "PYTHONPATH": _import_path()},
        )
        try:
            url = _wait(
                lambda: _url(running(home.path)),
                process,
                output,
                START_SECONDS,
                "the cockpit does not answer",
            )
            with urllib.request.urlopen(_well(str(url)), timeout=START_SECONDS) as answer:
                if answer.status != 200 or json.load(answer) != {"ok": True}:
                    raise Failed(f"the cockpit at {url} is not well")
            _wait(
                lambda: _count(home) >= (ROWS, 0),
                process,
                output,
                WORK_SECONDS,
                "the sample leads do not come in",
            )
            _stop(home, process)
        finally:
            process.kill()
            process.wait()
    return f"a cycle read the samples, the cockpit answered at {url}, and it stopped in good order"


def _import_path() -> str:
    """Where this process found the program, for one that begins in another folder."""
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(Path(__file__).parents[2]), *([before] if before else [])])


def _well(url: str) -> urllib.request.Request:
    """Asks the cockpit whether it is well. Browsers know that its name means this computer; a system's resolver may not."""
    place = urlsplit(url)
    return urllib.request.Request(f"http://127.0.0.1:{place.port}/healthz", headers={"Host": place.netloc})


def _url(found: object) -> str | None:
    return getattr(found, "url", None)


def _count(home: Home) -> tuple[int, int]:
    """How many leads there are so far, and how many of them are scored."""
    if not home.database.exists():
        return 0, 0
    with open_database(home.database, create=False) as database:
        return Lead.select().count(database), Lead.select().where(Lead.score.is_null(False)).count(database)


def _stop(home: Home, process: subprocess.Popen[bytes]) -> None:
    with open_database(home.database, create=False) as database:
        stopping.ask(database)
    try:
        code = process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"the run did not stop within {STOP_SECONDS:.0f} s") from None
    if code:
        raise Failed(f"the run ended with code {code}")


def _leads(home: Home) -> str:
    count, scored = _count(home)
    if (count, scored) != (ROWS, ROWS):
        raise Failed(f"{count} leads, {scored} of them scored, where {ROWS} of each should be")
    return f"{count} leads, all scored"


def _documents(home: Home) -> str:
    """Templates, fonts and drawings: a packet as a page and as a PDF."""
    done = subprocess.run(
        [*program(), "--home", str(home.path), "packet", "1", "--html", "--pdf"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=WORK_SECONDS,
    )
    if done.returncode:
        raise Failed(f"no packet was made: {done.stderr.decode('utf-8', 'replace').strip()}")
    return "a packet as a page and as a PDF"


def _blocks() -> str:
    """Each of the thirty, on a database of its own."""
    found = blocks.check()
    broken = [f"{each['number']} {each['name']}: {each['detail']}" for each in found if not each["ok"]]
    if broken:
        raise Failed(f"block {'; '.join(broken)}")
    return f"all {len(found)} do what they promise"


def _copy(home: Home, copy: Path) -> str:
    with open_database(home.database, create=False) as database:
        manifest = copies.make(database, home, copy)
    return f"{manifest['entries']} entries, {manifest['bytes']:,} bytes"


def _verify(copy: Path) -> str:
    with open_copy(copy) as database:
        verdict = verifying.verify(database)
        if not verdict.ok:
            raise Failed(
                "the copy does not verify: " + "; ".join(str(problem) for problem in verdict.problems[:3])
            )
        _hashing(database)
    return f"{verdict.entries} entries and {verdict.rows} rows are as witnessed"


def _hashing(database: Database) -> None:
    """The second process that hashes the rows of large files."""
    process = RowHelper(database.schema.helper, database, audit.head(database))
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        if not process.ready():
            raise Failed("the process that hashes rows sees another file")
    except (EOFError, OSError):
        raise Failed("the process that hashes rows does not answer") from None
    finally:
        late.cancel()
        process.close()


def _wait(
    look: Callable[[], Found],
    process: subprocess.Popen[bytes],
    output: IO[bytes],
    seconds: float,
    otherwise: str,
) -> Found:
    """What ``look`` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if process.poll() is not None or time.monotonic() > deadline:
            output.seek(0)
            last = output.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise Failed(" ".join([otherwise, *(f"(it said: {line})" for line in last)]))
        time.sleep(0.05)
    return found


@contextlib.contextmanager
def _temporary() -> Iterator[Path]:
    """A folder that goes away, also where a virus scanner still looks into it."""
    folder = Path(tempfile.mkdtemp(prefix=FOLDER))
    try:
        yield folder
    finally:
        for _ in range(20):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)
