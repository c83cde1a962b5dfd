"""A program that is killed at any of its statements; what it was doing is then done as a whole, or not at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from life_model import Model, Rows

from db import Database, DatabaseError
from db.inspecting import inspect
from db.verifying import verify
from jobs.testing import NOON
from valhalla.effects import erasure
from valhalla.intake.source_settings import Change, set_source
from valhalla.program.database import open_database
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.program.schema import SCHEMA
from valhalla.scoring import store as stages

COPY = "import shutil, os, sys\nfor s in ('', '-wal'):\n    os.path.exists(sys.argv[1] + s) and shutil.copyfile(sys.argv[1] + s, sys.argv[2] + s)"
seen: Counter[str] = Counter()
"""How often a kill fell where."""

chosen = st.integers(0, 50)
"""Which of those that there are."""

kills = st.one_of(st.none(), st.none(), st.integers(1, 90))
"""At which statement the program is killed."""


class Killed(BaseException):
    """The process is gone."""


class Traced(Database):
    """A file whose process can be killed at its n-th statement: the files are copied as they are at that moment."""

    countdown: int | None = None
    remains: Path | None = None

    def _connect(self) -> apsw.Connection:
        connection = super()._connect()
        connection.exec_trace = self._trace
        return connection

    def _trace(self, *_: object) -> bool:
        if self.countdown is not None:
            self.countdown -= 1
            if self.countdown <= 0:
                self.countdown = None
                assert self.path is not None and self.remains is not None
                names = [str(self.path), str(self.remains)]
                subprocess.run([sys.executable, "-I", "-S", "-c", COPY, *names], check=True)
                raise Killed
        return True


def evidence(database: Database) -> dict[str, list[Any]]:
    found = {}
    for table, declared in SCHEMA.tables.items():
        columns = ", ".join(f'"{each}"' for each in declared.columns if each != "correlation_id")
        found[table] = database.sql(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
    return found


def attempt(act: Callable[[Database], Any], database: Database) -> Any:
    """What ``act`` answers; a refusal is an answer."""
    try:
        return act(database)
    except (ValhallaError, DatabaseError) as refusal:
        return refusal


class Life(RuleBasedStateMachine):
    """The program, its file and the model; what is done with them comes with those who inherit from it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="valhalla-model-"))
        self.home = Home(self.folder / "home")
        self.home.prepare()
        self.model = Model()
        self.now = NOON
        self.lists: dict[str, Rows] = {}
        self.copy: tuple[Path, Model, dict[str, list[Any]]] | None = None

    @initialize(older=st.sampled_from([None, None, 1, 5, 8]))
    def begin(self, older: int | None) -> None:
        """A new file, or one that an older program has made."""
        if older is not None:
            schema = SCHEMA.of_release(older)
            with Database.open(self.home.database, schema) as old, old.write(), old.recorder().off():
                old.sql("INSERT INTO setting VALUES ('interval', '7', 0, 'x')")
            self.model.settings["interval"] = 7
        self.open()
        stages.seed(self.database)
        set_source(self.database, "careful", Change(options={"merge": "review"}))

    def open(self) -> None:
        self.database = Traced.open(self.home.database, SCHEMA)
        self.database.clock = lambda: self.now
        self.database.remains = self.folder / "remains.db"

    def teardown(self) -> None:
        if hasattr(self, "database"):
            if erasure.uncleaned(self.database):  # it was killed before; the nightly round sees to it
                assert erasure.clean(self.database)
            self.database.close_all()
            assert inspect(self.home.database, SCHEMA).ok
            content = self.home.database.read_bytes()
            for kind, value in self.model.forgotten:
                if kind == "email" and value not in self.model.back:
                    assert value.encode() not in content, f"{value} was forgotten"
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- doing things, and being killed meanwhile ------------------------------------------------------------

    def do(self, act: Callable[[Database], Any], kill: int | None, *, again: bool = False) -> Any:
        """``again``: ``act`` takes several transactions, and a second call ends what a killed one began."""
        self.now += 1_000_000
        if kill is None:
            return attempt(act, self.database)
        before = evidence(self.database)
        self.database.close_all()
        twin = self.folder / "twin" / "valhalla.db"
        twin.parent.mkdir(exist_ok=True)
        shutil.copyfile(self.home.database, twin)
        with open_database(twin) as calm:
            calm.clock = lambda: self.now
            answer, after = attempt(act, calm), evidence(calm)
        shutil.rmtree(twin.parent)
        self.open()
        self.database.countdown = kill
        killed = False
        try:
            attempt(act, self.database)
        except Killed:
            killed = True
        self.database.countdown = None
        self.database.close_all()
        if killed:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.home.database}{suffix}").unlink(missing_ok=True)
                remains = Path(f"{self.folder / 'remains.db'}{suffix}")
                if remains.exists():
                    remains.rename(f"{self.home.database}{suffix}")
        self.open()
        found = evidence(self.database)
        seen[
            "calm"
            if not killed
            else "nothing done"
            if found == before
            else "all done"
            if found == after
            else "half done"
        ] += 1
        if killed and (again or found == before):
            self.check()
            attempt(act, self.database)
            found = evidence(self.database)
        assert found == after, {
            table: [row for row in (*rows, *after[table]) if rows.count(row) != after[table].count(row)]
            for table, rows in found.items()
            if rows != after[table]
        }
        return answer

    def pick(self, among: Any, which: int) -> Any:
        known = sorted(among)
        return known[which % len(known)]

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def check(self) -> None:
        if not hasattr(self, "database"):
            return
        verdict = verify(self.database)
        assert verdict.ok, verdict.problems
