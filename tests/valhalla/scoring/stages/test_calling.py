"""What to do with a lead now, and three reasons for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from valhalla.scoring.stages.calling import Reaching, compile_calling, next_action, three_reasons
from valhalla.scoring.stages.explanation import score_lines
from valhalla.scoring.stages.policy import DEFAULT_POLICY
from valhalla.scoring.stages.quiet import QuietHours

RULES = compile_calling(DEFAULT_POLICY)
NOON = int(datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/Chicago")).timestamp()) * 1_000_000
NIGHT = NOON + 10 * 3_600_000_000
HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("lead", "score", "action", "channel"),
    [
        ({}, 50, "call now", "call"),
        ({}, 49, "text then call", "text"),
        ({}, 29, "follow up", "call"),
        ({"contacts": 1, "last_contact": NOON - HOUR}, 90, "hold", "text"),
        ({"contacts": 1, "last_contact": NOON - 2 * HOUR}, 90, "text then call", "text"),
        ({"contacts": 2, "last_contact": NOON - 2 * HOUR}, 90, "call now", "call"),
        ({"contacts": 3, "last_contact": NOON - 23 * HOUR}, 90, "hold", "call"),
        ({"contacts": 3, "last_contact": NOON - DAY}, 90, "follow up", "call"),
        ({"contacts": 4, "last_contact": NOON - 2 * DAY}, 90, "text then call", "text"),
        ({"contacts": 5, "last_contact": NOON - 4 * DAY}, 90, "follow up", "call"),
        ({"contacts": 6, "last_contact": NOON - 29 * DAY}, 90, "hold", "call"),
        ({"contacts": 6, "last_contact": NOON - 30 * DAY}, 90, "follow up", "call"),
        ({"status": "appointment", "contacts": 2, "last_contact": NOON - DAY}, 90, "follow up", "call"),
        ({"status": "won"}, 90, "hold", None),
        ({"suppressed": "asked us"}, 90, "hold", None),
        ({"hold_until": NOON + 1}, 90, "hold", None),
        ({"hold_until": NOON}, 90, "call now", "call"),
        ({"phone_key": None}, 90, "follow up", "email"),
        ({"phone_key": None, "email": None}, 90, "hold", None),
    ],
)
def test_next_action(
    lab: Any, context: Any, lead: dict[str, Any], score: int, action: str, channel: str | None
) -> None:
    found = next_action(
        lab.decided(lab.PLAIN, context)._replace(**lead), score, RULES, NOON, person=Reaching(texts=True)
    )
    assert (found.action, found.channel) == (action, channel)
    assert found.why.endswith(".")


def test_nobody_is_called_at_night_where_they_live(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context)
    held = next_action(lead, 90, RULES, NIGHT)
    assert (held.action, held.due) == ("hold", NOON + 21 * HOUR), "Texas opens at nine"
    assert held.why == "Outside calling hours in the lead's time zone (Chicago): it is 10:00 pm there."
    west = lead._replace(state="CA", phone_key=13105550100)
    assert next_action(west, 90, RULES, NOON - 3 * HOUR).action == "hold", (
        "nine in Chicago is seven in Los Angeles"
    )
    assert next_action(lead, 90, RULES, NOON - 3 * HOUR).action == "call now"
    assert next_action(lead._replace(phone_key=None), 90, RULES, NIGHT).action == "follow up", (
        "a letter wakes nobody"
    )


def test_the_operator_can_set_hours_and_zone(lab: Any, context: Any) -> None:
    rules = compile_calling(DEFAULT_POLICY, QuietHours.of("23:00", "06:00"), "Asia/Tokyo")
    lead = lab.decided(lab.PLAIN, context)
    assert next_action(lead, 90, rules, NIGHT).action == "hold", "nobody widens what the law allows"
    assert next_action(lead, 90, rules, NIGHT - 2 * HOUR).action == "call now"
    nowhere = lead._replace(state=None, phone_key=18005550100)
    assert next_action(nowhere, 90, rules, NOON).action == "hold", "noon in Chicago is two at night in Tokyo"


def test_three_reasons_put_money_and_motivation_first(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(distress="probate,vacant")
    lead = lab.decided(row, context)
    reasons = three_reasons(score_lines(lead, context, lab.NOW))
    assert reasons == [
        "Leads of source csv close in 3.37% of cases.",
        "The asking price is $20,000 below the most you can offer.",
        "Signs of motivation: probate and vacant.",
    ]


def test_three_reasons_even_for_a_lead_of_which_nothing_is_known(lab: Any, context: Any) -> None:
    row = lab.PLAIN._replace(arv=None, repairs=None, email=None, phone_key=None, value=1, list_date=0)
    assert len(three_reasons(score_lines(lab.decided(row, context), context, lab.NOW))) == 3


def test_a_suppressed_lead_says_so_first(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context, suppressed="asked us")
    assert (
        three_reasons(score_lines(lead, context, lab.NOW))[0]
        == "Must not be contacted (asked us): nothing else counts."
    )


@pytest.mark.parametrize(
    ("person", "lead", "action", "channel", "why"),
    [
        (Reaching(), {"contacts": 1, "last_contact": NOON - 2 * HOUR}, "call now", "call", "Try 2"),
        (Reaching(needs_number=True), {"phone_key": None}, "hold", None, "needs a number"),
        (Reaching(needs_number=True), {}, "call now", "call", "call at once"),
        (Reaching(rests_until=NOON + HOUR, rests_because="Spoken with today"), {}, "hold", "call", "Spoken"),
        (
            Reaching(rests_until=NOON, rests_because="Spoken with today"),
            {},
            "call now",
            "call",
            "call at once",
        ),
        (Reaching(state="CA"), {}, "call now", "call", "call at once"),
    ],
)
def test_what_is_known_of_the_person_decides_too(
    lab: Any, context: Any, person: Reaching, lead: dict[str, Any], action: str, channel: str, why: str
) -> None:
    found = next_action(lab.decided(lab.PLAIN, context)._replace(**lead), 90, RULES, NOON, person=person)
    assert (found.action, found.channel) == (action, channel)
    assert why in found.why


def test_the_owners_mail_says_where_they_live(lab: Any, context: Any) -> None:
    lead = lab.decided(lab.PLAIN, context)
    morning = NOON - 2 * HOUR
    assert next_action(lead, 90, RULES, morning).action == "call now"
    assert next_action(lead, 90, RULES, morning - HOUR, person=Reaching(state="CA")).action == "hold"
