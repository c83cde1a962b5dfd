"""A policy run in shadow: what it would change, and for whom, before it is switched on.

The newest leads are decided on twice, by what is in force and by what is proposed, on the same knowledge and at the same moment;
nothing is stored. Gates say whether the proposal may be switched on.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from valhalla.program.errors import NotFound, UsageError
from valhalla.program.wording import in_dollars
from valhalla.scoring import policies, sql
from valhalla.scoring import store as stages
from valhalla.scoring.stages import StoredLead, redecide
from valhalla.scoring.stages.gate import Gate
from valhalla.scoring.stages.lead import Decision
from valhalla.scoring.stages.policy import Policy, PolicyError, diff, validated

if TYPE_CHECKING:
    from db import Database

LAST = 10_000
"""Leads that are run through, the newest, unless a person asks for more."""

BLOCK = 5_000
_TIMELESS = Decision._fields.index("score")
"""What stands before it in a decision does not change with time."""

MOVERS = 20
"""Leads that are named: those that move the most."""

TOP = 100
"""Of how many of the best it is said how many are new among them."""

ENOUGH = 50
"""Leads under which a spread says nothing."""

CLOSES = 20
"""Leads on either side, closed and lost, under which their order says nothing."""

MARGIN = 0.02
"""How much worse than now closed leads may be distinguished from lost ones (area under the ROC curve)."""


class Mover(NamedTuple):
    """A lead and what would change about it."""

    lead: int
    name: str
    before: int
    """Score."""
    after: int
    offer_before: int | None
    """Largest offer, cents."""
    offer_after: int | None
    packet_before: str
    packet_after: str


@dataclass
class Shadow:
    """What a proposal would change."""

    changes: list[dict[str, Any]]
    leads: int = 0
    changed: int = 0
    """Leads of which any decision differs."""
    up: int = 0
    down: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    """Leads whose score, offer, packet, script, close estimate or readiness differs."""
    entering: int = 0
    """Leads among the best :data:`TOP` that are not there now."""
    movers: list[Mover] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether no gate failed. One that cannot be measured stops nothing here: it is about what is known."""
        return all(gate.passed is not False for gate in self.gates)

    def to_json(self) -> dict[str, Any]:
        """As shown."""
        return {
            "leads": self.leads,
            "changed": self.changed,
            "up": self.up,
            "down": self.down,
            "fields": dict(self.fields),
            "entering_top": self.entering,
            "top": min(TOP, self.leads),
            "changes": self.changes,
            "movers": [
                {
                    "id": each.lead,
                    "name": each.name,
                    "score": [each.before, each.after],
                    "offer": [in_dollars(each.offer_before), in_dollars(each.offer_after)],
                    "packet": [each.packet_before, each.packet_after],
                }
                for each in self.movers
            ],
            "gates": [{**gate.to_json(), "why": gate.says} for gate in self.gates],
            "passed": self.passed,
        }


def proposed(
    database: Database, values: Mapping[str, Any] | None = None, *, version: int | None = None
) -> dict[str, Any]:
    """The policy that a person has in mind: the one in force with ``values`` at dotted keys, or an earlier ``version``. Raises
    :class:`UsageError` for what is not a policy, :class:`NotFound`."""
    latest, policy = stages.latest_policy(database)
    if version is not None:
        try:
            policy = stages.policy_at(database, version)
        except stages.Unknown:
            raise NotFound(f"there is no policy version {version}; the versions are 1 to {latest}") from None
    for key, value in (values or {}).items():
        policy = policies.with_key(database, policy, key, value)
    try:
        return validated(policy)
    except PolicyError as error:
        raise UsageError(str(error)) from None


def run(database: Database, policy: Policy, last: int = LAST) -> Shadow:
    """Decide on the newest ``last`` leads by the policy in force and by ``policy``. Stores nothing."""
    now = database.clock()
    here = stages.look(database, now)
    there = stages.look(database, now, policy)
    changes = [
        {"key": change.key, "before": change.before, "after": change.after}
        for change in diff(here.policy, policy)
    ]
    found = Shadow(changes)
    scores = _Scores()
    best: list[tuple[int, int, StoredLead]] = []
    for lead in _newest(database, last):
        stored = lead.decision
        current = (stored.policy_version, stored.snapshot_id) == (here.policy_version, here.snapshot_id)
        before = stored if current else redecide(lead, here)
        after = redecide(lead, there)
        found.leads += 1
        scores.add(lead, before, after)
        if before[:_TIMELESS] == after[:_TIMELESS]:
            continue
        _count(found, before, after)
        far = abs(after.score_base - before.score_base) * 1_000 + (before.packet != after.packet)
        entry = (far, -lead.id, lead)
        if len(best) < MOVERS:
            heapq.heappush(best, entry)
        elif entry > best[0]:
            heapq.heapreplace(best, entry)
    found.entering = scores.entering()
    found.movers = [
        _mover(lead, redecide(lead, here), redecide(lead, there)) for *_, lead in sorted(best, reverse=True)
    ]
    found.gates = _gates(database, scores)
    return found


