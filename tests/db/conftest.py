"""A file to work on, and real second processes next to it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database
from db.inspecting import inspect
from valhalla.program.database import open_database
from valhalla.program.schema import SCHEMA

Fact = tuple[str, Any]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_audit.py"
SERVE = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
import verify_audit
for line in sys.stdin:
    path, head = json.loads(line)
    print(json.dumps(verify_audit.verify(pathlib.Path(path), head)), flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of this test is."""
    return tmp_path / "valhalla.db"


@pytest.fixture
def database(path: Path, new_file: Path) -> Iterator[Database]:
    """A new file, open."""
    shutil.copy(new_file, path)
    with open_database(path) as database:
        yield database


@pytest.fixture
def in_thread() -> Callable[[Callable[[], object]], None]:
    """A function that runs another one in a thread of its own and passes on what it raises."""

    def run(what: Callable[[], object]) -> None:
        raised: list[BaseException] = []

        def body() -> None:
            try:
                what()
            except BaseException as error:
                raised.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
        if raised:
            raise raised[0]

    return run


class Standalone:
    """scripts/verify_audit.py in a process of its own, which sees neither Valhalla nor the packages it needs."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SERVE, str(SCRIPT.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __call__(self, path: Path, head: str | None = None) -> dict[str, Any]:
        return self.asked(path, head)()

    def asked(self, path: Path, head: str | None = None) -> Callable[[], dict[str, Any]]:
        """Let it begin; what is returned waits for its verdict."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps([str(path), head]) + "\n")
        self._server.stdin.flush()
        return self._answer

    def _answer(self) -> dict[str, Any]:
        assert self._server.stdout is not None
        verdict: dict[str, Any] = json.loads(self._server.stdout.readline())
        return verdict

    def close(self) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()


@pytest.fixture(scope="session")
def standalone() -> Iterator[Standalone]:
    """Gives the verdict of the standalone verifier on a file."""
    server = Standalone()
    yield server
    server.close()


@pytest.fixture
def both(standalone: Standalone) -> Callable[..., set[Fact]]:
    """What both verifiers name as wrong; they agree."""

    def names(path: Path, head: str | None = None) -> set[Fact]:
        answer = standalone.asked(path, head)  # with ours
        ours, theirs = inspect(path, SCHEMA, head), answer()
        named = {(table, _hashable(key)) for table, key, _ in ours.problems}
        assert named == {(each["table"], _hashable(each["key"])) for each in theirs["problems"]}
        assert ours.ok == theirs["ok"] == (not named)
        if ours.ok:
            for fact in (
                "entries",
                "head",
                "evidence",
                "rows",
                "unwitnessed",
                "redacted",
                "not_yet_witnessed",
            ):
                assert ours.to_json()[fact] == theirs[fact], fact
        return named

    return names


def _hashable(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key
