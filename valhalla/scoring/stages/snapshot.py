"""What the stages have learnt so far: experiment, scripts and counted outcomes, frozen for one batch.

A snapshot is stored as canonical JSON, so that equal knowledge has one digest and an explanation made years later reads
what the decision read.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any, NamedTuple

from valhalla.scoring.stages.learnt import LearntScore
from valhalla.scoring.stages.shares import Shares


class Variant(NamedTuple):
    """One arm of an experiment; ``weight`` is its share of leads relative to the others."""

    id: int
    name: str
    weight: int
    script_id: int | None


class Experiment(NamedTuple):
    """The running experiment. A change of weights makes a new ``version``."""

    id: int
    name: str
    version: int
    metric: str
    """The outcome event that counts as a conversion."""
    variants: tuple[Variant, ...]
    drawn_since: int | None = None
    """When the weights were last changed, UTC microseconds; None: never."""


class Script(NamedTuple):
    """A version of a script; its text stays in table ``script``."""

    id: int
    name: str
    version: int
    channel: str
    market: str | None
    state: str

    @property
    def title(self) -> str:
        """``Patient opener v2``."""
        return f"{self.name} v{self.version}"


class Arm(NamedTuple):
    """What recorded outcomes say about one script: leads it was used on, and what came of it."""

    exposed: int = 0
    """Leads with at least one recorded outcome."""
    matured: int = 0
    """Of these, those old enough or with a result."""
    conversions: int = 0
    """Of the matured, those with the experiment's metric or anything beyond it."""
    opt_outs: int = 0
    """Of the matured, those who asked not to be contacted."""
    days: int = 0
    """Whole days since the first exposure."""
    drawn: int | None = None
    """Of the exposed, those that were drawn with the weights of now; None: all of them."""


class Tally(NamedTuple):
    """Matured worked leads and how many of them closed."""

    worked: int
    closes: int


class Estimate(NamedTuple):
    """A probability to close and what it rests on."""

    p: int | None
    """Parts per million; None is unknown."""
    basis: str
    """``none``, ``assumption``, ``all leads``, ``source`` or ``source and market``."""
    total: Tally
    source: Tally
    segment: Tally


class Month(NamedTuple):
    """One calendar month of a play, by the first outcome of the lead."""

    name: str
    """``2026-01``."""
    matured: int
    closes: int
    fees: int
    """Sum of recorded fees, cents."""


class Play(NamedTuple):
    """What one market (or source, or script) has done, counted from recorded outcomes."""

    months: tuple[Month, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    """Closes by source."""
    reps: tuple[tuple[str, int], ...] = ()
    """Closes by the person who recorded them."""
    paid: int = 0
    """Closes with a recorded fee."""
    similarity: int | None = None
    """Population stability index against the target market in millionths; None when no target was named."""

    @property
    def matured(self) -> int:
        """Matured worked leads."""
        return sum(month.matured for month in self.months)

    @property
    def closes(self) -> int:
        """Leads won."""
        return sum(month.closes for month in self.months)

    @property
    def fees(self) -> int:
        """Recorded fees, cents."""
        return sum(month.fees for month in self.months)


class Snapshot(NamedTuple):
    """Everything the stages know in addition to the lead and the policy."""

    experiment: Experiment | None = None
    scripts: tuple[Script, ...] = ()
    arms: tuple[tuple[int, Arm], ...] = ()
    """By variant id."""
    sources: tuple[tuple[str, Tally], ...] = ()
    segments: tuple[tuple[str, str, Tally], ...] = ()
    """By source and market."""
    deals: int = 0
    """Closes with a recorded fee."""
    fees: int = 0
    """Sum of these fees, cents."""
    plays: tuple[tuple[str, Play], ...] = ()
    """By market."""
    data_quality: int | None = None
    """Parts per million; None when it was not measured."""
    learnt: LearntScore | None = None
    """None while there are too few outcomes, or the policy wants none."""
    shares: Shares | None = None
    """What the callable leads have in common; None while nobody has counted."""

    def to_json(self) -> str:
        """Canonical JSON: equal snapshots give equal text, and one without shares has that of the version before there were any."""
        body: dict[str, Any] = {"format": 1, **self._asdict()}
        shares = body.pop("shares")
        if shares is not None:
            body["shares"] = shares.to_json()
        if self.learnt is not None:
            body["learnt"] = self.learnt.to_json()
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)

    def digest(self) -> str:
        """blake2b-128 of the canonical JSON, hexadecimal."""
        return blake2b(self.to_json().encode(), digest_size=16).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Snapshot:
        """Read what :meth:`to_json` wrote; ``ValueError`` when it is something else."""
        body: dict[str, Any] = json.loads(text)
        if body.pop("format", None) != 1:
            raise ValueError("The model snapshot has a format that this version does not know.")
        experiment = body["experiment"]
        if experiment is not None:
            number, name, version, metric, variants, *since = experiment
            body["experiment"] = Experiment(
                number, name, version, metric, tuple(Variant(*v) for v in variants), *since
            )
        body["scripts"] = tuple(Script(*s) for s in body["scripts"])
        body["arms"] = tuple((i, Arm(*arm)) for i, arm in body["arms"])
        body["sources"] = tuple((name, Tally(*tally)) for name, tally in body["sources"])
        body["segments"] = tuple(
            (source, market, Tally(*tally)) for source, market, tally in body["segments"]
        )
        learnt = body.get("learnt")
        if learnt is not None:
            body["learnt"] = LearntScore.from_json(learnt)
        if body.get("shares") is not None:
            body["shares"] = Shares.from_json(body["shares"])
        body["plays"] = tuple((market, _play(*play)) for market, play in body["plays"])
        return cls(**body)


def _play(
    months: list[list[Any]],
    sources: list[list[Any]],
    reps: list[list[Any]],
    paid: int,
    similarity: int | None,
) -> Play:
    return Play(
        tuple(Month(*m) for m in months),
        tuple((str(name), int(count)) for name, count in sources),
        tuple((str(name), int(count)) for name, count in reps),
        paid,
        similarity,
    )
