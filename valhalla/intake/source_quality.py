"""How good a source is: one figure with its parts, how sure it is, what its leads cost, and whether it should be paused.

The figure is 0 to 100, a weighted mean of the parts that are known: conversion (worked leads that came to an appointment or further,
pulled toward all sources), risk (rows refused, wrong numbers, people who never want to hear again), consistency over months, and cost
(what a worked lead brings against what a lead costs). Under :data:`ENOUGH` worked leads it is unknown. docs/sources.md has every formula.
"""

from __future__ import annotations

import math
import re
import statistics as means
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from db.clock import SECOND, iso
from db.orm import fn
from valhalla.intake import sql
from valhalla.leads import source_pauses
from valhalla.leads.models import ListCost
from valhalla.leads.source_pausing import require
from valhalla.program.errors import UsageError
from valhalla.program.wording import in_dollars, money, percent, several
from valhalla.scoring import store as stages
from valhalla.scoring.stages import statistics

if TYPE_CHECKING:
    from db import Database

ENOUGH = 20
"""Worked leads under which nothing is said of a source."""

PULL = 20
"""Worked leads of all sources that each source's rate is pulled toward."""

TARGET = 0.10
"""Share of worked leads that come to an appointment at which conversion is full."""

WEIGHTS = {"conversion": 0.5, "risk": 0.25, "consistency": 0.15, "cost": 0.10}
BAD = {"refused": 0.20, "wrong_number": 0.40, "opted_out": 0.10}
"""Rates at which each part of risk is as bad as it gets."""

MONTH = 5
"""Worked leads that a month must have to count for consistency."""

CONFIDENCE = 0.95

KINDS = (
    ("referral", r"referr?al|agent|attorney|wholesaler"),
    ("web", r"web|ppc|seo|google|facebook|landing|online|form"),
    ("driving", r"driv|d4d|bandit|dealmachine"),
)


class Worked(NamedTuple):
    """What came of one lead that was worked."""

    source: str
    listed: str | None
    """The source that its list belongs to: a list may say of each lead where it comes from."""
    first_at: int
    contacted: int
    appointment: int
    contract: int
    won: int
    fee: int | None
    wrong_number: int
    opted_out: int


@dataclass
class Quality:
    """One source."""

    name: str
    leads: int = 0
    first_seen: int | None = None
    last_seen: int | None = None
    rows: int = 0
    refused: int = 0
    cost: int | None = None
    """Cents, of all its lists; None: nobody said."""
    worked: list[Worked] = field(default_factory=list)
    parts: dict[str, float | None] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    score: float | None = None
    interval: tuple[float, float] | None = None
    worth: int | None = None
    """Cents that one worked lead brings, by its own and all sources' closes."""
    worth_high: int | None = None
    """Its upper bound."""

    @property
    def kind(self) -> str:
        """Where its leads come from, by its name: list, referral, web or driving."""
        return next((kind for kind, words in KINDS if re.search(words, self.name, re.IGNORECASE)), "list")

    @property
    def cost_per_lead(self) -> int | None:
        """Cents."""
        return round(self.cost / self.leads) if self.cost is not None and self.leads else None

    @property
    def should_pause(self) -> str | None:
        """The evidence for pausing it; None: there is none."""
        if self.worth_high is None or self.cost_per_lead is None or self.worth_high >= self.cost_per_lead:
            return None
        return (
            f"at best a worked lead of it brings {money(self.worth_high)} and a lead costs {money(self.cost_per_lead)}"
            f" (n = {len(self.worked):,} worked)"
        )

    def to_json(self) -> dict[str, Any]:
        """As shown."""
        return {
            "kind": self.kind,
            "leads": self.leads,
            "first_seen": None if self.first_seen is None else iso(self.first_seen),
            "last_seen": None if self.last_seen is None else iso(self.last_seen),
            "cost": in_dollars(self.cost),
            "cost_per_lead": in_dollars(self.cost_per_lead),
            "quality": {
                "score": None if self.score is None else round(self.score, 1),
                "interval": None if self.interval is None else [round(bound, 1) for bound in self.interval],
                "n": len(self.worked),
                "needs": max(0, ENOUGH - len(self.worked)),
                "parts": {
                    name: None if part is None else round(part, 4) for name, part in self.parts.items()
                },
                "says": self.says,
                "worth": in_dollars(self.worth),
                "worth_high": in_dollars(self.worth_high),
            },
            "should_pause": self.should_pause,
        }


