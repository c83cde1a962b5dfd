"""The score that is learnt from outcomes: when there is one, when it decides, and what says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.scoring import store as stages
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import reevaluate
from valhalla.scoring.relearn import relearn, resolved, state
from valhalla.scoring.stages.score import NAMES


def teach(database: Database, load: Any, tell: Any) -> None:
    """240 leads with results: vacant houses are sold, those with a phone number are not. Formula 1 has points for both."""
    change(database, "formula", 1, "as version 0.1")
    load(
        *(
            f"P {n},p{n}@x.com,150000,,{f'713555{n:04d}' if n % 2 else ''},,,,2026-09-20,{'vacant' if n % 4 > 1 else ''}"
            for n in range(240)
        )
    )
    for n in range(240):
        closed = n % 4 == 2 or n % 24 == 3
        tell(
            n + 1, "won" if closed else "lost", days_ago=(240 - n) / 24, amount=1_000_000 if closed else None
        )


@pytest.fixture(scope="module")
def taught_once(filled_once: Callable[..., Path]) -> Path:
    return filled_once(teach)


@pytest.fixture
def seeded(seeded: Path, request: pytest.FixtureRequest) -> Path:
    """What a test begins with: that of a test which asks for ``taught`` has its results."""
    found: Path = request.getfixturevalue("taught_once") if "taught" in request.fixturenames else seeded
    return found


@pytest.fixture
def taught(database: Database) -> Database:
    return database


def shown(database: Database, lead: int) -> dict[str, Any]:
    viewer = Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "20:00-08:00", "timezone": None},
    )
    stage: dict[str, Any] = viewer.whole(viewer.record(lead))["stages"][5]
    return stage


def test_too_few_results_teach_nothing_and_say_so(database: Database, people: Any, tell: Any) -> None:
    people(3)
    tell(1, "won", amount=1_000_000)
    reevaluate(database)
    found = state(database, stages.look(database, database.clock()))
    assert not found["learnt"] and not found["used"]
    assert found["why"] == "A learnt score needs 200 resolved leads with 30 closes; there are 1 with 1."
    assert shown(database, 1)["numbers"]["learnt"] is None


def test_it_is_shown_beside_the_rules_and_changes_nothing(taught: Database, load: Any) -> None:
    before = taught.sql("SELECT id, score_base FROM lead ORDER BY id")
    reevaluate(taught)
    learnt = stages.look(taught, taught.clock()).snapshot.learnt
    assert learnt is not None and learnt.better and (learnt.resolved, learnt.closes) == (240, 70)
    assert learnt.weights[NAMES.index("phone")] < 0
    rules = [base for _, base in before]
    assert [base for _, base in taught.sql("SELECT id, score_base FROM lead ORDER BY id")] != []
    load("New,new@x.com,150000,,,,,,2026-09-20,")
    found = shown(taught, 241)
    assert (
        found["numbers"]["learnt"]["used"] is False
        and found["numbers"]["score"] == found["numbers"]["learnt"]["score_by_rules"]
    )
    assert "score.learnt in the policy does not say use" in found["reasons"][-1]
    assert len(rules) == 240


def test_it_decides_when_the_policy_says_so_and_it_is_better(taught: Database, load: Any) -> None:
    load("With,with@x.com,150000,,7135559999,,,,2026-09-20,", "Without,without@x.com,150000,,,,,,2026-09-20,")
    reevaluate(taught)
    by_rules = dict(taught.sql("SELECT name, score_base FROM lead WHERE id > 240"))
    assert by_rules["With"] > by_rules["Without"]
    change(taught, "score.learnt", "use", "it has proven itself")
    reevaluate(taught)
    learnt = dict(taught.sql("SELECT name, score_base FROM lead WHERE id > 240"))
    assert learnt["With"] < learnt["Without"], "leads are decided again by it"
    found = shown(taught, 242)
    assert found["numbers"]["learnt"]["used"] is True
    assert "This is the learnt score; by the rules it would be" in found["reasons"][-1]
    lines = found["numbers"]["contributions"]
    assert round(sum(line["points"] for line in lines) * 100) == found["numbers"]["score"] * 100
    assert found["numbers"]["score_base_points"] * 100 == learnt["Without"]
    assert any(line["name"] == "baseline" for line in lines)
    change(taught, "score.learnt", "off", "back")
    reevaluate(taught)
    assert dict(taught.sql("SELECT name, score_base FROM lead WHERE id > 240"))["With"] == by_rules["With"]
    assert stages.look(taught, taught.clock()).snapshot.learnt is None
    assert audit.check_chain(taught) == []


def test_it_is_learnt_once_a_day_and_goes_along_between(taught: Database, tell: Any, clock: Any) -> None:
    reevaluate(taught)
    first = stages.look(taught, taught.clock()).snapshot.learnt
    tell(240, "won", amount=1)
    reevaluate(taught)
    assert stages.load(taught, taught.clock()).snapshot.learnt == first is not None
    clock.advance(1)
    reevaluate(taught)
    second = stages.look(taught, taught.clock()).snapshot.learnt
    assert (
        second is not None
        and first is not None
        and second.as_of > first.as_of
        and second.closes == first.closes + 1
    )


def test_one_that_is_no_better_never_decides(taught: Database) -> None:
    context = stages.load(taught, taught.clock())
    reevaluate(taught)
    learnt = stages.look(taught, taught.clock()).snapshot.learnt
    assert learnt is not None
    change(taught, "score.learnt", "use", "try")
    stages.note_learnt(taught, learnt._replace(better=False))
    worse = stages.load(taught, taught.clock())
    assert worse.score.learnt is None and worse.score.shown is not None
    assert context.score.shown is None


def test_the_source_record_is_that_of_before_the_result(taught: Database) -> None:
    context = stages.load(taught, taught.clock())
    found = resolved(taught, context)
    first = NAMES.index("source record")
    assert len(found) == 240 and min(lead.points[first] for lead in found) == 0
    assert relearn(taught, context).snapshot.learnt is not None


def test_the_measured_quality_goes_along(database: Database, people: Any) -> None:
    people(1)
    stages.note_quality(database, 96.71)
    assert stages.load(database, database.clock()).snapshot.data_quality == 960_000
    count = database.value("SELECT count(*) FROM model_snapshot")
    stages.note_quality(database, 96.10)
    stages.note_quality(database, None)
    assert database.value("SELECT count(*) FROM model_snapshot") == count
    stages.note_quality(database, 80)
    stages.load(database, database.clock())
    stages.note_quality(database, 96.4)
    assert stages.load(database, database.clock()).snapshot.data_quality == 960_000, "also when it comes back"
    gates = {gate.name: gate for gate in stages.look(database, database.clock()).nothing.gates}
    assert gates["data quality"].passed and gates["data quality"].value == 0.96
