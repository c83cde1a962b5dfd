"""This week: dials, contacts, appointments, offers, contracts, closes and fees, and where they came from.

A *dial* is a call of ours, answered or not. A *contact* is a lead that was spoken with on a day, however much was recorded of it.
Rates have their number of tries and a 95 % interval (Wilson), and are not said of fewer than :data:`FEWEST`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from db import Database
from db.clock import DAY, SECOND, iso
from db.orm import fn
from valhalla.intake.models import File, Import, Source
from valhalla.leads.models import ListCost
from valhalla.leads.standing import CONVERSATIONS, DIALS
from valhalla.program import settings
from valhalla.program.moments import clock_text, local_day
from valhalla.reports import sql
from valhalla.reports.charts import Rate
from valhalla.scoring.models import Script
from valhalla.scoring.stages.statistics import wilson

FEWEST = 20
"""Of fewer dials or contacts no rate is said."""

WEEKS = 8
"""Weeks that are set side by side."""

MOST = 50
"""Lists that are named, those with most dials first."""

CALL_DAYS = 5
"""Days of a week for which the goal of a day counts."""

FIGURES = ("dials", "contacts", "appointments", "offers", "contracts", "closes", "fees")

_CONTACTS = frozenset((*CONVERSATIONS, "opted_out"))
_STEPS = {
    "contacts": "dials",
    "appointments": "contacts",
    "offers": "contacts",
    "contracts": "contacts",
}
"""What each rate is a share of."""


class Row(NamedTuple):
    """An outcome with what it is grouped by."""

    lead_id: int
    event: str
    at: int
    amount: int | None
    channel: str | None
    script_id: int | None
    file_id: int | None
    who: str = "operator"


class Figures(NamedTuple):
    """What a group of outcomes adds up to; the fees in cents."""

    dials: int
    contacts: int
    answered: int
    """Contacts that a dial of ours led to."""
    appointments: int
    offers: int
    contracts: int
    closes: int
    fees: int
    n: int
    """Leads that something was recorded of."""

    def to_json(self) -> dict[str, Any]:
        """With rates; fees in dollars."""
        counts = self._asdict() | {"fees": self.fees / 100}
        del counts["answered"]
        return {**counts, "rates": {name: self._rate(name) for name in _STEPS}}

    def _rate(self, name: str) -> dict[str, Any]:
        happened = self.answered if name == "contacts" else getattr(self, name)
        return rate(happened, getattr(self, _STEPS[name]))


def together(each: Iterable[Figures]) -> Figures:
    """The sum of several files."""
    return Figures(*(sum(column) for column in zip(Figures(*[0] * 9), *each, strict=True)))


def rate(happened: int, of: int) -> dict[str, Any]:
    """A share with n and its interval; None where there is too little to say."""
    if of < FEWEST or happened > of:
        return {"share": None, "low": None, "high": None, "n": of}
    low, high = wilson(happened, of)
    return {"share": round(happened / of, 4), "low": round(low, 4), "high": round(high, 4), "n": of}


def counted(rows: Iterable[Row], day_of: Callable[[int], Any]) -> Figures:
    """Add up outcomes. ``day_of``: the operator's day of a moment."""
    dials = closes = fees = 0
    spoken: set[tuple[int, Any]] = set()
    answered: set[tuple[int, Any]] = set()
    leads = set()
    kinds: dict[str, set[tuple[int, Any]]] = {name: set() for name in ("appointment", "offer", "contract")}
    for row in rows:
        leads.add(row.lead_id)
        if row.event in DIALS:
            dials += 1
        elif row.event in _CONTACTS:
            talk = (row.lead_id, day_of(row.at))
            spoken.add(talk)
            if row.event != "inbound" and row.channel in (None, "call"):
                answered.add(talk)
            if row.event in kinds:
                kinds[row.event].add(talk)
        elif row.event == "won":
            closes += 1
            fees += row.amount or 0
    return Figures(
        dials + len(answered),
        len(spoken),
        len(answered),
        len(kinds["appointment"]),
        len(kinds["offer"]),
        len(kinds["contract"]),
        closes,
        fees,
        len(leads),
    )


