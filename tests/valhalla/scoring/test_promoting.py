"""How a script comes into use and goes again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database, audit
from db.clock import DAY
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.leads.outcomes import Outcome, Recorder
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring.policies import change
from valhalla.scoring.promoting import assess, pin, promote, retire, review, unpin
from valhalla.scoring.scripts import add, all_scripts, find_script, whole

NOW = 1_790_000_000_000_000
"""Where the clock of these tests begins."""


def states(database: Database) -> dict[str, str]:
    return {f"{s['name']} v{s['version']}": s["state"] for s in all_scripts(database)}


@pytest.fixture(scope="module")
def evidence(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in which the direct opener has done far better on 210 matured leads each."""
    folder = tmp_path_factory.mktemp("evidence")
    rows = "".join(f'Person {i},p{i}@example.com,150000,"Houston, TX",713555{i:04d}\n' for i in range(1, 901))
    (folder / "list.csv").write_text("name,email,value,location,phone\n" + rows, encoding="utf-8")
    path = Path(shutil.copyfile(seeded, folder / "valhalla.db"))
    with open_database(path) as database:
        database.clock = lambda: NOW
        import_file(database, Request(str(folder / "list.csv")))
        with database.write(durable=True):
            recorder = Recorder(database, "ann")
            for variant, wins in ((1, 5), (2, 120)):
                for place, (number,) in enumerate(
                    database.sql("SELECT id FROM lead WHERE variant_id = ? LIMIT 210", (variant,))
                ):
                    recorder.record(Outcome(number, "contacted", NOW - 45 * DAY))
                    if place < wins:
                        recorder.record(Outcome(number, "appointment", NOW - 44 * DAY))
    return path


@pytest.fixture
def proven(evidence: Path, tmp_path: Path, clock: Any) -> Iterator[Database]:
    """A copy of it."""
    with open_database(shutil.copyfile(evidence, tmp_path / "proven.db")) as database:
        database.clock = clock
        yield database


def test_without_evidence_nothing_is_promoted(database: Database) -> None:
    verdict, made = promote(database, "Direct opener")
    assert not verdict.allowed and made == []
    assert "200 more matured leads" in verdict.says
    assert states(database) == {"Patient opener v1": "primary", "Direct opener v1": "testing"}


def test_a_person_promotes_what_every_gate_lets_through(proven: Database) -> None:
    verdict, made = promote(proven, "Direct opener", actor="ann")
    assert verdict.allowed
    assert [(m.script.name, m.before, m.after) for m in made] == [
        ("Patient opener", "primary", "secondary"),
        ("Direct opener", "testing", "primary"),
    ]
    move = whole(proven, "Direct opener")["moves"][-1]
    assert (move["by"], move["after"]) == ("ann", "primary")
    assert {gate["gate"]: gate["passed"] for gate in move["evidence"]} == dict.fromkeys(
        ("matured leads per script", "conversions", "days", "split of leads", "always-valid p", "opt-outs", "a person's click"), True
    )  # fmt: skip
    assert audit.check_chain(proven) == []


def test_the_evidence_alone_promotes_only_where_the_policy_says_so(proven: Database) -> None:
    assert review(proven) == []
    change(proven, "promotion.automatic", True, "let it run")
    assert [m.after for m in review(proven)] == ["secondary", "primary"]
    assert [(m.before, m.after) for m in review(proven)] == [("secondary", "retired")], (
        "it did worse, by the same gates"
    )
    assert review(proven) == []


def test_a_former_script_comes_back_by_the_same_gates(proven: Database) -> None:
    pin(proven, "Patient opener", reason="habit")
    unpin(proven, "Patient opener")
    promote(proven, "Direct opener")
    assert states(proven) == {"Direct opener v1": "primary", "Patient opener v1": "secondary"}
    verdict, made = promote(proven, "Patient opener")
    assert not verdict.allowed and made == [], "it did worse, so the roles are not exchanged again"


def test_a_pinned_script_is_not_moved_by_evidence(proven: Database) -> None:
    pin(proven, "Patient opener", reason="habit")
    change(proven, "promotion.automatic", True, "let it run")
    assert review(proven) == []
    unpin(proven, "Patient opener")
    assert [m.after for m in review(proven)] == ["secondary", "primary"]


def test_pinning_by_hand_keeps_the_gates_as_they_stood(database: Database) -> None:
    made = pin(database, "Direct opener", reason="my gut")
    assert [(m.before, m.after) for m in made] == [("primary", "secondary"), ("testing", "primary")]
    move = whole(database, "Direct opener")["moves"][-1]
    assert "my gut" in move["why"]
    assert not all(gate["passed"] for gate in move["evidence"])


def test_the_script_in_use_cannot_be_retired_and_a_retired_one_is_not_used(
    database: Database, people: Any
) -> None:
    with pytest.raises(UsageError, match="in use"):
        retire(database, "Patient opener", reason="x")
    retire(database, "Direct opener", reason="x")
    people(30)
    assert {row[0] for row in database.sql("SELECT DISTINCT script_id FROM lead")} == {1}
    with pytest.raises(UsageError, match="already"):
        retire(database, "Direct opener", reason="x")


def test_there_is_one_script_in_use_per_channel_and_market(database: Database) -> None:
    local = add(database, "Houston opener", "Howdy.", market="Houston, TX")
    pin(database, str(local.id), reason="they like it")
    assert states(database)["Patient opener v1"] == "primary", "the general one stays in use elsewhere"
    with pytest.raises(apsw.ConstraintError), database.write():
        database.sql("UPDATE script SET state = 'primary' WHERE id = 2")


def test_versions_are_counted_by_name(database: Database) -> None:
    second = add(database, "Patient  opener", "Hello again.")
    assert (second.title, second.state) == ("Patient opener v2", "experimental")
    assert find_script(database, "patient opener").id == second.id
    assert assess(database, str(second.id)).says.endswith("nothing can be compared.")
    with pytest.raises(NotFound):
        find_script(database, "9")
    for name, body in (("", "x"), ("x", " "), ("7", "x")):
        with pytest.raises(UsageError):
            add(database, name, body)
