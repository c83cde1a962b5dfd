"""Files with leads in them, made by the real import."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import socket
import statistics
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from websockets.asyncio.client import connect

from db import Database, audit
from db.clock import DAY
from valhalla.intake.importer import import_file
from valhalla.intake.request import Hooks, Request
from valhalla.intake.results import FileResult, of_import, of_unchanged
from valhalla.leads import indexing
from valhalla.leads.outcomes import Outcome, Recorder
from valhalla.leads.view import Viewer
from valhalla.program.database import memory_database, open_database
from valhalla.scoring import store as stages
from valhalla.team import passwords

NOW = 1_790_000_000_000_000  # 2026-09-21 14:13 UTC


WORDED = {
    ("audit.restart", "reason"),  # the operator's own words, as docs/security.md says
    ("clone.apply", "*"),  # markets, sources and keys of the policy
    ("effect.approved", "reason"),  # a fixed sentence: tests/valhalla/effects/test_words.py
    ("effect.blocked", "reason"),
    ("effect.denied", "reason"),
    ("effect.failed", "reason"),
    ("effect.uncertain", "reason"),
    ("import.chunk", "position"),
    ("policy.set", "changes"),  # values that the operator set
    ("policy.set", "reason"),
    ("schema.repair", "*"),  # what the parts of the schema are called
    ("retention.prune", "*"),  # a signature
    ("score.learn", "says"),  # a sentence of the program, of numbers
    ("script.move", "evidence"),
    ("script.move", "why"),
    ("setting.change", "after"),
    ("setting.change", "before"),
    ("source.set", "pattern"),
    ("source.set", "profile"),
}
"""Entries of the chain in which more may stand than numbers and fixed words: no list, lead or receiver has a say in them."""

FIXED = re.compile(r"[\w.:+-]*( \d+)?", re.ASCII)
"""A fixed word or a number, with the number of what it is about."""

NAMES = {"name", "task"}
"""What the program, or whoever writes one with its blocks, calls an experiment or a kind of work: no path and no address."""

NAME = re.compile(r"[^/\\@]{0,60}")


@pytest.fixture(autouse=True)
def _numbers_and_fixed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where an entry of any kind holds a text that somebody wrote, or a path: the chain cannot be changed."""
    append = audit.append

    def checked(database: Any, action: str, subject: str, body: Any, **more: Any) -> Any:
        worded = [
            f"{action}: {key} is {text!r}"
            for key, value in body.items()
            for text in texts(value)
            if not WORDED & {(action, key), (action, "*")}
            and not (NAME if key in NAMES else FIXED).fullmatch(text)
        ]
        assert worded == [], "an entry holds more than numbers and fixed words; see WORDED"
        return append(database, action, subject, body, **more)

    monkeypatch.setattr(audit, "append", checked)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> int:
        return self.at

    def advance(self, days: float) -> int:
        self.at += int(days * DAY)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as its first start leaves it, made once: a test begins with a copy."""
    path = tmp_path_factory.mktemp("seeded") / "valhalla.db"
    with open_database(path) as database:
        database.clock = Clock()
        stages.seed(database)
    return path


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords whose hashes take a thousandth of the work."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@pytest.fixture
def database(clock: Clock, seeded: Path, tmp_path: Path) -> Iterator[Database]:
    """A seeded file with its clock in the test's hand."""
    shutil.copyfile(seeded, tmp_path / "valhalla.db")
    with open_database(tmp_path / "valhalla.db") as database:
        database.clock = clock
        yield database


LIST = "name,email,value,location,phone,address,arv,repairs,list_date,notes\n"


def loader(database: Database, folder: Path) -> Callable[..., int]:
    made = 0

    def load(*lines: str, source: str = "csv", header: str = LIST) -> int:
        nonlocal made
        made += 1
        path = folder / f"list-{made}.csv"
        path.write_text(header + "".join(line + "\n" for line in lines), encoding="utf-8")
        import_file(database, Request(str(path), source))
        return int(database.value("SELECT count(*) FROM lead"))

    return load


def bring_up_to_date(database: Database) -> None:
    more = True
    while more:
        with database.write():
            more = indexing.index_some(database)


@pytest.fixture
def index() -> Callable[[Database], None]:
    """A function that brings the search index up to date."""
    return bring_up_to_date


@pytest.fixture
def load(database: Database, tmp_path: Path) -> Callable[..., int]:
    """A function that imports a list: ``load("Ann Lee,ann@x.com,150000,...", source="ppc")``; returns the number of leads."""
    return loader(database, tmp_path)


@pytest.fixture
def people(load: Callable[..., int]) -> Callable[[int], int]:
    """A function that imports so many plain leads of Houston."""

    def people(count: int) -> int:
        return load(
            *(
                f'Person {i},p{i}@example.com,150000,"Houston, TX",713555{i:04d},{i} Main St,300000,30000,2026-09-20,'
                for i in range(1, count + 1)
            )
        )

    return people


def teller(database: Database) -> Callable[..., Any]:
    def tell(lead: int, event: str, days_ago: float = 0, **more: Any) -> Any:
        at = database.clock() - int(days_ago * DAY)
        with database.write(durable=True):
            return Recorder(database, more.pop("actor", "ann")).record(Outcome(lead, event, at, **more))

    return tell


