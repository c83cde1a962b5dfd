"""Deals follow the outcomes of their lead; what was agreed in addition to that is a person's."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from db import Database, audit
from jobs import JobQueue
from valhalla.leads import buyers, closing, deals, merge
from valhalla.leads.deals import Event, episodes
from valhalla.leads.outcomes import as_typed, record, undo
from valhalla.leads.remove import remove_leads
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring.jobs import Reevaluating


def told(database: Database, lead: int = 1) -> list[tuple[Any, ...]]:
    return [
        (each.deal.stage, each.deal.offer, each.deal.price, each.deal.fee)
        for each in deals.deals_of_lead(database, lead)
    ]


def test_the_deals_that_outcomes_tell_of() -> None:
    found = episodes(
        [
            Event("offer", 1, 9_000_000),
            Event("offer", 2, 9_500_000),
            Event("contract", 3, 9_400_000, 40),
            Event("offer", 4, 9_300_000),  # renegotiated: it stays under contract
            Event("won", 5, 1_000_000),
            Event("lost", 6),  # of no deal
            Event("contract", 7, 8_000_000),
            Event("not_interested", 8),  # a contract does not end by a word
            Event("lost", 9),
            Event("offer", 10, 7_000_000),
            Event("not_interested", 11),
            Event("won", 12, 500_000),
        ]
    )
    assert [
        (each.state, each.offers, each.offer, each.price, each.fee, each.opened_at, each.stage_since)
        for each in found
    ] == [
        ("won", 3, 9_300_000, 9_400_000, 1_000_000, 1, 5),
        ("lost", 0, None, 8_000_000, None, 7, 9),
        ("lost", 1, 7_000_000, None, None, 10, 11),
        ("won", 0, None, None, 500_000, 12, 12),
    ]
    assert found[0].closing == 40


def test_a_deal_follows_its_outcomes_and_their_undoing(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(1)
    first = tell(1, "contract", days_ago=12)
    assert told(database) == [("contract", None, None, None)]
    deals.set_terms(database, 1, deals.typed_terms(database, earnest="$500", note="lockbox 1234"))
    won = tell(1, "won", days_ago=1, amount=1_200_000)
    assert told(database) == [("closed", None, None, 1_200_000)]
    undo(database, won.id)
    assert told(database) == [("contract", None, None, None)]
    undo(database, first.id)
    assert told(database) == []
    tell(1, "contract", days_ago=3)
    assert told(database) == [("contract", None, None, None)]
    (again,) = deals.deals_of_lead(database, 1)
    assert (again.deal.earnest, again.deal.note) == (50_000, "lockbox 1234"), (
        "what was agreed is not typed twice"
    )
    assert audit.check_chain(database) == []
    assert "lockbox" not in "".join(body for (body,) in database.sql("SELECT body FROM audit"))


def test_the_order_of_recording_makes_no_difference(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    story = [("contract", 40), ("lost", 30), ("contract", 20), ("won", 10), ("contract", 5)]
    count = 6
    people(count)
    draw = random.Random(4)
    for lead in range(1, count + 1):
        wrong = [("won", 25), ("lost", 8), ("contract", 35)]
        mistakes = []
        todo = [*story, *(draw.sample(wrong, 2))]
        draw.shuffle(todo)
        for event, days in todo:
            recorded = tell(lead, event, days_ago=days)
            if (event, days) not in story:
                mistakes.append(recorded.id)
        for number in mistakes:
            undo(database, number)
        assert [stage for stage, *_ in told(database, lead)] == ["contract", "closed", "lost"]
        assert len(database.sql("SELECT 1 FROM deal WHERE lead_id = ? AND ended_at IS NULL", (lead,))) == 1


def test_a_merge_takes_the_deal_along_and_its_undoing_brings_it_back(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(3)
    tell(1, "contract", days_ago=4)
    tell(2, "contract", days_ago=9)
    deals.set_terms(database, 2, {"earnest": 70_000})
    merge.merge(database, 1, 2)
    assert told(database, 2) == []
    (kept,) = deals.deals_of_lead(database, 1)
    assert kept.deal.earnest == 70_000, "the deal that began first is the one that goes on"
    merge.unmerge(database, 2)
    assert [len(told(database, lead)) for lead in (1, 2)] == [1, 1]
    assert deals.deals_of_lead(database, 2)[0].deal.earnest == 70_000
    merge.merge(database, 3, 2)
    assert len(told(database, 3)) == 1
    with database.references_unchecked(), database.write():
        remove_leads(database, [1, 2, 3])
        audit.append(database, "lead.forget", "lead", {})
    assert database.value("SELECT count(*) FROM deal") == 0


@pytest.mark.parametrize("name", ["earnest", "buyer_price", "buyer_deposit"])
def test_an_amount_of_a_deal_is_from_zero_to_ten_billion(name: str) -> None:
    for fits in (None, 0, 10**12):
        deals.check({name: fits})
    for wrong in (-1, 10**12 + 1):
        with pytest.raises(UsageError, match="from zero to ten billion"):
            deals.check({name: wrong})


def test_a_deal_has_a_short_note_and_no_other_terms() -> None:
    deals.check({"note": "x" * 4_000})
    for wrong, says in (({"note": "x" * 4_001}, "4,000 letters"), ({"price": 1}, "a deal has no price")):
        with pytest.raises(UsageError, match=says):
            deals.check(wrong)


def test_terms_are_read_as_people_type_them(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(2)
    with pytest.raises(NotFound, match="has no deal yet"):
        deals.set_terms(database, 1, {"earnest": 1})
    with pytest.raises(NotFound, match="no lead 99"):
        deals.set_terms(database, 99, {"earnest": 1})
    tell(1, "contract", days_ago=1)
    typed = deals.typed_terms(
        database, inspection="10d", closing="2026-10-20", assignable="yes", earnest="1,000", note="  "
    )
    deal = deals.set_terms(database, 1, typed)
    assert (deal.assignable, deal.earnest, deal.note) == (1, 100_000, None)
    (shown,) = deals.shown(database, 1)
    assert shown["closing_at"] == "2026-10-20" and shown["earnest"] == 1000.0
    for wrong in (
        {"assignable": "perhaps"},
        {"earnest": "much"},
        {"closing": "soonish"},
        {"buyer": "Nobody"},
    ):
        with pytest.raises(UsageError):
            deals.typed_terms(database, **wrong)
    deals.set_terms(database, 1, deals.typed_terms(database, closing="", earnest=" "))
    assert deals.shown(database, 1)[0]["closing_at"] is None


def test_what_was_set_is_taken_back_step_by_step(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(2)
    tell(1, "contract", days_ago=1)
    first = deals.set_terms(database, 1, {"earnest": 50_000, "note": "call the title company"})
    deals.set_terms(database, 1, {"earnest": 70_000, "assignable": 1})
    deals.set_terms(database, 1, {"earnest": 70_000})  # says nothing new
    assert deals.undo_terms(database, 1) == (first._replace(updated_at=database.clock()), [])
    merge.merge(database, 2, 1)  # the deal goes along, and so does what can be taken back
    deal, stays = deals.undo_terms(database, 2)
    assert (deal.earnest, deal.note, stays) == (None, None, [])
    with pytest.raises(NotFound, match="nothing that was set"):
        deals.undo_terms(database, 2)
    deals.set_terms(database, 2, {"earnest": 1, "note": "one"})
    deals.set_terms(database, 2, {"note": "two", "buyer_deposit": 5})
    with database.write():
        database.sql("UPDATE deal SET buyer_deposit = 9")  # as an outcome might
    deal, stays = deals.undo_terms(database, 2)
    assert (deal.note, deal.buyer_deposit, stays) == ("two", 9, ["buyer_deposit", "note"])


def test_deals_that_wait_for_you(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any], clock: Any
) -> None:
    people(4)
    settings.save(database, "timezone", "America/Chicago")
    for lead in (1, 2, 3, 4):
        tell(lead, "contract")
    deals.set_terms(database, 2, deals.typed_terms(database, closing="30d"))
    deals.set_terms(database, 3, deals.typed_terms(database, closing="30d", inspection="14d"))
    assert deals.waiting(database) == []
    clock.advance(12)
    assert [(each.deal.lead_id, wait.code, wait.over) for each, wait in deals.waiting(database)] == [
        (1, "contract", 2),
        (4, "contract", 2),
        (3, "inspection", -2),
    ]
    tell(4, "lost")
    clock.advance(10)
    waits = {each.deal.lead_id: wait.why for each, wait in deals.waiting(database)}
    assert waits == {
        1: "Under contract for 22 days without a closing date",
        2: "Closing in 8 days, and no buyer yet",
        3: "Closing in 8 days, and no buyer yet",
    }
    buyers.add(database, {"name": "Cem Homes"})
    deals.set_terms(database, 2, deals.typed_terms(database, buyer="cem homes"))
    clock.advance(10)
    waits = {each.deal.lead_id: wait.why for each, wait in deals.waiting(database)}
    assert waits[2] == "The closing date passed 2 days ago"


def test_days_in_a_stage_are_days_of_the_calendar(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any], clock: Any
) -> None:
    people(1)
    settings.save(database, "timezone", "America/Chicago")
    tell(1, "contract")
    clock.advance(60)  # the clocks go back on 1 November
    assert deals.shown(database, 1)[0]["days_in_stage"] == 60


def test_assigning_and_closing_record_what_they_mean(
    database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(3)
    ask = Reevaluating(database, JobQueue(database))
    buyers.add(database, {"name": "Cem Homes"})
    for lead in (1, 2, 3):
        tell(lead, "contract", days_ago=3)
    terms = deals.typed_terms(database, buyer="Cem Homes", buyer_price="110,000", deposit="5000")
    (deal, _), job = closing.assign(ask, 1, fee=1_200_000, terms=terms)
    assert (deal.state, deal.fee, deal.buyer_deposit, job is not None) == (
        "assigned",
        1_200_000,
        500_000,
        True,
    )
    assert database.value("SELECT status FROM lead WHERE id = 1") == "won"
    with pytest.raises(UsageError, match="is assigned already"):
        closing.assign(ask, 1, fee=1)
    deal = closing.close(ask, 1)[0].deal
    assert (deal.state, deal.fee) == ("closed", 1_200_000)
    assert database.value("SELECT count(*) FROM outcome WHERE event = 'won'") == 1
    with pytest.raises(UsageError, match="no buyer 'Cem Hoems'; did you mean Cem Homes"):
        closing.assign(ask, 2, terms=deals.typed_terms(database, buyer="Cem Hoems"))
    assert closing.close(ask, 2)[0].deal.state == "closed"
    assert closing.lose(ask, 3, reason="title problem")[0].deal.state == "lost"
    assert [each["stage"] for each in deals.board(database)] == ["closed", "closed", "lost"]
    assert audit.check_chain(database) == []


def test_a_contract_says_when_it_closes(database: Database, people: Callable[[int], int]) -> None:
    people(1)
    settings.save(database, "timezone", "America/Chicago")
    first = record(database, as_typed(database, 1, "contract", amount="90,000", closing="30d"))
    (deal,) = deals.shown(database, 1)
    assert (deal["price"], deal["closing_at"]) == (90000.0, "2026-10-21")
    later = record(database, as_typed(database, 1, "contract", amount="90,000", closing="2026-11-02"))
    assert deals.shown(database, 1)[0]["closing_at"] == "2026-11-02", "the later word counts"
    undo(database, later.id)
    assert deals.shown(database, 1)[0]["closing_at"] == "2026-10-21"
    deals.set_terms(database, 1, deals.typed_terms(database, closing="2026-12-01"))
    undo(database, first.id)
    record(database, as_typed(database, 1, "contract", closing="2026-12-24"))
    assert deals.shown(database, 1)[0]["closing_at"] == "2026-12-01", "a person's own word stays"
    with pytest.raises(UsageError, match="belongs to a contract"):
        as_typed(database, 1, "offer", closing="30d")
    with pytest.raises(UsageError, match="must come after"):
        record(database, as_typed(database, 1, "contract", closing="2020-01-01"))
