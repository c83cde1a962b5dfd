"""A life of the program, whatever it is: lists, people's decisions, mistakes undone, kills, copies; against a small model.

After every step the rows add up, the chain verifies, nobody is in the call list who must not be called, and the file holds what
the model holds. A kill leaves an operation whole or not done, and one of several transactions is ended by doing it again.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from life_lists import Lists, people
from life_model import email, entries
from life_program import chosen, evidence, kills, seen

from db import Database
from db.inspecting import inspect
from jobs.testing import Bench
from valhalla.audit import copies, restoring, retention
from valhalla.effects import erasure, register
from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.intake.other_lists import import_buyers
from valhalla.leads import do_not_contact, search, suppression
from valhalla.leads import merge as merging
from valhalla.leads import outcomes as recording
from valhalla.leads.call_list import top
from valhalla.leads.outcomes import Outcome
from valhalla.leads.view import Viewer
from valhalla.program.schema import SCHEMA
from valhalla.program.settings import save
from valhalla.reports.packet import make as make_packet
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.scoring import experiments, policies, scripts
from valhalla.scoring.reevaluate import reevaluate

LONG = os.environ.get("VALHALLA_LONG") == "1"
RUNS = 1000 if LONG else 12
STEPS = 25
DAY = 86_400.0


class WholeProgram(Lists):
    """A life with everything that people decide in it, and with copies of the file."""

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
        answer = self.do(lambda database: erasure.forget(database, [lead]), kill, again=True)
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
        act = do_not_contact.remove if off else do_not_contact.add
        answer = self.do(lambda database: act(database, [entry]), kill)
        if not isinstance(answer, Exception):
            if off:
                self.model.kept_out.pop(tuple(entry), None)
            else:  # who typed it has said it again, no matter who was forgotten
                self.model.kept_out[tuple(entry)] = "operator"
                self.model.back.add(entry.value)

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
            lambda database: scripts.add(database, f"script {which % 3}", "Hello {name}"),
            lambda database: experiments.start(
                database,
                "e",
                [experiments.Arm("call", 1, None), experiments.Arm("text", 1, None)],
                kind="channel",
            ),
            lambda database: experiments.stop(database, "e" if which % 2 else "opener"),
            lambda database: GovernorEnforcer(database=database).set_limit("effect.webhook", 1 + which, 60),
            lambda database: make_packet(database, Viewer.now(database), lead),
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
        assert inspect(target, SCHEMA).ok
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
        called = {record.lead.id for record in top(self.database, Viewer.now(self.database), 100)}
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
