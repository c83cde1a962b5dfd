"""Clone readiness by market, source and script, and the likeness of a target market."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.cloning import ENOUGH, likeness, plays
from valhalla.scoring.policies import change


def rows(count: int, market: str, price: int = 150_000, first: int = 0) -> list[str]:
    return [
        f'P {n},p{n}@x.com,{price + n % 10 * 1_000},"{market}",,,,,2026-09-20,'
        for n in range(first, first + count)
    ]


def prove(database: Database, load: Any, tell: Any) -> None:
    """240 leads of Houston over four months with 24 closes from two sources and two reps; 60 of Dallas; 3 of Austin."""
    load(*rows(120, "Houston, TX"), source="ppc")
    load(*rows(120, "Houston, TX", first=120), source="mail")
    load(*rows(60, "Dallas, TX", first=300), source="ppc")
    load(*rows(60, "Dallas, TX", first=400), source="mail")
    load(*rows(3, "Austin, TX", first=900), source="ppc")
    with database.write(durable=True):  # in one transaction, which takes a fifth of the time
        for n in range(240):
            won = n % 10 == 0
            days = 5 + 30 * (n // 10 % 4) + n % 3
            tell(
                n + 1,
                "won" if won else "lost",
                days,
                amount=1_200_000 if won else None,
                actor="ann" if n % 20 else "bob",
            )
    tell(241, "lost", 3)
    stages.note_quality(database, 97.0)


@pytest.fixture(scope="module")
def seeded(filled_once: Callable[..., Path]) -> Path:
    """What each test begins with."""
    return filled_once(prove)


@pytest.fixture
def proven(database: Database) -> Database:
    return database


def gates(found: Any) -> dict[str, Any]:
    return {gate.name: gate.passed for gate in found.readiness.gates}


def test_markets_are_judged_the_most_proven_first(proven: Database) -> None:
    houston, dallas = plays(proven)
    assert (houston.name, houston.play.matured, houston.play.closes) == ("Houston, TX", 240, 24)
    assert gates(houston)["data quality"] is True and gates(houston)["months"] is True
    assert "similar target market" not in gates(houston), "no target is named"
    assert (dallas.name, dallas.readiness.state) == ("Dallas, TX", "INSUFFICIENT DATA")
    assert "199 more matured leads" in dallas.readiness.shortfall


def test_it_is_the_same_as_the_stage_says(proven: Database) -> None:
    context = stages.load(proven, proven.clock())
    (houston,) = plays(proven, name="Houston, TX")
    assert houston.readiness == context.readiness["Houston, TX"]


def test_sources_and_scripts_are_plays_too(proven: Database) -> None:
    found = {each.name: each for each in plays(proven, "source")}
    assert {name: each.play.matured for name, each in found.items()} == {"mail": 120, "ppc": 121}
    assert "largest source" not in gates(found["mail"]), "all its closes are its own, which says nothing"
    scripts = plays(proven, "script")
    assert {each.name for each in scripts} == {"Patient opener v1", "Direct opener v1"}
    assert sum(each.play.matured for each in scripts) == 241


def test_a_target_market_that_is_like_it_passes_one_with_other_prices_does_not(
    proven: Database, load: Any
) -> None:
    (houston,) = plays(proven, name="Houston, TX", target="Dallas, TX")
    assert gates(houston)["similar target market"] is True
    assert houston.to_json()["gates"][-1]["value"] < 0.25
    load(*rows(60, "Tampa, FL", 900_000, first=500), source="ppc")
    load(*rows(60, "Tampa, FL", 900_000, first=600), source="mail")
    (houston,) = plays(proven, name="Houston, TX", target="Tampa, FL")
    assert gates(houston)["similar target market"] is False
    assert "a more similar target market" in houston.readiness.shortfall


def test_another_mix_of_sources_is_another_market(proven: Database, load: Any) -> None:
    load(*rows(ENOUGH, "Reno, NV", first=700), source="billboard")
    assert (likeness(proven, "market", "Houston, TX", "Reno, NV") or 0) > 250_000
    assert (likeness(proven, "source", "ppc", "Reno, NV") or 0) < 250_000, (
        "a source is compared by prices alone"
    )


def test_too_few_leads_to_compare_is_a_gate_that_cannot_be_measured(proven: Database) -> None:
    (houston,) = plays(proven, name="Houston, TX", target="Austin, TX")
    assert gates(houston)["similar target market"] is None
    assert "similar target market" in houston.readiness.unmeasured and houston.readiness.state != "READY"


def test_it_is_ready_when_every_gate_passes(proven: Database) -> None:
    (houston,) = plays(proven, name="Houston, TX", target="Dallas, TX")
    left = [name for name, passed in gates(houston).items() if not passed]
    assert left == ["settled script"] and houston.readiness.state == "NOT YET"


def test_poor_data_are_in_the_way(proven: Database) -> None:
    stages.note_quality(proven, 70.0)
    change(proven, "clone.data_quality", 0.8, "less will do")
    (houston,) = plays(proven, name="Houston, TX")
    assert gates(houston)["data quality"] is False and "better data" in houston.readiness.shortfall


def test_what_is_unknown_is_a_sentence(proven: Database) -> None:
    with pytest.raises(UsageError, match="not one of market, source, script"):
        plays(proven, "county")
    with pytest.raises(NotFound, match="no outcome has been recorded for the market 'Austin, TX'"):
        plays(proven, name="Austin, TX")
    with pytest.raises(NotFound, match="no lead is in a market called 'Nowhere'"):
        plays(proven, target="Nowhere")


def test_that_one_person_closed_everything_counts_only_where_there_are_others(
    proven: Database, tell: Any
) -> None:
    (both,) = plays(proven, name="Houston, TX")
    assert "largest rep" in gates(both)
    with proven.write():
        proven.sql("UPDATE outcome SET recorded_by = 'ann'")
    (alone,) = plays(proven, name="Houston, TX")
    assert "largest rep" not in gates(alone) and {**gates(both), "largest rep": None} == {
        **gates(alone),
        "largest rep": None,
    }
