"""A life of the program, whatever it is: lists, people's decisions, mistakes taken back, kills, copies; against a small model.

After every step the rows add up, the chain verifies, nobody is in the call list who must not be called, and the file holds what
the model holds. A kill leaves an operation whole or not done, and one of several transactions is ended by doing it again.
"""

from __future__ import annotations

import copy
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db import Database, DatabaseError, migrate
from db.evidence import TABLES
from db.inspecting import inspect
from db.verifying import verify
from jobs.testing import NOON, Bench
from valhalla import policies
from valhalla.auditing import copies, restoring, retention
from valhalla.buyers.listing import import_buyers
from valhalla.effects import register
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.errors import ValhallaError
from valhalla.experiments import running as experiments
from valhalla.home import Home
from valhalla.importing import rejects, typed
from valhalla.importing.importer import Request, import_file
from valhalla.importing.source_settings import Change, set_source
from valhalla.importing.undo import undo_import
from valhalla.leads import forgetting, merging, reviewing, search, suppression
from valhalla.leads.top import top
from valhalla.outcomes import recording
from valhalla.outcomes.recording import Outcome
from valhalla.packets.keeping import viewer_of
from valhalla.packets.making import make as make_packet
from valhalla.reevaluation.running import reevaluate
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.scripts import catalogue
from valhalla.settings import save
from valhalla.stages import context as stages

LONG = os.environ.get("VALHALLA_LONG") == "1"
RUNS = 1000 if LONG else 12
STEPS = 25
SOURCES = {"a.csv": "csv", "b.csv": "csv", "c.csv": "other", "d.csv": "careful"}
COPY = "import shutil, os, sys\nfor s in ('', '-wal'):\n    os.path.exists(sys.argv[1] + s) and shutil.copyfile(sys.argv[1] + s, sys.argv[2] + s)"
DAY = 86_400.0
seen: Counter[str] = Counter()
"""How often a kill fell where."""

Rows = list[tuple[int, int]]
people = st.integers(0, 9)
lists = st.lists(st.tuples(people, st.integers(1, 4)), max_size=8, unique_by=lambda row: row[0])
chosen = st.integers(0, 50)
kills = st.one_of(st.none(), st.none(), st.integers(1, 90))


def email(person: int) -> str:
    return f"person{person}@firm{person % 3}.example.com"


def phone(person: int) -> str:
    return f"713-555-01{person % 7:02d}"


def cells(person: int, value: int) -> list[str]:
    return [f"Jo Person {person}", email(person), phone(person), str(value * 100_000)]


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


@dataclass
class Lead:
    person: int
    source: str
    value: int | None
    """None: what it is has become too intricate to foretell."""
    said: dict[str, int] = field(default_factory=dict)


@dataclass
class Import:
    rows: int
    before: dict[int, int | None]
    """Value of each lead that it made (None) or changed."""
    file: str


@dataclass
class Model:
    leads: dict[int, Lead] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    entangled: set[int] = field(default_factory=set)
    """People of leads that were once merged."""
    overtaken: set[tuple[int, str, int]] = field(default_factory=set)
    imports: dict[int, Import] = field(default_factory=dict)
    outcomes: dict[int, tuple[int, str]] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    kept_out: dict[tuple[str, str], str] = field(default_factory=dict)
    forgotten: set[tuple[str, str]] = field(default_factory=set)
    settings: dict[str, int] = field(default_factory=dict)
    effects: dict[int, str] = field(default_factory=dict)
    alerts: dict[int, str] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    """Addresses of the forgotten whom a person typed in again."""
    policies: int = 1

    def must_not_be_called(self, number: int) -> bool:
        lead = self.leads[number]
        return (
            number in self.merged
            or any(entry in self.kept_out for entry in entries(lead.person))
            or any(
                of == number and event == "opted_out" and outcome not in self.undone
                for outcome, (of, event) in self.outcomes.items()
            )
        )


def entries(person: int) -> list[tuple[str, str]]:
    number = suppression.entry(phone(person), "phone").value
    return [("email", email(person)), ("phone", number), ("domain", f"firm{person % 3}.example.com")]


