"""What matters every day, saved as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from valhalla.leads import basics
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.scoring import store as stages
from valhalla.service.reevaluating import ReevaluatingProgram


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Any]:
    with ReevaluatingProgram.open(Home(tmp_path)) as opened:
        yield opened


def test_everything_is_saved_at_once_and_read_again_as_it_was_typed(program: Any) -> None:
    typed = {
        "name": "Sam Ortiz",
        "phone": "713-555-0100",
        "from": "9am",
        "until": "7:30 pm",
        "markets": "houston tx; Dallas, TX",
        "buy_low": "$50,000",
        "fee": "12,500",
        "arv": "65 %",
        "goal": "30",
    }
    changed = basics.save(program.reevaluating, typed)
    assert set(changed) == set(typed)
    found = basics.read(program.database)
    assert (found["from"], found["until"], found["markets"]) == (
        "9:00 am",
        "7:30 pm",
        "Houston, TX; Dallas, TX",
    )
    assert (found["buy_low"], found["fee"], found["arv"], found["goal"]) == ("50,000", "12,500", "65", "30")
    assert settings.value(program.database, "quiet_hours") == "19:30-09:00"
    _, policy = stages.latest_policy(program.database)
    assert policy["markets"] == {"Houston, TX": {"target": True}, "Dallas, TX": {"target": True}}
    assert basics.save(program.reevaluating, found) == []
    basics.save(program.reevaluating, {"markets": "Dallas, TX"})
    assert basics.read(program.database)["markets"] == "Dallas, TX"


def test_nothing_is_saved_where_something_cannot_be(program: Any) -> None:
    with pytest.raises(basics.Wrong) as wrong:
        basics.save(
            program.reevaluating,
            {
                "name": "Sam",
                "from": "25:00",
                "until": "7pm",
                "markets": "houston",
                "fee": "much",
                "mail": "nobody",
            },
        )
    assert wrong.value.problems.keys() == {"from", "markets", "fee", "mail"}
    assert "with its state" in wrong.value.problems["markets"]
    assert basics.read(program.database)["name"] == ""


@pytest.mark.parametrize(("begins", "ends"), [("8pm", "8am"), ("9:00", "9:00")])
def test_hours_begin_before_they_end(program: Any, begins: str, ends: str) -> None:
    with pytest.raises(basics.Wrong, match="begin before"):
        basics.save(program.reevaluating, {"from": begins, "until": ends})
