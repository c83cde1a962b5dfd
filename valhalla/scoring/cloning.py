"""Clone readiness of whatever can be copied: a market, a source or a script, for any other market or for a named one."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from db.orm import fn
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import sql
from valhalla.scoring import store as stages
from valhalla.scoring.lead_model import Lead
from valhalla.scoring.stages import Context, statistics
from valhalla.scoring.stages.clone import without_rep
from valhalla.scoring.stages.gate import Readiness
from valhalla.scoring.stages.learning import WorkedLead, play_of
from valhalla.scoring.stages.snapshot import Play

if TYPE_CHECKING:
    from db import Database

KINDS = ("market", "source", "script")

ENOUGH = 50
"""Leads on either side under which likeness says nothing."""

SAMPLE = 50_000
"""Prices that are compared at most on either side, evenly spread over the leads."""

CLASSES = 10
MILLION = 1_000_000

COLUMN = {"market": "market", "source": "source", "script": "script_id"}


class Copyable(NamedTuple):
    """One play and how ready it is."""

    kind: str
    name: str
    play: Play
    readiness: Readiness
    target: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As shown."""
        found = self.readiness
        return {
            "by": self.kind,
            "name": self.name,
            "target": self.target,
            "state": found.state,
            "passed": found.passed,
            "measurable": found.measurable,
            "needs": found.shortfall,
            "not_measurable": found.unmeasured,
            "gates": [{**gate.to_json(), "why": gate.says} for gate in found.gates],
            "matured": self.play.matured,
            "closes": self.play.closes,
            "fees": self.play.fees / 100,
        }


def plays(
    database: Database, by: str = "market", *, name: str | None = None, target: str | None = None
) -> list[Copyable]:
    """Every play of a kind with recorded outcomes (or the one called ``name``), the most closes first; compared with the
    market ``target`` when one is named. Raises :class:`UsageError`, :class:`NotFound`."""
    if by not in KINDS:
        raise UsageError(f"{by!r} is not one of {', '.join(KINDS)}")
    if target is not None and not Lead.select().where(Lead.market == target).exists(database):
        raise NotFound(f"no lead is in a market called {target!r}; markets are written like: Houston, TX")
    context = stages.look(database, database.clock())
    groups = _groups(database, by)
    alone = len({lead.rep for worked in groups.values() for lead in worked} - {None}) < 2
    if name is not None:
        if name not in groups:
            raise NotFound(f"no outcome has been recorded for the {by} {name!r}")
        groups = {name: groups[name]}
    found = [_copyable(database, context, by, key, worked, target, alone) for key, worked in groups.items()]
    return sorted(found, key=lambda each: (-each.play.closes, -each.play.matured, each.name))


def _groups(database: Database, by: str) -> dict[str, list[WorkedLead]]:
    scripts = {script.id: script.title for script in stages.scripts(database)}
    groups: dict[str, list[WorkedLead]] = defaultdict(list)
    for *columns, script_id in database.sql(sql.WORKED_BY_SCRIPT, (stages.teaching_origins(database),)):
        lead = WorkedLead._make(columns)
        key = {"market": lead.market, "source": lead.source, "script": scripts.get(script_id)}[by]
        if key is not None:
            groups[key].append(lead)
    return groups


def _copyable(
    database: Database,
    context: Context,
    by: str,
    name: str,
    worked: list[WorkedLead],
    target: str | None,
    alone: bool,
) -> Copyable:
    play = play_of(worked, context.policy, context.now)
    if target is not None:
        play = play._replace(similarity=likeness(database, by, name, target))
    ready = context.play_readiness(
        name if by == "market" else None, play, for_target=target is not None, of_source=by == "source"
    )
    return Copyable(by, name, play, without_rep(ready) if alone else ready, target)


def likeness(database: Database, by: str, name: str, target: str) -> int | None:
    """How far the leads of the target market are from those of the play: the larger population stability index of the mix
    of sources and of the prices (in tenths of the play's own), in millionths. None: too few leads on a side."""
    own_leads, others = getattr(Lead, COLUMN[by]) == _key(database, by, name), Lead.market == target
    counts = [Lead.select().where(each).count(database) for each in (own_leads, others)]
    if min(counts) < ENOUGH:
        return None
    own = _prices(database, own_leads, counts[0])
    indexes = [_of_prices(own, _prices(database, others, counts[1]))]
    if by != "source":  # there the source is the play itself
        by_source = Lead.select(Lead.source, fn.count()).group_by(Lead.source).tuples()
        mixes = [dict(by_source.where(each).execute(database)) for each in (own_leads, others)]
        sources = sorted({*mixes[0], *mixes[1]})
        indexes.append(statistics.stability_index(*([mix.get(each, 0) for each in sources] for mix in mixes)))
    return round(max(indexes) * MILLION)


def _key(database: Database, by: str, name: str) -> str | int | None:
    if by != "script":
        return name
    return next((script.id for script in stages.scripts(database) if script.title == name), None)


def _prices(database: Database, leads: Any, count: int) -> list[int]:
    """Every so many of their prices, in order: they are compared in tenths."""
    some = Lead.select(Lead.value).where(leads, Lead.id % max(1, count // SAMPLE) == 0)
    priced = some.where(Lead.value.is_null(False)).order_by(Lead.value).tuples()
    return [value for (value,) in priced.execute(database)]


def _of_prices(own: list[int], other: list[int]) -> float:
    edges = sorted({own[len(own) * part // CLASSES] for part in range(1, CLASSES)}) if own else []
    tables = [[0] * (len(edges) + 1), [0] * (len(edges) + 1)]
    for table, values in zip(tables, (own, other), strict=True):
        for value in values:
            table[bisect_right(edges, value)] += 1
    return statistics.stability_index(*tables)