def evidence(database: Database) -> dict[str, list[Any]]:
    found = {}
    for table, declared in TABLES.items():
        columns = ", ".join(f'"{each}"' for each in declared.columns if each != "correlation_id")
        found[table] = database.sql(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
    return found


def attempt(act: Callable[[Database], Any], database: Database) -> Any:
    """What ``act`` answers; a refusal is an answer."""
    try:
        return act(database)
    except (ValhallaError, DatabaseError) as refusal:
        return refusal


class WholeProgram(RuleBasedStateMachine):
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
            scripts = migrate.scripts
            migrate.scripts = lambda: scripts()[:older]  # type: ignore[assignment]
            try:
                with Database.open(self.home.database) as old, old.write(), old.recorder().off():
                    old.sql("INSERT INTO setting VALUES ('interval', '7', 0, 'x')")
            finally:
                migrate.scripts = scripts
            self.model.settings["interval"] = 7
        self.open()
        stages.seed(self.database)
        set_source(self.database, "careful", Change(options={"merge": "review"}))

    def open(self) -> None:
        self.database = Traced.open(self.home.database)
        self.database.clock = lambda: self.now
        self.database.remains = self.folder / "remains.db"

    def teardown(self) -> None:
        if hasattr(self, "database"):
            if forgetting.uncleaned(self.database):  # it was killed before; the nightly round sees to it
                assert forgetting.clean(self.database)
            self.database.close_all()
            assert inspect(self.home.database).ok
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
        with Database.open(twin) as calm:
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

    # -- lists -------------------------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from([*SOURCES]), rows=lists, bad=st.integers(0, 2), append=st.booleans(), kill=kills
    )
    def read_list(self, name: str, rows: Rows, bad: int, append: bool, kill: int | None) -> None:
        path = self.folder / name
        held = self.lists.get(name) if append and path.exists() else None
        with path.open("a" if held is not None else "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if held is None:
                writer.writerow(["name", "email", "phone", "value"])
            writer.writerows(cells(*row) for row in rows)
            writer.writerows(
                [f"Bad {number}", f"bad{number}@example.com", "", "many"] for number in range(bad)
            )
        self.lists[name] = [*(held or ()), *rows]
        self.take(name, path, self.lists[name], SOURCES[name], kill)

    @rule(value=st.integers(1, 4), kill=kills)
    def repair_what_was_refused(self, value: int, kill: int | None) -> None:
        target = self.folder / "repaired.csv"
        target.unlink(missing_ok=True)
        for written in rejects.export(self.database, target, rejects.Choice()):
            path = Path(written["file"])
            content = path.read_text(encoding="utf-8-sig")
            path.write_text(content.replace("many", str(value * 100_000)), encoding="utf-8")
            self.do(lambda database, path=path: import_file(database, Request(str(path))), kill, again=True)
            self.resync()

    def take(self, name: str, path: Path, rows: Rows, source: str, kill: int | None) -> None:
        number = self.do(lambda database: import_file(database, Request(str(path), source)), kill, again=True)
        if number is None or number in self.model.imports:
            return
        model = self.model
        kind, total, state = self.database.sql(
            "SELECT kind, rows, state FROM import WHERE id = ?", (number,)
        )[0]
        assert state == "done"
        before: dict[int, int | None] = {}
        by_person = {lead.person: key for key, lead in model.leads.items()}
        tangled = False
        for person, value in rows:
            if any(entry in model.forgotten for entry in entries(person)):
                continue
            if person in model.entangled:
                tangled = True
                continue
            if person not in by_person:
                found = self.database.sql("SELECT id FROM lead WHERE email = ?", (email(person),))
                assert len(found) == 1, f"{email(person)} is in the list and not in the file"
                key = by_person[person] = found[0][0]
                model.leads[key] = Lead(person, source, value, {name: value})
                before[key] = None
                continue
            key = by_person[person]
            lead = model.leads[key]
            if lead.said.get(name) == value or (key, source, value) in model.overtaken:
                continue
            if name in lead.said and (kind == "tail" or key in before):
                model.overtaken.add((key, source, lead.said[name]))
            lead.said[name] = value
            if lead.source == source and source != "careful" and lead.value != value:
                before.setdefault(key, lead.value)
                lead.value = value
        model.imports[number] = Import(total, before, name)
        if tangled:
            self.resync()

    def resync(self) -> None:
        """Take from the file what the model cannot foretell."""
        stored = dict(self.database.sql("SELECT id, value FROM lead"))
        emails = dict(self.database.sql("SELECT id, email FROM lead"))
        for key in [key for key in self.model.leads if key not in stored]:
            del self.model.leads[key]
        for key in stored:
            if key not in self.model.leads and emails[key].startswith("person"):
                person = int(emails[key].partition("@")[0].removeprefix("person"))
                self.model.entangled.add(person)
                self.model.leads[key] = Lead(person, "?", None)

    @precondition(lambda self: self.model.imports)
    @rule(which=chosen, kill=kills)
    def take_an_import_back(self, which: int, kill: int | None) -> None:
        number = self.pick(self.model.imports, which)
        values = dict(self.database.sql("SELECT id, value FROM lead"))
        answer = self.do(lambda database: undo_import(database, number), kill, again=True)
        if isinstance(answer, Exception):
            return
        made = self.model.imports.pop(number)
        named = {item["lead"] for item in answer["items"]}
        stored = dict(self.database.sql("SELECT id, value FROM lead"))
        for key, old in made.before.items():
            if key in named or key not in values or key not in self.model.leads:
                continue
            if old is None:
                assert key not in stored, (
                    f"lead {key} was made by import {number} and is neither gone nor named"
                )
            elif self.model.leads[key].person not in self.model.entangled:
                assert stored[key] == old * 10_000_000, f"lead {key} is neither as before nor named"
        for key in [key for key in self.model.leads if key not in stored]:
            assert key in made.before and key not in named
            del self.model.leads[key]
        for key, lead in self.model.leads.items():
            lead.said.pop(made.file, None)
            if stored[key] != values[key]:
                assert key in made.before, f"lead {key} is no business of import {number}"
                lead.value = stored[key] // 10_000_000
        self.lists.pop(made.file, None)  # it is not read again until it changes: write it anew

    @rule(person=people, value=st.integers(1, 4), kill=kills)
    def type_a_lead(self, person: int, value: int, kill: int | None) -> None:
        columns = dict(zip(("name", "email", "phone", "value"), cells(person, value), strict=True))
        answer = self.do(lambda database: typed.add_lead(database, columns), kill)
        if isinstance(answer, Exception):
            return
        self.model.back.add(email(person))
        known = {lead.person: key for key, lead in self.model.leads.items()}
        if person in known and person not in self.model.entangled:
            self.model.leads[known[person]].value = value
        self.resync()
        for key, lead in self.model.leads.items():
            if lead.person == person and key not in known.values():
                lead.value, lead.source = value, "manual"
                self.model.entangled.discard(person)

    @precondition(lambda self: self.model.leads)
    @rule(which=chosen, yes=st.booleans(), kill=kills)
    def review(self, which: int, yes: bool, kill: int | None) -> None:
        open_ = {each["id"]: each for each in reviewing.waiting(self.database, 100)}
        if not open_:
            return
        number = self.pick(open_, which)
        decide = reviewing.accept if yes else reviewing.decline
        answer = self.do(lambda database: decide(database, number), kill)
        wanted = open_[number]["changes"].get("value")
        if yes and wanted and not isinstance(answer, Exception) and open_[number]["lead"] in self.model.leads:
            self.model.leads[open_[number]["lead"]].value = wanted[1] // 10_000_000

    # -- leads -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.model.leads)
    @rule(
        which=chosen,
        event=st.sampled_from(["contacted", "appointment", "contract", "won", "lost", "dead", "opted_out"]),
        kill=kills,
    )
    def record(self, which: int, event: str, kill: int | None) -> None:
        lead = self.pick(self.model.leads, which)
        at = self.now
        answer = self.do(lambda database: recording.record(database, Outcome(lead, event, at)), kill)
        if not isinstance(answer, Exception):
            self.model.outcomes[answer.id] = (lead, event)
            if answer.new:  # the number of an outcome that was erased may come again
                self.model.undone.discard(answer.id)
            if event == "opted_out":
                for entry in entries(self.model.leads[lead].person)[:2]:
                    self.model.kept_out.setdefault(entry, "opted_out")

    @precondition(lambda self: self.model.outcomes)
    @rule(which=chosen, kill=kills)
    def take_an_outcome_back(self, which: int, kill: int | None) -> None:
        number = self.pick(self.model.outcomes, which)
        answer = self.do(lambda database: recording.undo(database, number), kill)
        if not isinstance(answer, Exception):
            self.model.undone.add(number)
            self.read_who_is_kept_out()

    @precondition(lambda self: len(self.model.leads) > 1)
    @rule(one=chosen, other=chosen, kill=kills)
    def merge(self, one: int, other: int, kill: int | None) -> None:
        kept, gone = self.pick(self.model.leads, one), self.pick(self.model.leads, other)
        answer = self.do(lambda database: merging.merge(database, kept, gone), kill)
        if not isinstance(answer, Exception):
            self.model.merged[gone] = kept
            self.model.entangled |= {self.model.leads[kept].person, self.model.leads[gone].person}
            self.read_outcomes()

    @precondition(lambda self: self.model.merged)
    @rule(which=chosen, kill=kills)
    def unmerge(self, which: int, kill: int | None) -> None:
        gone = self.pick(self.model.merged, which)
        answer = self.do(lambda database: merging.unmerge(database, gone), kill)
        assert not isinstance(answer, Exception), answer
        del self.model.merged[gone]
        self.read_outcomes()

    @precondition(lambda self: len(self.model.leads) > 1)
    @rule(one=chosen, other=chosen, kill=kills)
    def keep_apart(self, one: int, other: int, kill: int | None) -> None:
        first, second = self.pick(self.model.leads, one), self.pick(self.model.leads, other)
        if first != second:
            self.do(lambda database: merging.keep_apart(database, first, second), kill)

    @precondition(lambda self: self.model.leads)
    @rule(which=chosen, kill=kills)
    def forget(self, which: int, kill: int | None) -> None:
        lead = self.pick(self.model.leads, which)
        answer = self.do(lambda database: forgetting.forget(database, [lead]), kill, again=True)
        assert not isinstance(answer, Exception), answer
        model = self.model
        for key in answer["leads"]:
            of = model.leads.pop(key)
            model.forgotten.update(entries(of.person)[:2])
            model.back.discard(email(of.person))
            model.merged.pop(key, None)
        model.merged = {gone: kept for gone, kept in model.merged.items() if kept in model.leads}
        self.read_outcomes()
        self.read_who_is_kept_out()
        stored = dict(self.database.sql("SELECT id, state FROM effect"))
        assert {
            was: stored[number] for number, was in model.effects.items() if stored[number] != was
        }.keys() <= {"drafted", "approved", "blocked"}
        model.effects = {number: stored[number] for number in model.effects}

    @rule(person=people, kind=st.integers(0, 2), off=st.booleans(), kill=kills)
    def do_not_contact(self, person: int, kind: int, off: bool, kill: int | None) -> None:
        entry = suppression.Entry(*entries(person)[kind])  # type: ignore[arg-type]
        act = suppression.remove if off else suppression.add
        answer = self.do(lambda database: act(database, [entry]), kill)
        if not isinstance(answer, Exception):
            if off:
                self.model.kept_out.pop(tuple(entry), None)
            elif tuple(entry) not in self.model.forgotten:
                self.model.kept_out[tuple(entry)] = "operator"

    def read_outcomes(self) -> None:
        """Merges move outcomes, and forgetting removes them; how many there are is checked all the same."""
        stored = dict(self.database.sql("SELECT id, lead_id FROM outcome"))
        self.model.outcomes = {
            number: (stored[number], event)
            for number, (_, event) in self.model.outcomes.items()
            if number in stored
        }

    def read_who_is_kept_out(self) -> None:
        stored = self.database.sql(
            "SELECT kind, value, origin FROM suppression WHERE removed_at IS NULL AND value IS NOT NULL"
        )
        now = {(kind, value): origin for kind, value, origin in stored}
        assert {each for each, origin in self.model.kept_out.items() if origin == "operator"} <= {
            *now
        } | self.model.forgotten
        self.model.kept_out = now

    # -- what the operator decides -------------------------------------------------------------------------------

    @rule(key=st.sampled_from(["interval", "import.chunk_rows"]), value=st.integers(1, 9), kill=kills)
    def set(self, key: str, value: int, kill: int | None) -> None:
        self.do(lambda database: save(database, key, str(value)), kill)
        self.model.settings[key] = value

    @rule(value=st.integers(2, 30), kill=kills)
    def change_the_policy(self, value: int, kill: int | None) -> None:
        self.do(lambda database: policies.change(database, "packet.fee", value * 1_000, "test"), kill)
        self.model.policies = self.database.value("SELECT max(version) FROM policy")

    @rule(which=chosen, about=st.integers(1, 3), kill=kills)
    def draft(self, which: int, about: int, kill: int | None) -> None:
        lead = self.pick(self.model.leads, which) if self.model.leads else None
        answer = self.do(
            lambda database: register.draft(
                database,
                "webhook",
                "https://example.com/hook",
                {"lead": lead},
                about=f"{lead} {about}",
                lead_id=lead,
            ),
            kill,
        )
        if not isinstance(answer, Exception):
            self.model.effects.setdefault(answer["id"], "drafted")

    @precondition(lambda self: self.model.effects)
    @rule(which=chosen, what=st.sampled_from(["approve", "deny", "put_back"]), kill=kills)
    def decide_on_an_effect(self, which: int, what: str, kill: int | None) -> None:
        number = self.pick(self.model.effects, which)
        answer = self.do(lambda database: getattr(register, what)(database, number), kill)
        if not isinstance(answer, Exception):
            self.model.effects[number] = answer["state"]

    @rule()
    def run_effects(self) -> None:
        """The lock is closed: nothing goes out."""
        with Bench(self.database) as bench:
            bench.clock.at = self.now = self.now + 1_000_000
            effects = Effects(self.database, bench.queue, Senders(self.database, {}))
            effects.prepare()
            bench.run()
        self.database.clock = lambda: self.now
        stored = dict(self.database.sql("SELECT id, state FROM effect"))
        for number, state in self.model.effects.items():
            expected = "blocked" if state == "approved" else state
            assert stored[number] == expected, (number, state, stored[number])
            self.model.effects[number] = stored[number]

    @rule(task=st.sampled_from("xy"), severity=st.sampled_from(["warning", "critical"]), kill=kills)
    def alert(self, task: str, severity: str, kill: int | None) -> None:
        answer = self.do(lambda database: AlertSystem(database=database).repeat(task, "r", severity), kill)
        assert isinstance(answer, int)
        self.model.alerts = dict(self.database.sql("SELECT id, state FROM alert"))

    @precondition(lambda self: self.model.alerts)
    @rule(which=chosen, what=st.sampled_from(["acknowledge", "close"]), kill=kills)
    def see_to_an_alert(self, which: int, what: str, kill: int | None) -> None:
        number = self.pick(self.model.alerts, which)
        self.do(lambda database: getattr(AlertSystem(database=database), what)(number), kill)
        self.model.alerts = dict(self.database.sql("SELECT id, state FROM alert"))

    @rule(what=st.integers(0, 6), which=chosen, kill=kills)
    def other_things(self, what: int, which: int, kill: int | None) -> None:
        buyers = self.folder / "buyers.csv"
        buyers.write_text(f"name,markets\nBuyer {which % 3},TX\n", encoding="utf-8")
        lead = self.pick(self.model.leads, which) if self.model.leads else 1
        acts: list[Callable[[Database], Any]] = [
            lambda database: import_buyers(database, buyers),
            lambda database: catalogue.add(database, f"script {which % 3}", "Hello {name}"),
            lambda database: experiments.start(
                database,
                "e",
                [experiments.Arm("call", 1, None), experiments.Arm("text", 1, None)],
                kind="channel",
            ),
            lambda database: experiments.stop(database, "e" if which % 2 else "opener"),
            lambda database: GovernorEnforcer(database=database).set_limit("effect.webhook", 1 + which, 60),
            lambda database: make_packet(database, viewer_of(database), lead),
            lambda database: search.search(database, f"person {which}", 5),
        ]
        self.do(acts[what], kill)

    @rule(kill=kills)
    def decide_on_all_again(self, kill: int | None) -> None:
        self.do(reevaluate, kill, again=True)

    @rule(days=st.sampled_from([1, 100, 800]), kill=kills)
    def grow_old(self, days: int, kill: int | None) -> None:
        self.now += int(days * DAY * 1_000_000)
        self.do(retention.prune, kill, again=True)
        stored = dict(self.database.sql("SELECT id, state FROM alert"))
        assert all(number in stored for number, state in self.model.alerts.items() if state != "closed")
        self.model.alerts = stored

    # -- the file ------------------------------------------------------------------------------------------------

    @rule(checkpoint=st.booleans())
    def restart(self, checkpoint: bool) -> None:
        if checkpoint:
            self.database.checkpoint()
        self.database.close_all()
        self.open()

    @rule(redact=st.booleans())
    def copy_it(self, redact: bool) -> None:
        self.now += 1_000_000
        target = self.folder / f"copy-{self.now}.db"
        copies.make(self.database, self.home, target, redact=redact)
        assert inspect(target).ok
        if redact:
            content = target.read_bytes()
            assert [each for each in range(10) if email(each).encode() in content] == []
        else:
            self.copy = (target, copy.deepcopy(self.model), evidence(self.database))

    @precondition(lambda self: self.copy is not None)
    @rule()
    def go_back_to_the_copy(self) -> None:
        assert self.copy is not None
        self.database.close_all()
        restoring.restore(self.home, self.copy[0])
        self.open()
        assert evidence(self.database) == self.copy[2]
        self.model = copy.deepcopy(self.copy[1])
        self.lists = {}

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def check(self) -> None:
        if not hasattr(self, "database"):
            return
        verdict = verify(self.database)
        assert verdict.ok, verdict.problems

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "database"):
            return
        database, model = self.database, self.model
        stored = {
            key: value
            for key, value, who in database.sql("SELECT id, value, email FROM lead")
            if who.startswith("person")
        }
        assert stored.keys() == model.leads.keys()
        for key, lead in model.leads.items():
            if lead.value is not None and lead.person not in model.entangled:
                assert stored[key] == lead.value * 10_000_000, (key, lead, stored[key])
        for total, *parts in database.sql(
            "SELECT rows, new, updated, unchanged, duplicate, rejected FROM import"
        ):
            assert total == sum(parts)
        outcomes = {number for (number,) in database.sql("SELECT id FROM outcome WHERE undone_at IS NULL")}
        assert outcomes == model.outcomes.keys() - model.undone
        settings_ = {key: int(value) for key, value in database.sql("SELECT key, value FROM setting")}
        assert settings_ == model.settings
        assert database.value("SELECT max(version) FROM policy") == model.policies

    @invariant()
    def nobody_is_called_who_must_not_be(self) -> None:
        if not hasattr(self, "database"):
            return
        called = {record.lead.id for record in top(self.database, viewer_of(self.database), 100)}
        wrong = {key for key in called & self.model.leads.keys() if self.model.must_not_be_called(key)}
        assert wrong == set()


@pytest.mark.slow
def test_whatever_is_done_the_file_adds_up_and_verifies() -> None:
    seen.clear()
    run_state_machine_as_test(
        WholeProgram,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[*HealthCheck],
            print_blob=True,
            derandomize=not LONG,
        ),
    )
    print(json.dumps({"runs": RUNS, **seen}))
    assert seen["nothing done"] and (not LONG or (seen["all done"] and seen["half done"]))
