"""Markets side by side, and the share of ARV that their own deals bear out."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database
from jobs import JobQueue
from valhalla.leads import buyers
from valhalla.leads.market_profiles import BOUNDS, PULL, apply_cap, identities, profiles
from valhalla.leads.merge import merge, unmerge
from valhalla.program.errors import UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.jobs import Reevaluating

HOUSTON = "Houston, TX"


@pytest.fixture
def here(database: Database, people: Any, tell: Any) -> Reevaluating:
    people(6)
    for lead in range(1, 5):
        tell(lead, "contract", 3, amount=15_000_000)
        tell(lead, "won", 1, amount=1_000_000)
    tell(5, "appointment", 2)
    buyers.add(database, {"name": "Cem Homes", "markets": "TX", "max_price": "200000"})
    return Reevaluating(database, JobQueue(database))


def deals(database: Database, price: int, count: int = 4) -> None:
    with database.write():
        database.sql("UPDATE deal SET buyer_price = NULL, price = NULL")
        database.sql("UPDATE deal SET buyer_price = ? WHERE id <= ?", (price, count))


def test_a_market_shows_what_there_is_and_what_came_of_it(here: Reevaluating) -> None:
    (found,) = profiles(here.database, "houston")
    assert (found["market"], found["leads"], found["inventory"], found["median_asking"]) == (
        HOUSTON,
        6,
        2,
        150_000.0,
    )
    assert (found["appointments"], found["closes"], found["fees"], found["buyers"]) == (5, 4, 40_000.0, 1)
    assert found["days_to_contact"] == 0.0 and found["cap"]["most_to_pay"] == 190_000.0
    with pytest.raises(UsageError, match="did you mean Houston, TX"):
        profiles(here.database, "Huston")


def test_who_buys_in_a_market_names_it_its_state_or_none(here: Reevaluating) -> None:
    for name, markets, price in (
        ("Anywhere", "", "90000"),
        ("Here", HOUSTON, "250000"),
        ("There", "Dallas, TX", "900000"),
        ("Far", "OK", "900000"),
    ):
        buyers.add(here.database, {"name": name, "markets": markets, "max_price": price})
    (found,) = profiles(here.database, HOUSTON)
    assert found["buyers"] == 3 and found["cap"]["most_to_pay"] == 240_000.0, "the highest price less the fee"


def test_the_cap_is_the_policys_until_there_are_enough_deals(here: Reevaluating) -> None:
    deals(here.database, 18_000_000, 2)
    (found,) = profiles(here.database, HOUSTON)
    assert (found["cap"]["n"], found["cap"]["proposed"], found["cap"]["share"]) == (2, None, 0.70)
    with pytest.raises(UsageError, match="2 of 3 deals"):
        apply_cap(here, HOUSTON)


def test_the_cap_follows_what_buyers_paid_within_bounds_and_is_applied_by_a_person(
    here: Reevaluating,
) -> None:
    deals(here.database, 21_000_000)  # (210,000 + 30,000) / 300,000 = 0.80
    (found,) = profiles(here.database, HOUSTON)
    wanted = round((4 * 0.80 + PULL * 0.70) / (4 + PULL), 2)
    assert (found["cap"]["proposed"], found["cap"]["n"]) == (wanted, 4)
    assert stages.latest_policy(here.database)[1]["markets"] == {}
    apply_cap(here, HOUSTON)
    assert stages.latest_policy(here.database)[1]["markets"] == {HOUSTON: {"arv_share": wanted}}
    (found,) = profiles(here.database, HOUSTON)
    assert (found["cap"]["share"], found["cap"]["proposed"]) == (wanted, None)
    deals(here.database, 90_000_000)  # three times the ARV: no bound is left
    assert profiles(here.database, HOUSTON)[0]["cap"]["proposed"] == 0.80
    assert BOUNDS[0] <= 0.80 <= BOUNDS[1]


def test_identities_are_counted(here: Reevaluating, load: Any) -> None:
    before = identities(here.database)
    merge(here.database, 5, 6)
    assert identities(here.database)["merged"] == before["merged"] + 1
    unmerge(here.database, 6)
    assert identities(here.database)["merged"] == before["merged"]