@pytest.fixture
def tell(database: Database) -> Callable[..., Any]:
    """A function that records an outcome: ``tell(3, "won", days_ago=2, amount=1_000_000)``."""
    return teller(database)


@pytest.fixture(scope="module")
def filled_once(
    seeded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Callable[..., object]], Path]:
    """A function that makes a seeded file with ``fill(database, load, tell)`` and returns it. As the ``seeded`` of a module, every
    test of it begins with a copy of what took long to make."""

    def filled(fill: Callable[..., object]) -> Path:
        folder = tmp_path_factory.mktemp("filled")
        path = Path(shutil.copyfile(seeded, folder / "valhalla.db"))
        with open_database(path) as database:
            database.clock = Clock()
            fill(database, loader(database, folder), teller(database))
        return path

    return filled


DESK_HEADER = "name,email,value,phone,location\n"


class Desk:
    """A file in memory and a folder of lists."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def write(self, name: str, text: str, header: str = DESK_HEADER) -> Path:
        path = self.folder / name
        path.write_text(header + text, encoding="utf-8")
        return path

    def read(self, path: Path, source: str = "csv", hooks: Hooks | None = None, **options: Any) -> FileResult:
        number = import_file(self.database, Request(str(path), source, **options), hooks or Hooks())
        return (
            of_import(self.database, number) if number is not None else of_unchanged(self.database, str(path))
        )

    def take(self, name: str, text: str, source: str = "csv", header: str = DESK_HEADER) -> tuple[int, ...]:
        """Write and read a list; (new, updated, unchanged, duplicate, rejected)."""
        found = self.read(self.write(name, text, header), source)
        assert found.rows == found.new + found.updated + found.unchanged + found.duplicate + found.rejected
        return (found.new, found.updated, found.unchanged, found.duplicate, found.rejected)

    def leads(self, columns: str = "id, name, email, value / 100") -> list[tuple[Any, ...]]:
        return self.database.sql(f"SELECT {columns} FROM lead ORDER BY id")

    def index(self) -> None:
        bring_up_to_date(self.database)

    def whole(self, number: int = 1) -> dict[str, Any]:
        """All that is shown of a lead."""
        viewer = Viewer.now(self.database)
        return viewer.whole(viewer.record(number))

    def last_import(self) -> int:
        return int(self.database.value("SELECT max(id) FROM import"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with memory_database() as database:
        stages.seed(database)
        yield Desk(database, tmp_path)


@pytest.fixture
def whole(desk: Desk) -> Callable[[], None]:
    """Checks that nothing in the file refers to something that is missing."""

    def check() -> None:
        assert desk.database.sql("PRAGMA foreign_key_check") == []
        assert desk.database.sql("SELECT key FROM lead_key WHERE lead_id NOT IN (SELECT id FROM lead)") == []
        assert desk.database.value("PRAGMA integrity_check") == "ok"

    return check


class Deaf:
    """A WebSocket client that takes the beginning of the first message and then never reads, with little room for more."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        self.socket.connect(("127.0.0.1", port))
        lines = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        assert self.socket.recv(12) == b"HTTP/1.1 101"


@pytest.fixture
def crowd() -> Callable[..., Coroutine[Any, Any, None]]:
    """A coroutine function: so many clients on each path, ``deaf`` of which never read, for so many seconds. ``paths``: what
    the messages that are counted begin with, by path; ``memory``: how much the server uses now.

    Asserts that the others get their messages every 3.5 seconds at the latest, and that the server does not grow by more than a
    tenth between a sixth of the time and its end; prints the figures.
    """

    async def crowd(
        port: int,
        paths: dict[str, str],
        *,
        clients: int,
        deaf: int,
        seconds: int,
        memory: Callable[[], int],
        headers: dict[str, str] | None = None,
    ) -> None:
        ends = asyncio.Event()
        gaps: dict[str, list[float]] = {path: [] for path in paths}

        async def watch(path: str) -> int:
            count, last = 0, None
            url = f"ws://127.0.0.1:{port}{path}"
            async with connect(url, additional_headers=headers, max_queue=4, proxy=None) as client:
                while not ends.is_set():
                    if paths[path] not in str(await client.recv())[:40]:
                        continue
                    now = time.monotonic()
                    if last is not None:
                        gaps[path].append(now - last)
                    count, last = count + 1, now
            return count

        silent = [Deaf(port, path, headers or {}) for path in paths for _ in range(deaf)]
        watching = [asyncio.create_task(watch(path)) for path in paths for _ in range(clients - deaf)]
        early = seconds / 6
        await asyncio.sleep(early)
        memory_early = memory()
        await asyncio.sleep(seconds - early)
        memory_late = memory()
        ends.set()
        counts = await asyncio.gather(*watching)
        for each in silent:
            each.socket.close()
        for path, found in gaps.items():
            print(
                f"{path}: {clients} clients, {deaf} of them not reading, {seconds} s: interval median "
                f"{statistics.median(found):.2f} s, longest {max(found):.2f} s"
            )
        print(
            f"RSS {memory_early / 2**20:.1f} MB after {early:.0f} s, {memory_late / 2**20:.1f} MB after {seconds} s"
        )
        assert min(counts) >= seconds / 3.5 - 1
        assert max(max(found) for found in gaps.values()) <= 3.5
        assert memory_late <= 1.1 * memory_early

    return crowd
