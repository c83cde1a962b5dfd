"""What a source is worth: one figure with its parts, unknown until there is enough, and the proposal to pause it."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database
from valhalla.intake.source_quality import BAD, PULL, TARGET, WEIGHTS, proposals, qualities, set_cost
from valhalla.intake.source_registry import one, registry
from valhalla.leads import source_pausing
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring.stages.statistics import wilson

HEADER = "name,email,value,location\n"


@pytest.fixture
def worked(database: Database, load: Any, tell: Any) -> Database:
    """40 leads each of "referrals" and "cold list"; of the first 10 came to an appointment and 2 closed, of the second none."""
    for source in ("referrals", "cold list"):
        load(
            *(f'{source} {n},{source[0]}{n}@x.com,150000,"Houston, TX"' for n in range(40)),
            source=source,
            header=HEADER,
        )
    for lead in range(1, 81):
        good = lead <= 40
        days = 5 + 30 * (lead % 2)
        tell(lead, "appointment" if good and lead % 4 in (0, 1) and lead <= 20 else "contacted", days)
        if good and lead in (4, 5):
            tell(lead, "won", 1, amount=1_000_000)
    return database


def test_the_figure_is_the_weighted_mean_of_its_parts(worked: Database) -> None:
    found = qualities(worked)["referrals"]
    all_rate, own = 10 / 80, 10
    assert (found.leads, len(found.worked), found.kind) == (40, 40, "referral")
    assert found.parts["conversion"] == min(1.0, (own + PULL * all_rate) / (40 + PULL) / TARGET)
    assert found.parts["risk"] == 1.0 and found.parts["cost"] is None
    known = {name: part for name, part in found.parts.items() if part is not None}
    weight = sum(WEIGHTS[name] for name in known)
    assert found.score == pytest.approx(
        100 * sum(WEIGHTS[name] * part for name, part in known.items()) / weight
    )
    assert found.interval is not None and found.interval[0] <= found.score <= found.interval[1]
    assert found.worth_high == round(wilson(2, 40).high * 1_000_000)


def test_nothing_is_said_under_twenty_worked_leads(database: Database, load: Any, tell: Any) -> None:
    load(*(f'P {n},p{n}@x.com,150000,"Houston, TX"' for n in range(30)), source="new", header=HEADER)
    for lead in range(1, 20):
        tell(lead, "appointment", 2)
    found = one(database, "new")
    assert (found["quality"]["score"], found["quality"]["n"], found["quality"]["needs"]) == (None, 19, 1)
    tell(20, "contacted", 2)
    assert one(database, "new")["quality"]["score"] is not None
    tell(21, "paused", 1, until=database.clock() + 10**12)
    assert one(database, "new")["quality"]["n"] == 20, "a pause is not work"


def test_wrong_numbers_and_opt_outs_are_its_risk(worked: Database, tell: Any) -> None:
    before = qualities(worked)["cold list"].parts["risk"]
    for lead in range(41, 49):
        tell(lead, "wrong_number", 1)
    tell(49, "opted_out", 1)
    after = qualities(worked)["cold list"].parts["risk"]
    assert before == 1.0
    assert after == pytest.approx(1 - (0 + 0.2 / BAD["wrong_number"] + 0.025 / BAD["opted_out"]) / 3)


def test_a_source_that_costs_more_than_it_can_bring_is_proposed_with_its_evidence(worked: Database) -> None:
    assert proposals(worked) == []
    assert set_cost(worked, "cold list", 40 * 80_000) == 40 * 80_000
    assert proposals(worked) == [], "its upper bound is above the cost"
    assert set_cost(worked, "cold list", 40 * 120_000) == 40 * 120_000, "what was said before is replaced"
    (found,) = proposals(worked)
    high = round(wilson(0, 40).high * 1_000_000)
    assert (
        found["source"] == "cold list" and f"${high / 100:,.2f}" in found["why"] and "n = 40" in found["why"]
    )
    source_pausing.pause(worked, "cold list", "pause", found["why"])
    assert proposals(worked) == []
    listed = {each["name"]: each for each in registry(worked)}
    assert listed["cold list"]["pause"]["kind"] == "pause" and listed["cold list"]["cost_per_lead"] == 1200.0


def test_costs_that_make_no_sense_are_refused(worked: Database) -> None:
    with pytest.raises(NotFound, match="do you mean referrals"):
        set_cost(worked, "referal", 100)
    with pytest.raises(UsageError, match="no import 99"):
        set_cost(worked, "referrals", 100, 99)


def test_a_lead_counts_for_what_its_list_says_and_for_the_source_of_the_list(
    database: Database, load: Any, tell: Any
) -> None:
    load("A,a@x.com,1,website", "B,b@x.com,1,referral", source="crm", header="name,email,value,source\n")
    tell(1, "contacted", 1)
    found = qualities(database)
    assert {name: (each.leads, len(each.worked)) for name, each in found.items()} == {
        "crm": (2, 1),
        "website": (1, 1),
        "referral": (1, 0),
    }