def qualities(database: Database) -> dict[str, Quality]:
    """Every source by its name: those that lists belong to and those that lists name. A look at every lead."""
    found: dict[str, Quality] = {}

    def of(name: str) -> Quality:
        return found.setdefault(name, Quality(name))

    for name, rows, refused in database.sql(sql.ROWS_OF_SOURCES):
        of(name).rows, of(name).refused = rows, refused
    for name, listed, leads, first, last in database.sql(sql.LEADS_OF_SOURCES):
        for each in map(of, {name, listed or name}):
            each.leads += leads
            each.first_seen = first if each.first_seen is None else min(first, each.first_seen)
            each.last_seen = last if each.last_seen is None else max(last, each.last_seen)
    for name, cost in _costs(database).items():
        of(name).cost = cost
    everybody = [*map(Worked._make, database.sql(sql.WORKED_OF_SOURCES))]
    for worked in everybody:
        for name in {worked.source, worked.listed or worked.source}:
            of(name).worked.append(worked)
    _, policy = stages.latest_policy(database)
    for quality in found.values():
        _judge(quality, everybody, policy)
    return found


def version(database: Database) -> tuple[Any, ...]:
    """What the worth of sources depends on: while it is the same, so is that. Cheap to read."""
    return tuple(database.sql(sql.WORTH_VERSION)[0])


def proposals(database: Database) -> list[dict[str, Any]]:
    """Sources to pause, each with its evidence: those at whose best a lead costs more than it brings. Paused ones are left out."""
    paused = source_pauses.in_force(database)
    return [
        {
            "source": name,
            "why": quality.should_pause,
            "command": f'valhalla sources pause "{name}" --reason "{quality.should_pause}"',
        }
        for name, quality in sorted(qualities(database).items())
        if quality.should_pause and name not in paused
    ]


def set_cost(
    database: Database, source: str, cents: int, import_id: int | None = None, *, actor: str = "operator"
) -> int:
    """Say what a list, or all lists of a source, cost; audited and durable. What was said before of the same is replaced. Returns the
    source's cost so far, cents. Raises :class:`UsageError`, :class:`NotFound`."""
    if not 0 <= cents <= 10**12:
        raise UsageError("a cost must be from zero to ten billion")
    with database.write(durable=True):
        require(database, source)
        if import_id is not None and not database.value(sql.IS_IMPORT, (import_id,)):
            raise UsageError(f"there is no import {import_id}; see: valhalla imports list")
        now = database.clock()
        # What was said of the same list, or of the source as a whole, before.
        of_list = ListCost.import_id.is_null() if import_id is None else ListCost.import_id == import_id
        before = ListCost.update(removed_at=now, removed_by=actor).where(ListCost.removed_at.is_null())
        before.where(ListCost.source == source, of_list).execute(database)
        row = {"source": source, "import_id": import_id, "amount": cents, "at": now, "by": actor}
        number = ListCost.insert(**row).execute(database)
        audit.append(database, "source.cost", f"list_cost:{number}", {"cents": cents}, actor=actor)
        return _costs(database)[source]


def _costs(database: Database) -> dict[str, int]:
    """What each source costs: as a whole, and its single lists, together."""
    row = ListCost
    query = row.select(row.source, fn.sum(row.amount)).where(row.removed_at.is_null()).group_by(row.source)
    return dict(query.tuples().execute(database))


