"""Experiments: starting, weighting, stopping, and what they have shown."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database, audit
from db.clock import DAY
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.experiment_results import results
from valhalla.scoring.experiments import Arm, start, stop, weigh
from valhalla.scoring.promoting import retire
from valhalla.scoring.reevaluate import reevaluate
from valhalla.scoring.scripts import add, whole
from valhalla.scoring.stages.learning import NO_CONVERSATION
from valhalla.scoring.stages.promotion import split


def worked(database: Database, people: Any, tell: Any, wins: dict[int, int], each: int = 120) -> None:
    """``each`` matured leads per variant, of which so many made an appointment."""
    people(4 * each)
    with database.write(durable=True):  # in one transaction, which takes a fifth of the time
        for variant, count in wins.items():
            numbers = [
                row[0]
                for row in database.sql(
                    "SELECT id FROM lead WHERE variant_id = ? ORDER BY id LIMIT ?", (variant, each)
                )
            ]
            for place, number in enumerate(numbers):
                tell(number, "contacted", days_ago=40)
                if place < count:
                    tell(number, "appointment", days_ago=39)


def test_outcomes_are_counted_where_they_were_recorded(database: Database, people: Any, tell: Any) -> None:
    worked(database, people, tell, {1: 6, 2: 12})
    told = results(database, "opener")
    assert [(v["name"], v["exposed"], v["matured"], v["conversions"]) for v in told["variants"]] == [
        ("patient", 120, 120, 6),
        ("direct", 120, 120, 12),
    ]
    assert told["variants"][1]["low"] < 0.1 < told["variants"][1]["high"]
    assert told["split"] == {"p": 1.0, "leads": 240, "ok": True}
    assert told["verdict"].startswith("No winner yet: it takes about ")
    assert told["verdict"].endswith("more leads per variant if the rates stay as they are.")


def test_a_clear_winner_is_named(database: Database, people: Any, tell: Any) -> None:
    worked(database, people, tell, {1: 4, 2: 120}, each=210)
    assert results(database, "opener")["verdict"].startswith("direct is better (always-valid p = 0.0")


def test_a_split_that_is_off_is_said_first(database: Database, people: Any, tell: Any) -> None:
    people(600)
    numbers = [row[0] for row in database.sql("SELECT id FROM lead WHERE variant_id = 1 LIMIT 150")]
    with database.write(durable=True):
        for number in numbers:
            tell(number, "contacted")
    told = results(database, "opener")
    assert told["split"]["ok"] is False
    assert "not split as planned" in told["verdict"]


def test_new_weights_are_a_new_epoch_by_which_new_leads_are_judged(
    database: Database, people: Any, load: Any, tell: Any, clock: Any
) -> None:
    people(300)
    with database.write(durable=True):
        for number in range(1, 121):
            tell(number, "contacted")
    clock.advance(1)
    found = weigh(database, "opener", {"direct": 9})
    assert found.version == 2
    load(*(f'New {i},n{i}@example.com,150000,"Houston, TX",714555{i:04d},,,,,' for i in range(600)))
    with database.write(durable=True):
        for (number,) in database.sql("SELECT id FROM lead WHERE id > 300 ORDER BY id LIMIT 300"):
            tell(number, "contacted")
    context = stages.load(database, database.clock())
    p, drawn = split(context.promotion, context.snapshot)
    assert drawn == 300
    assert p > 0.001, "leads that were drawn half and half are not held against nine to one"
    assert [epoch["weights"] for epoch in results(database, "opener")["epochs"]] == [
        {"patient": 1, "direct": 1},
        {"patient": 1, "direct": 9},
    ]


def test_a_stopped_experiment_keeps_its_counts(database: Database, people: Any, tell: Any) -> None:
    worked(database, people, tell, {1: 6, 2: 12})
    before = results(database, "opener")["variants"]
    stop(database, "opener")
    reevaluate(database)
    after = results(database, "opener")
    assert after["state"] == "stopped"
    keys = ("exposed", "matured", "conversions", "opt_outs")
    assert [[v[key] for key in keys] for v in after["variants"]] == [[v[key] for key in keys] for v in before]


def test_a_new_experiment_takes_leads_and_brings_retired_scripts_back(
    database: Database, people: Any
) -> None:
    people(40)
    third = add(database, "Short opener", "Hi.")
    retire(database, "Direct opener", reason="tired of it")
    with pytest.raises(UsageError, match="stop it first"):
        start(database, "second", [Arm("a", 1, "1"), Arm("b", 1, "2")])
    stop(database, "opener")
    start(database, "second", [Arm("a", 1, "Direct opener"), Arm("b", 3, str(third.id))])
    reevaluate(database)
    counts = dict(database.sql("SELECT script_id, count(*) FROM lead GROUP BY script_id"))
    assert counts[3] > counts[2] > 0
    back = whole(database, "Direct opener")
    assert (back["state"], back["moves"][-1]["before"]) == ("testing", "retired")
    assert audit.check_chain(database) == []


def test_channels_can_be_compared(database: Database, people: Any, tell: Any) -> None:
    people(4)
    stop(database, "opener")
    start(database, "first touch", [Arm("call"), Arm("email")], kind="channel")
    reevaluate(database)
    viewer = Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "00:00-00:00", "timezone": None},
    )
    for record in (viewer.record(number) for number in range(1, 5)):
        entry = viewer.entry(record)
        assert entry["variant"] == f"first touch: {entry['channel']}", (
            "the first try is by the variant's channel"
        )
    tell(1, "contacted")
    told = results(database, "first touch")
    assert sum(v["exposed"] for v in told["variants"]) == 1
    assert told["verdict"].startswith("No winner yet")


@pytest.mark.parametrize(
    ("arms", "more", "says"),
    [
        ([Arm("a", 1, "1")], {}, "compares 2 to"),
        ([Arm("a", 1, "1"), Arm("a", 1, "2")], {}, "name of its own"),
        ([Arm("a", 1, "1"), Arm("b", 1, "1")], {}, "same script"),
        ([Arm("a", 0, "1"), Arm("b", 0, "2")], {}, "at least one"),
        ([Arm("a", 1, "1"), Arm("b")], {}, "needs a script"),
        ([Arm("a", 1), Arm("b")], {"kind": "channel"}, "not a channel"),
        ([Arm("a", 1, "1"), Arm("b", 1, "2")], {"metric": "luck"}, "success"),
    ],
)
def test_an_experiment_that_compares_nothing_is_refused(
    database: Database, arms: list[Arm], more: dict[str, str], says: str
) -> None:
    stop(database, "opener")
    with pytest.raises(UsageError, match=says):
        start(database, "x", arms, **more)
    with pytest.raises(NotFound):
        results(database, "x")


@pytest.mark.parametrize("event", NO_CONVERSATION)
def test_only_conversations_teach(database: Database, people: Any, tell: Any, event: str) -> None:
    def learnt() -> int:
        return stages.load(database, database.clock()).snapshot_id

    people(2)
    before = learnt()
    tell(1, event, days_ago=400, until=database.clock() + DAY if event == "paused" else None)
    assert learnt() == before
    tell(1, "not_interested", days_ago=399)
    assert learnt() != before
