"""Undo, merge, taking apart, erasure, restore and a new chain, killed at their steps: whole or not begun, and done by doing it again.

Upgrades are killed in ``test_upgrade_kills.py``, and whatever a person does at random moments in ``test_whole_program.py``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from valhalla.audit import copies, signing
from valhalla.audit.verifying import copy_of_file
from valhalla.intake import unfolding
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads import merge
from valhalla.leads.outcomes import Outcome, record
from valhalla.program.home import Home
from valhalla.program.settings import save
from valhalla.scoring.opening import open_home
from valhalla.service.program import Program

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed at a step of a child"),
]
HERE = Path(__file__).resolve().parent
FOLDED = HERE.parent / "fixtures" / "folded" / "schema-0015.sql"
LONG = os.environ.get("VALHALLA_LONG") == "1"
STATEMENTS, FILES = 2, 4
"""So many statements, evenly spread, and so many of the last steps with files are killed at, unless it is the long form."""

AGAIN = (
    "already",
    "no import",
    "no lead",
    "into itself",
    "has been merged",
    "not merged",
    "put together again already",
)

FACTS = {
    "lead": "SELECT id, name, email, phone, value, suppressed FROM lead ORDER BY id",
    "import": "SELECT id, state, rows, new, updated FROM import ORDER BY id",
    "outcome": "SELECT id, lead_id, undone_at IS NULL FROM outcome ORDER BY id",
    "setting": "SELECT key, value FROM setting ORDER BY key",
    "reject": "SELECT id, state FROM reject ORDER BY id",
}

Perform = Callable[..., tuple[str, list[str]]]


@pytest.fixture(scope="module")
def perform() -> Iterator[Perform]:
    """Has an operation done on a home, or killed before one of its steps: what ended it, and its steps."""
    server = subprocess.Popen(
        [sys.executable, str(HERE / "operations.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert server.stdin is not None and server.stdout is not None

    def run(operation: str, home: Home, step: int | None = None) -> tuple[str, list[str]]:
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps([operation, str(home.path), step]) + "\n")
        server.stdin.flush()
        ended, steps = json.loads(server.stdout.readline())
        return ended, steps

    yield run
    server.stdin.close()
    server.wait()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which each operation has something to do; there is a copy from before the second list."""
    folder = tmp_path_factory.mktemp("operations")
    home = Home(folder / "home")

    def read(name: str, first: int, value: int) -> None:
        path = folder / f"{name}.csv"
        rows = [
            f"Jo {who},jo{who}@example.com,713555{1000 + who},{value + who}"
            for who in range(first, first + 12)
        ]
        path.write_text("\n".join(["name,email,phone,value", *rows, "x,broken,,", ""]), encoding="utf-8")
        import_file(database, Request(str(path)))

    with open_home(home) as database:
        read("one", 0, 1000)
        save(database, "interval", "61")
        copies.make(database, home, home.audit / "then.db")
        record(database, Outcome(3, "contacted", database.clock()))
        read("two", 6, 2000)
        merge.merge(database, 3, 4)
        save(database, "interval", "62")
        signing.note(database, home.audit, "test")
    return home


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home of version 0.1, brought up to date, in which leads stand for several houses."""
    home = Home(tmp_path_factory.mktemp("folded") / "home")
    home.prepare()
    connection = apsw.Connection(str(home.database))
    connection.execute(FOLDED.read_text(encoding="utf-8"))
    connection.close()
    with open_home(home) as database:
        signing.note(database, home.audit, "test")
    return home


@pytest.fixture(scope="module")
def unfolded(folded: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same after its leads were taken apart."""
    home = Home(Path(shutil.copytree(folded.path, tmp_path_factory.mktemp("unfolded") / "home")))
    with open_home(home) as database:
        assert unfolding.unfold(database, unfolding.begin(database))["leads"] > 2
        signing.note(database, home.audit, "test")
    return home


HOMES = {"unfold": "folded", "refold": "unfolded"}
"""Operations and the home that they need."""

IN_PARTS = ("undo", "erasure", "unfold", "refold")
"""Operations of several transactions: what is killed is partly done, and continued."""


def facts(home: Home) -> dict[str, Any]:
    """What the operations are about, after the program has started again."""
    with Program.open(home) as program:
        found = {name: program.database.sql(text) for name, text in FACTS.items()}
        assert program.database.value("PRAGMA integrity_check") == "ok"
    return found


def chosen(steps: list[str]) -> list[int]:
    """The steps to be killed at: all, or some of the statements and some of the rest."""
    if LONG:
        return list(range(len(steps)))
    statements = [number for number, what in enumerate(steps) if what == "statement"]
    files = [number for number, what in enumerate(steps) if what != "statement"]
    return sorted({*statements[:: len(statements) // STATEMENTS], *files[-FILES:]})


@pytest.mark.parametrize(
    "operation", ["undo", "merge", "unmerge", "unfold", "refold", "erasure", "restore", "restart"]
)
def test_killed_at_any_step_it_is_whole_or_not_begun_and_can_be_done_again(
    operation: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    perform: Perform,
    count_kills: Callable[[str, int], None],
) -> None:
    start: Home = request.getfixturevalue(HOMES.get(operation, "lived_in"))
    calm = Home(Path(shutil.copytree(start.path, tmp_path / "calm")))
    before = facts(calm)
    ended, steps = perform(operation, calm)
    assert ended == "done"
    after = facts(calm)
    assert (before == after) == (operation == "restart")

    count_kills(operation, len(chosen(steps)))
    for step in chosen(steps):
        home = Home(Path(shutil.copytree(start.path, tmp_path / "killed")))
        assert perform(operation, home, step) == ("killed", [])

        found = facts(home)
        assert found in (before, after) or operation in IN_PARTS, (step, steps[step], found)
        verdict = copy_of_file(home.database)
        assert verdict.ok, (step, steps[step], verdict.problems)

        ended, _ = perform(operation, home)
        assert ended == "done" or (found == after and any(word in ended for word in AGAIN)), (step, ended)
        assert facts(home) == after, (step, steps[step])
        verdict = copy_of_file(home.database)
        assert verdict.ok, (step, steps[step], verdict.problems)
        left = [path.name for path in home.path.iterdir() if path.name.startswith(".valhalla.db")]
        assert left == [], (step, steps[step])
        shutil.rmtree(home.path)