def _judge(quality: Quality, everybody: list[Worked], policy: Mapping[str, Any]) -> None:
    n = len(quality.worked)
    appointments = sum(each.appointment for each in quality.worked)
    rate_of_all = sum(each.appointment for each in everybody) / len(everybody) if everybody else 0.0
    _worth(quality, everybody, policy)
    quality.parts = {
        "conversion": min(1.0, statistics.shrunk(appointments, n, rate_of_all, PULL) / TARGET) if n else None,
        "risk": _risk(quality),
        "consistency": _consistency(quality.worked),
        "cost": _cost(quality),
    }
    quality.says = {
        "conversion": f"{several(appointments, 'appointment')} of {several(n, 'worked lead')}",
        "risk": ", ".join(
            f"{percent(round(rate * 1e6))} {name.replace('_', ' ')}" for name, rate in _rates(quality).items()
        )
        or "unknown",
        "consistency": "needs two months" if quality.parts["consistency"] is None else "of its months' rates",
        "cost": "its cost is not known"
        if quality.cost is None
        else f"{money(quality.cost_per_lead or 0)} a lead",
    }
    if n < ENOUGH:
        return
    known = {name: part for name, part in quality.parts.items() if part is not None}
    weight = math.fsum(WEIGHTS[name] for name in known)
    low, high = statistics.wilson(appointments, n, CONFIDENCE)

    def figure(conversion: float) -> float:
        parts = {**known, "conversion": conversion}
        return 100 * math.fsum(WEIGHTS[name] * part for name, part in parts.items()) / weight

    quality.score = figure(known["conversion"])
    bounds = sorted((figure(min(1.0, low / TARGET)), quality.score, figure(min(1.0, high / TARGET))))
    quality.interval = (bounds[0], bounds[-1])


def _rates(quality: Quality) -> dict[str, float]:
    found = {"refused": quality.refused / quality.rows} if quality.rows else {}
    if quality.worked:
        n = len(quality.worked)
        found["wrong_number"] = sum(each.wrong_number for each in quality.worked) / n
        found["opted_out"] = sum(each.opted_out for each in quality.worked) / n
    return found


def _risk(quality: Quality) -> float | None:
    """1 is no risk."""
    rates = _rates(quality)
    return 1 - means.fmean(min(1.0, rate / BAD[name]) for name, rate in rates.items()) if rates else None


def _consistency(worked: list[Worked]) -> float | None:
    """1 - coefficient of variation of the monthly rates of appointments."""
    months: dict[str, list[int]] = defaultdict(list)
    for each in worked:
        months[datetime.fromtimestamp(each.first_at // SECOND, UTC).strftime("%Y-%m")].append(
            each.appointment
        )
    rates = [means.fmean(month) for month in months.values() if len(month) >= MONTH]
    if len(rates) < 2 or not any(rates):
        return None
    return max(0.0, 1 - means.stdev(rates) / means.fmean(rates))


def _worth(quality: Quality, everybody: list[Worked], policy: Mapping[str, Any]) -> None:
    n, won = len(quality.worked), sum(each.won for each in quality.worked)
    if n < ENOUGH:
        return
    fees = [each.fee for each in quality.worked if each.fee] or [each.fee for each in everybody if each.fee]
    fee = means.fmean(fees) if fees else policy["packet"]["fee"] * 100
    rate_of_all = sum(each.won for each in everybody) / len(everybody)
    quality.worth = round(statistics.shrunk(won, n, rate_of_all, PULL) * fee)
    quality.worth_high = round(statistics.wilson(won, n, CONFIDENCE).high * fee)


def _cost(quality: Quality) -> float | None:
    """The share that a lead's worth has of worth and cost together: one half where they are equal."""
    cost = quality.cost_per_lead
    if cost is None or quality.worth is None or quality.worth + cost == 0:
        return None
    return quality.worth / (quality.worth + cost)
