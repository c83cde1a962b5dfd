"""From recorded outcomes to the counts in a snapshot. Pure: the same worked leads give the same snapshot in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.snapshot import Arm, Experiment, Month, Play, Script, Snapshot, Tally

DAY = 86_400_000_000
RANKS = {"contacted": 1, "appointment": 2, "contract": 3, "won": 4}
"""How far a lead can get; an event counts for every metric up to it."""

NO_CONVERSATION = (
    *("no_answer", "busy", "voicemail", "wrong_number", "disconnected", "someone_else"),
    *("paused", "mail_returned"),
)
"""Outcomes that teach nothing about scripts, sources and close rates: nobody was spoken with."""


class WorkedLead(NamedTuple):
    """What became of one lead on which at least one outcome was recorded; times are UTC microseconds."""

    source: str
    market: str | None
    variant_id: int | None
    first_at: int
    """Of its first outcome."""
    rank: int
    """Of :data:`RANKS`, the furthest it got."""
    won_at: int | None
    lost_at: int | None
    opted_out: int
    """0 or 1."""
    fee: int | None
    """Cents."""
    rep: str | None
    """Who recorded the close."""
    created_at: int = 0
    """When the lead was first read."""

    @property
    def closed(self) -> bool:
        """Won, and not lost again afterwards."""
        return self.won_at is not None and (self.lost_at is None or self.won_at >= self.lost_at)

    def matured(self, days: int, today: int) -> bool:
        """Whether it has a result, or was first worked at least ``days`` before ``today``."""
        resolved = self.won_at is not None or self.lost_at is not None or self.opted_out == 1
        return resolved or self.first_at <= today - days * DAY


def today(now: int) -> int:
    """The start of the UTC day, so that a snapshot changes with time at most once a day."""
    return now - now % DAY


def learn(
    worked: Iterable[WorkedLead],
    experiment: Experiment | None,
    scripts: tuple[Script, ...],
    policy: Mapping[str, Any],
    now: int,
    data_quality: int | None = None,
    learnt: LearntScore | None = None,
) -> Snapshot:
    """Count outcomes into a snapshot as of the day of ``now``; ``data_quality`` is in parts per million or not measured."""
    day = today(now)
    outcome_days = policy["outcome"]["matured_days"]
    sources: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    segments: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    plays: dict[str, _PlayCounts] = defaultdict(_PlayCounts)
    arms = _ArmCounts(experiment, policy["promotion"]["matured_days"], day)
    deals = fees = 0
    for lead in worked:
        arms.add(lead)
        if not lead.matured(outcome_days, day):
            continue
        closed = int(lead.closed)
        sources[lead.source][0] += 1
        sources[lead.source][1] += closed
        if closed and lead.fee is not None:
            deals += 1
            fees += lead.fee
        if lead.market is not None:
            segments[lead.source, lead.market][0] += 1
            segments[lead.source, lead.market][1] += closed
            plays[lead.market].add(lead)
    return Snapshot(
        experiment=experiment,
        scripts=scripts,
        arms=arms.result(),
        sources=tuple((name, Tally(*counts)) for name, counts in sorted(sources.items())),
        segments=tuple((*key, Tally(*counts)) for key, counts in sorted(segments.items())),
        deals=deals,
        fees=fees,
        plays=tuple((market, counts.result()) for market, counts in sorted(plays.items())),
        data_quality=data_quality,
        learnt=learnt,
    )


def play_of(worked: Iterable[WorkedLead], policy: Mapping[str, Any], now: int) -> Play:
    """The counts of any set of worked leads: a market, a source, a script or a mix of them."""
    counts = _PlayCounts()
    for lead in worked:
        if lead.matured(policy["outcome"]["matured_days"], today(now)):
            counts.add(lead)
    return counts.result()


class _PlayCounts:
    def __init__(self) -> None:
        self.months: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.sources: dict[str, int] = defaultdict(int)
        self.reps: dict[str, int] = defaultdict(int)
        self.paid = 0

    def add(self, lead: WorkedLead) -> None:
        month = self.months[datetime.fromtimestamp(lead.first_at // 1_000_000, UTC).strftime("%Y-%m")]
        month[0] += 1
        if not lead.closed:
            return
        month[1] += 1
        self.sources[lead.source] += 1
        if lead.rep is not None:
            self.reps[lead.rep] += 1
        if lead.fee is not None:
            self.paid += 1
            month[2] += lead.fee

    def result(self) -> Play:
        return Play(
            tuple(Month(name, *counts) for name, counts in sorted(self.months.items())),
            tuple(sorted(self.sources.items())),
            tuple(sorted(self.reps.items())),
            self.paid,
        )


class _ArmCounts:
    def __init__(self, experiment: Experiment | None, days: int, day: int) -> None:
        self.metric = RANKS.get(experiment.metric, 2) if experiment else 2
        self.days, self.day = days, day
        self.counts = {variant.id: [0, 0, 0, 0] for variant in experiment.variants} if experiment else {}
        self.first: dict[int, int] = {}
        self.since = experiment.drawn_since if experiment else None
        self.drawn: dict[int, int] = defaultdict(int)

    def add(self, lead: WorkedLead) -> None:
        variant = lead.variant_id
        if variant is None or variant not in self.counts:
            return
        counts = self.counts[variant]
        counts[0] += 1
        if self.since is not None and lead.created_at >= self.since:
            self.drawn[variant] += 1
        self.first[variant] = min(lead.first_at, self.first.get(variant, lead.first_at))
        converted = lead.rank >= self.metric
        if converted or lead.matured(self.days, self.day):
            counts[1] += 1
            counts[2] += converted
            counts[3] += lead.opted_out

    def result(self) -> tuple[tuple[int, Arm], ...]:
        return tuple(
            (variant, self._arm(variant, counts))
            for variant, counts in sorted(self.counts.items())
            if counts[0]
        )

    def _arm(self, variant: int, counts: list[int]) -> Arm:
        days = max(0, self.day - self.first[variant]) // DAY
        return Arm._make([*counts, days, None if self.since is None else self.drawn[variant]])
