"""The numbers that all leads of one source, market and state share, worked out once per batch."""

from __future__ import annotations

from dataclasses import dataclass

from valhalla.scoring.stages.gate import Readiness
from valhalla.scoring.stages.snapshot import Estimate


@dataclass(frozen=True, slots=True)
class Segment:
    """Policy and snapshot as they apply to one source, market and state; money in cents, points in hundredths."""

    source: str
    market: str | None
    state: str | None
    arv_share: int
    """Parts per million of the ARV that are left for purchase, repairs and fixed costs."""
    fixed: int
    """What is taken off besides repairs: the fee, and in the cost model holding and closing."""
    fee: int
    min_spread: int
    buy_box_low: int
    buy_box_high: int
    estimate: Estimate
    p_close: int | None
    """Parts per million."""
    gain: int
    """What a close earns where the lead's own spread is unknown."""
    cost: int
    """Cost of working one lead."""
    readiness: Readiness
    clone: str
    script_id: int | None
    """The primary script for this market, for leads outside an experiment."""
    target: bool | None
    """None: the policy names no target market at all."""
    track_points: int
    target_points: int
    signs: tuple[str, ...] = ()
    """Those that the source's name says; formula 2 counts them."""