_FIELDS = {
    "score": ("score_base",),
    "offer": ("mao",),
    "packet": ("packet",),
    "script": ("script_id", "variant_id"),
    "close estimate": ("p_close", "expected_value"),
    "readiness": ("clone",),
}


def _count(found: Shadow, before: Decision, after: Decision) -> None:
    found.changed += 1
    found.up += after.score_base > before.score_base
    found.down += after.score_base < before.score_base
    for name, columns in _FIELDS.items():
        if any(getattr(before, column) != getattr(after, column) for column in columns):
            found.fields[name] += 1


def _mover(lead: StoredLead, before: Decision, after: Decision) -> Mover:
    return Mover(
        *(lead.id, lead.name, before.score, after.score, before.mao, after.mao, before.packet, after.packet)
    )


def _newest(database: Database, last: int) -> Iterator[StoredLead]:
    before = 2**62
    while last > 0:
        rows = database.sql(sql.NEWEST_LEADS, (before, min(last, BLOCK)))
        if not rows:
            return
        yield from map(StoredLead.from_row, rows)
        before, last = rows[-1][0], last - len(rows)


class _Scores:
    """Both scores of each lead: all that the gates and the first places need."""

    def __init__(self) -> None:
        self.before: dict[int, int] = {}
        self.after: dict[int, int] = {}
        self.suppressed = 0
        self.above_arv = 0

    def add(self, lead: StoredLead, before: Decision, after: Decision) -> None:
        if lead.suppressed is not None:
            self.suppressed += after.score > 0
            return
        self.before[lead.id], self.after[lead.id] = before.score_base, after.score_base
        if after.mao is not None and lead.arv is not None and after.mao > lead.arv:
            self.above_arv += 1

    def entering(self) -> int:
        now, then = (
            set(heapq.nlargest(TOP, scores, key=lambda lead: (scores[lead], -lead)))
            for scores in (self.before, self.after)
        )
        return len(then - now)


def _gates(database: Database, scores: _Scores) -> list[Gate]:
    return [_offers(scores), _spread(scores), _kept_out(scores), _order(database, scores)]


def _offers(scores: _Scores) -> Gate:
    count = scores.above_arv
    says = f"{count} leads would be offered more than their ARV." if count else "No offer is above the ARV."
    return Gate("offers under the ARV", count, 0, count == 0, says)


def _spread(scores: _Scores) -> Gate:
    name = "still separates leads"
    if len(scores.before) < ENOUGH:
        return Gate(name, None, 0.5, None, f"Fewer than {ENOUGH} leads can be compared.")
    before, after = len(set(scores.before.values())), len(set(scores.after.values()))
    part = after / before
    says = f"{after:,} different scores, {before:,} now."
    return Gate(name, round(part, 4), 0.5, part >= 0.5, says)


def _kept_out(scores: _Scores) -> Gate:
    count = scores.suppressed
    says = (
        f"{count} leads that must not be contacted would be scored."
        if count
        else "Leads marked do not contact stay so."
    )
    return Gate("do-not-contact holds", count, 0, count == 0, says)


def _order(database: Database, scores: _Scores) -> Gate:
    """Whether leads that closed stand above those that were lost as often as now."""
    name, lead_ids = "past closes stand as high", list(scores.before)
    ends: dict[bool, list[int]] = {True: [], False: []}
    for lead, closed in database.sql(sql.ENDED_LEADS, (json.dumps(lead_ids),)):
        ends[bool(closed)].append(lead)
    if min(map(len, ends.values())) < CLOSES:
        return Gate(name, None, -MARGIN, None, f"Fewer than {CLOSES} of them closed, or were lost.")
    before, after = (_auc(each, ends[True], ends[False]) for each in (scores.before, scores.after))
    says = f"A closed lead stands above a lost one in {after:.1%} of pairs, now in {before:.1%}."
    return Gate(name, round(after - before, 4), -MARGIN, after - before >= -MARGIN, says)


def _auc(scores: Mapping[int, int], good: list[int], bad: list[int]) -> float:
    """The area under the ROC curve by ranks (Mann and Whitney): ties count half."""
    ordered = sorted([*((scores[lead], True) for lead in good), *((scores[lead], False) for lead in bad)])
    total, start = 0.0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        total += (start + end + 1) / 2 * sum(is_good for _, is_good in ordered[start:end])
        start = end
    return (total - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad))
