"""Which leads a new policy or new knowledge concerns.

A lead is decided by its own columns and by the numbers its source, market and state share (its segment). So it is enough to compare
segments: where one is as before, none of its leads needs to be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from valhalla.scoring.stages import Context
from valhalla.scoring.stages.policy import diff
from valhalla.scoring.stages.segment import Segment

TOLERANCE = 100
"""A probability or gain that moves by less than one part in so many leaves what is stored as it is; the stored result names
the snapshot it was worked out from. Otherwise each recorded call would rewrite every lead of the file."""

POINTS = 10
"""So many hundredths of a point of the source's record may differ as well."""

_DECIDES = ("formula", "assignment.holdout_share", "packet.", "outcome.", "score.")
_INFORMS = (
    "outcome.shown_from",
    "packet.bands",
    "packet.opening_share",
    "packet.buyer_share_limit",
    "outcome.calibration",
    "score.bands",
    "score.learn",
)
_IN_SEGMENT = ("packet.arv_share", "packet.fee", "packet.min_spread", "score.buy_box_", "outcome.cost_per_lead",
               "outcome.prior", "outcome.pseudo", "outcome.matured_days")  # fmt: skip


def all_are(before: Context, after: Context) -> bool:
    """Whether every lead that ``before`` decided must be decided again, whatever its segment."""
    if before.policy_version != after.policy_version and any(
        key.startswith(_DECIDES) and not key.startswith((*_INFORMS, *_IN_SEGMENT))
        for key in (change.key for change in diff(before.policy, after.policy))
    ):
        return True
    return before.score.learnt != after.score.learnt or _experiment(before) != _experiment(after)


def differs(before: Segment, after: Segment) -> bool:
    """Whether leads of a segment must be decided again."""
    if _fixed(before) != _fixed(after):
        return True
    if abs(before.track_points - after.track_points) >= POINTS or _moved(before.gain, after.gain):
        return True
    if before.p_close is None or after.p_close is None:
        return before.p_close is not after.p_close
    return _moved(before.p_close, after.p_close)


def _moved(before: int, after: int) -> bool:
    return abs(before - after) * TOLERANCE > max(abs(before), abs(after))


def _fixed(segment: Segment) -> tuple[Any, ...]:
    return (
        *(segment.arv_share, segment.fixed, segment.fee, segment.min_spread, segment.buy_box_low),
        *(segment.buy_box_high, segment.cost, segment.clone, segment.script_id, segment.target_points),
    )


def _experiment(context: Context) -> tuple[Any, Mapping[int, int]]:
    """What decides on variants and their scripts."""
    rules = context.assignment
    return (None if rules is None else (rules.prefix, rules.variant_of)), context.promotion.script_of