class _Calendar:
    """The operator's days and weeks."""

    def __init__(self, zone: str | None) -> None:
        self.zone = zone
        self._clock = ZoneInfo(zone) if zone else None

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // SECOND, UTC).astimezone(self._clock)

    def day_of(self, at: int) -> Any:
        return self.local(at).date()

    def week_of(self, at: int) -> Any:
        """Its Monday."""
        day = self.day_of(at)
        return day - timedelta(days=day.weekday())


def figures(database: Database, back: int = 0) -> tuple[Any, Figures]:
    """The Monday of the week ``back`` weeks ago, and what that week came to."""
    calendar, now = _Calendar(settings.value(database, "timezone")), database.clock()
    monday = calendar.week_of(now) - timedelta(weeks=back)
    since, until = (local_day(_noon(each), calendar.zone) for each in (monday, monday + timedelta(weeks=1)))
    rows = [Row._make(each) for each in database.sql(sql.WEEK_OUTCOMES, (since, until))]
    return monday, counted(rows, calendar.day_of)


def gather(database: Database, back: int = 0) -> dict[str, Any]:
    """The week on the operator's calendar, ``back`` weeks ago (0: this one, as far as it has gone), Monday first."""
    values = settings.effective(database)
    zone, now = values["timezone"], database.clock()
    calendar = _Calendar(zone)
    local, week_of, day_of = calendar.local, calendar.week_of, calendar.day_of
    monday = week_of(now) - timedelta(weeks=back)
    first = monday - timedelta(weeks=WEEKS - 1)
    since = local_day(_noon(first), zone)
    with database.view():
        rows = [Row._make(each) for each in database.sql(sql.WEEK_OUTCOMES, (since - DAY, now + DAY))]
        names = dict(File.select(File.id, File.path).tuples().execute(database))
        versions = Script.select(Script.id, Script.name, Script.version).tuples().execute(database)
        scripts = {number: f"{name} v{version}" for number, name, version in versions}
        lists = _lists(database, day_of)
    by_week: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if (week := week_of(row.at)) <= monday:
            by_week[week].append(row)
    this = by_week.get(monday, [])

    week = counted(this, day_of).to_json()
    days = [monday + timedelta(days=number) for number in range(7)]
    by_day = _grouped(this, lambda row: day_of(row.at), day_of)
    return {
        "from": days[0].isoformat(),
        "until": days[-1].isoformat(),
        "back": back,
        "as_of": iso(now),
        **{name: week[name] for name in (*FIGURES, "n", "rates")},
        "goal": {"dials_a_day": values["goal.dials"], "dials": values["goal.dials"] * CALL_DAYS},
        "days": [{"day": each.isoformat(), **_figures(by_day.get(each))} for each in days],
        "weeks": [
            {
                "from": (monday - timedelta(weeks=number)).isoformat(),
                **counted(by_week.get(monday - timedelta(weeks=number), []), day_of).to_json(),
            }
            for number in range(WEEKS)
        ],
        "lists": _named(this, lambda row: row.file_id, names, day_of, lists),
        "scripts": [
            {"script": scripts.get(key, "none"), **figures.to_json()}
            for key, figures in _most(_grouped(this, lambda row: row.script_id, day_of))
        ],
        "callers": _callers(this, day_of),
        "hours": [
            {"hour": hour, **figures.to_json()}
            for hour, figures in sorted(
                _grouped(
                    [row for each in by_week.values() for row in each], lambda row: local(row.at).hour, day_of
                ).items()
            )
            if figures.dials
        ],
    }


def _callers(rows: list[Row], day_of: Callable[[int], Any]) -> list[dict[str, Any]]:
    """Each person's figures; none where there is only the operator."""
    groups = _grouped(rows, lambda row: row.who, day_of)
    if groups.keys() <= {"operator"}:
        return []
    return [{"caller": name, **figures.to_json()} for name, figures in _most(groups)]


def _noon(day: Any) -> int:
    return int(datetime(day.year, day.month, day.day, 18, tzinfo=UTC).timestamp()) * SECOND


def _figures(figures: Figures | None) -> dict[str, Any]:
    return (figures or Figures(0, 0, 0, 0, 0, 0, 0, 0, 0)).to_json()


def _grouped(
    rows: Iterable[Row], key: Callable[[Row], Any], day_of: Callable[[int], Any]
) -> dict[Any, Figures]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: counted(group, day_of) for name, group in groups.items()}


