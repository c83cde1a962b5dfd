"""Markets side by side: what there is, what came of it, and the share of ARV that its closes and buyers bear out.

The cap of a market is the share of ARV to pay, repairs included. It is the policy's until there are :data:`ENOUGH` deals of the
market with a buyer's price and an ARV; then the mean of what buyers paid, pulled toward the policy's by :data:`PULL` deals, within
:data:`BOUNDS` and no further from the policy's than :data:`FAR`. It is proposed; a person applies it.
"""

from __future__ import annotations

import json
import statistics as means
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from db.clock import DAY
from valhalla.leads import sql
from valhalla.leads.buyers import wishes
from valhalla.leads.known_markets import market_named
from valhalla.program.errors import UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.changes import set_policy
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.stages.statistics import shrunk

if TYPE_CHECKING:
    from db import Database
    from jobs import JobId

ENOUGH = 3
"""Deals of a market under which its cap is the policy's."""

PULL = 5
"""Deals that the policy's share weighs as much as."""

BOUNDS = (0.50, 0.85)
"""Of a share that is proposed."""

FAR = 0.10
"""How far a proposal is from the policy's share at most."""


@dataclass
class Profile:
    """One market."""

    name: str
    leads: int = 0
    open: int = 0
    """Leads that can be worked: the inventory that lists brought."""
    asking: array[int] = field(default_factory=lambda: array("q"))
    estimates: array[int] = field(default_factory=lambda: array("q"))
    days: list[float] = field(default_factory=list)
    """From the list to the first conversation."""
    worked: int = 0
    appointments: int = 0
    closes: int = 0
    fees: int = 0
    shares: list[float] = field(default_factory=list)
    """Of each deal with a buyer's price and an ARV: (buyer's price + repairs) / ARV."""
    buyers: int = 0
    most: int | None = None
    """The most that a buyer of this market pays, cents."""

    def to_json(self, policy: dict[str, Any]) -> dict[str, Any]:
        """As shown."""
        return {
            "market": self.name,
            "leads": self.leads,
            "inventory": self.open,
            "median_asking": _median(self.asking),
            "median_estimate": _median(self.estimates),
            "days_to_contact": round(means.median(self.days), 1) if self.days else None,
            "worked": self.worked,
            "appointments": self.appointments,
            "closes": self.closes,
            "fees": self.fees / 100,
            "buyers": self.buyers,
            "cap": self.cap(policy),
        }

    def cap(self, policy: dict[str, Any]) -> dict[str, Any]:
        """The share of ARV in force, the one proposed, and how it comes about."""
        rules = policy["markets"].get(self.name, {})
        usual = policy["packet"]["arv_share"]
        now, fee, n = (
            rules.get("arv_share", usual),
            rules.get("fee", policy["packet"]["fee"]) * 100,
            len(self.shares),
        )
        most = None if self.most is None else max(0, self.most - fee) / 100
        shown = {"share": now, "proposed": None, "n": n, "most_to_pay": most, "bounds": [*BOUNDS]}
        if n < ENOUGH:
            why = f"{n} of {ENOUGH} deals with a buyer's price and an ARV: the policy's share holds"
            return {**shown, "formula": why}
        mean = means.fmean(self.shares)
        share = shrunk(sum(self.shares), n, usual, PULL)
        share = min(max(share, BOUNDS[0], usual - FAR), BOUNDS[1], usual + FAR)
        formula = f"({n} deals · {mean:.4f} + {PULL} · {usual:.2f}) / {n + PULL}, from {BOUNDS[0]:.2f} to {BOUNDS[1]:.2f}"
        return {
            **shown,
            "proposed": round(share, 2) if round(share, 2) != round(now, 2) else None,
            "formula": formula,
        }


def profiles(database: Database, market: str | None = None) -> list[dict[str, Any]]:
    """Every market, the one with the most leads first, or only the one that a person means by ``market``. A look at every lead.
    Raises :class:`UsageError` for one that nobody has."""
    only = market_named(database, market)
    _, policy = stages.latest_policy(database)
    found = [each for each in _all(database).values() if only is None or each.name == only]
    return [each.to_json(policy) for each in sorted(found, key=lambda each: (-each.leads, each.name))]


def version(database: Database) -> tuple[Any, ...]:
    """What profiles depend on: while it is the same, so are they. Cheap to read."""
    return tuple(database.sql(sql.MARKETS_VERSION)[0])


def apply_cap(
    reevaluating: Reevaluating, market: str, *, actor: str = "operator"
) -> tuple[dict[str, Any], JobId | None]:
    """Put the share that is proposed for a market into the policy. Raises :class:`UsageError` when none is proposed."""
    database = reevaluating.database
    (found,) = profiles(database, market)
    cap = found["cap"]
    if cap["proposed"] is None:
        raise UsageError(f"no other share of ARV is proposed for {found['market']}: {cap['formula']}")
    key = f"markets.{found['market']}.arv_share"
    why = f"from own deals: {cap['formula']}"
    made, job_id = set_policy(reevaluating, key, str(cap["proposed"]), why, actor=actor)
    return {**found, "version": made.version, "applied": cap["proposed"]}, job_id


def _all(database: Database) -> dict[str, Profile]:
    found: dict[str, Profile] = defaultdict(lambda: Profile(""))

    def of(name: str) -> Profile:
        if name not in found:
            found[name] = Profile(name)
        return found[name]

    for market, value, estimate, is_open in database.each(sql.LEADS_OF_MARKETS):
        profile = of(market)
        profile.leads += 1
        profile.open += is_open
        if value is not None:
            profile.asking.append(value)
        if estimate is not None:
            profile.estimates.append(estimate)
    for market, created, contacted, appointment, won, fee in database.sql(sql.WORKED_OF_MARKETS):
        profile = of(market)
        profile.worked += 1
        profile.appointments += appointment
        profile.closes += won
        profile.fees += fee or 0
        if contacted is not None:
            profile.days.append(max(0, contacted - created) / DAY)
    for market, paid, repairs, arv in database.sql(sql.PAID_OF_MARKETS):
        of(market).shares.append((paid + repairs) / arv)
    for buyer in wishes(database):
        for name, profile in found.items():
            state = name.rpartition(", ")[2]
            if not buyer.markets or name in buyer.markets or state in buyer.markets:
                profile.buyers += 1
                if buyer.max_price is not None:
                    profile.most = max(profile.most or 0, buyer.max_price)
    return found


def _median(cents: array[int]) -> float | None:
    return round(means.median(cents) / 100, 2) if cents else None


def identities(database: Database) -> dict[str, int]:
    """How people and properties were recognised: rows that named a known lead, merges in force, pairs and changes that wait for a
    person, pairs that were kept apart."""
    return json.loads(database.value(sql.IDENTITY_COUNTS))  # type: ignore[no-any-return]
