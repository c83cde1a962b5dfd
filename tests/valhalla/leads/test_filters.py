"""Saved filters: what words mean, and whom they choose."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.leads import filters, outcomes, tags
from valhalla.leads.outcomes import Outcome
from valhalla.program.errors import NotFound, UsageError

TRADE = "Owner Name,Address,City,State,Zip,Phone 1,Phone 1 Type,List\n"


@pytest.fixture
def leads(desk: Any) -> Any:
    rows = [
        "Ann,1 Oak St,Houston,TX,77018,713-555-2101,Mobile,probate",
        "Ben,2 Oak St,Houston,TX,77018,713-555-2102,Landline,probate",
        "Cid,3 Oak St,Dallas,TX,75201,214-555-2103,Mobile,vacant",
    ]
    for name in ("a.csv", "b.csv", "c.csv"):
        desk.take(name, "\n".join(rows[: 3 if name == "a.csv" else 1]) + "\n", header=TRADE)
    at = desk.database.clock()
    for days in (3, 9):
        outcomes.record(desk.database, Outcome(1, "no_answer", at - days * 86_400_000_000))
    outcomes.record(desk.database, Outcome(2, "interested", at - 5))
    tags.put(desk.database, [3], ["hot"])
    return desk


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("3+ lists, no answer twice, Houston, mobile", [1]),
        ("3+ lists", [1]),
        ("houston", [1, 2]),
        ("Houston, TX, landline", [2]),
        ("no answer 3 times", []),
        ("interested", [2]),
        ("never called", [3]),
        ("#hot", [3]),
        ("tagged hot; dallas", [3]),
        ("probate, mobile", [1]),
        ("vacant", [3]),
    ],
)
def test_words_choose_leads(leads: Any, text: str, chosen: list[int]) -> None:
    where = filters.understood(leads.database, text)
    assert sorted(filters.numbers(leads.database, where)) == chosen
    assert filters.count(leads.database, where) == len(chosen)


@pytest.mark.parametrize("text", ["no answer twice, Houston", "interested", "#hot, mobile"])
def test_what_names_few_leads_is_counted_without_a_walk_over_all(leads: Any, text: str) -> None:
    asked, given = filters._statement("count(*)", filters.understood(leads.database, text))
    plan = [row[3] for row in leads.database.sql(f"EXPLAIN QUERY PLAN {asked}", given)]
    assert not [step for step in plan if step.startswith("SCAN lead")], plan


@pytest.mark.parametrize("text", ["", "purple", "slept twice", "x" * 301])
def test_what_cannot_be_read_is_said(leads: Any, text: str) -> None:
    with pytest.raises(UsageError):
        filters.understood(leads.database, text)


def test_a_filter_is_saved_found_changed_and_removed(leads: Any) -> None:
    database = leads.database
    made = filters.save(database, "My best", "3+ lists")
    assert filters.find(database, "my best") == made and filters.find(database, str(made.id)) == made
    filters.save(database, "My best", "vacant")
    (now,) = filters.all_filters(database)
    assert (now.text, now.where) == ("vacant", {"signs": ["vacant"]})
    filters.remove(database, "My best")
    with pytest.raises(NotFound):
        filters.find(database, "My best")
    chain = database.sql("SELECT body FROM audit WHERE action LIKE 'filter.%'")
    assert len(chain) == 3 and "vacant" not in str(chain)