def _most(groups: Mapping[Any, Figures]) -> list[tuple[Any, Figures]]:
    found = sorted(groups.items(), key=lambda pair: (-pair[1].dials, -pair[1].n, str(pair[0])))
    return found[:MOST]


def _named(
    rows: list[Row],
    key: Callable[[Row], Any],
    names: Mapping[int, str],
    day_of: Callable[[int], Any],
    costs: Mapping[int, dict[str, Any]],
) -> list[dict[str, Any]]:
    groups = dict(_grouped(rows, key, day_of))
    for number in costs:
        groups.setdefault(number, Figures(0, 0, 0, 0, 0, 0, 0, 0, 0))
    return [
        {
            "list": PurePath(names[number]).name if number in names else "by hand",
            **figures.to_json(),
            "cost": costs.get(number),
        }
        for number, figures in _most(groups)
    ]


def _lists(database: Database, day_of: Callable[[int], Any]) -> dict[int, dict[str, Any]]:
    """What lists cost, and what that is for a contact, an appointment and a contract, since the list was first read."""
    query = ListCost.select(Import.file_id, fn.sum(ListCost.amount))
    query = query.join(Import, on=Import.id == ListCost.import_id)
    query = query.where(ListCost.removed_at.is_null()).group_by(Import.file_id)
    costs = dict(query.tuples().execute(database))
    if not costs:
        return {}
    by_file: dict[int, list[Row]] = {number: [] for number in costs}
    for each in database.sql(sql.WEEK_OUTCOMES, (0, 2**62)):
        row = Row._make(each)
        if row.file_id in by_file:
            by_file[row.file_id].append(row)
    found = {}
    for number, cents in costs.items():
        figures = counted(by_file[number], day_of)
        found[number] = {
            "paid": cents / 100,
            **{
                f"per_{name[:-1]}": _share(cents, getattr(figures, name))
                for name in ("contacts", "appointments", "contracts")
            },
            "fees": figures.fees / 100,
        }
    return found


class BoughtList(NamedTuple):
    """A list whose cost can be entered: its first import, source, file, and what was entered (dollars)."""

    import_id: int
    source: str
    file: str
    cost: float | None


def bought_lists(database: Database, limit: int = MOST) -> list[BoughtList]:
    """The newest lists that brought leads."""
    first = Import.select(fn.min(Import.id)).where(Import.state != "undone", Import.new > 0)
    cost = ListCost.select(fn.sum(ListCost.amount))
    cost = cost.where(ListCost.import_id == Import.id, ListCost.removed_at.is_null())
    query = Import.select(Import.id, Source.name, File.path, cost).join(File, on=File.id == Import.file_id)
    query = query.join_from(Import, Source, on=Source.id == Import.source_id)
    query = query.where(Import.id.in_(first.group_by(Import.file_id))).order_by(Import.id.desc())
    return [
        BoughtList(number, source, PurePath(path).name, None if cents is None else cents / 100)
        for number, source, path, cents in query.limit(limit).tuples().execute(database)
    ]


def _share(cents: int, count: int) -> float | None:
    return round(cents / count) / 100 if count else None


def hours_rates(week: Mapping[str, Any]) -> list[Rate]:
    """Of a week as gathered: the share of dials that were answered by hour, for a chart."""
    found = []
    for each in week["hours"]:
        share = each["rates"]["contacts"]
        if share["share"] is not None:
            name = clock_hour(each["hour"])
            found.append(
                Rate(name, round(share["share"] * share["n"]), share["n"], share["low"], share["high"])
            )
    return found


def clock_hour(hour: int) -> str:
    """An hour of the day as Americans say it: ``9 am``."""
    return f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}"


def steps(week: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Of a week as gathered: its steps from dials to closes, for a chart."""
    return [(name, week[name]) for name in FIGURES[:-1]]


def yesterday(database: Database, zone: str | None) -> dict[str, Any]:
    """The figures of the operator's day before today."""
    today = local_day(database.clock(), zone)
    since = local_day(today - DAY // 2, zone)
    rows = [Row._make(each) for each in database.sql(sql.WEEK_OUTCOMES, (since, today))]
    day = clock_text(since, zone, "%Y-%m-%d")
    return {"day": day, **counted(rows, lambda at: day).to_json()}
