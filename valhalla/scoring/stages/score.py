"""Stage 6, lead scoring, by formula 1: 0 to 100 points as a sum of named contributions.

All points are hundredths and whole numbers, so a score is the same on every machine and its contributions add up exactly. Every
contribution but freshness stays as it is while time passes; their sum is stored as ``score_base``. Freshness is points x
0.5^(days / half-life) for whole days since the list's date (else since the lead was first seen). A lead that must not be
contacted scores 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from valhalla.scoring.stages.segment import Segment

if TYPE_CHECKING:
    from valhalla.scoring.stages.learnt import LearntScore

DAY = 86_400_000_000
PPM = 1_000_000
FORMULA = 1
NAMES = (
    "source record",
    "target market",
    "buy box",
    "spread",
    "equity",
    "repairs",
    "motivation",
    "phone",
    "email",
    "own address",
    "lists",
    "stage history",
    "warnings",
)
"""The contributions that time does not change, in the order of :func:`decide_base`."""

_MEMO = 10_000


@dataclass(frozen=True, slots=True)
class ScoreRules:
    """What stage 6 needs of the policy; points in hundredths, shares in parts per million."""

    buy_box: int
    spread: int
    spread_enough: int
    equity: int
    equity_share: int
    repairs: int
    repairs_share: int
    distress: Mapping[str, int]
    distress_other: int
    distress_most: int
    phone: int
    email: int
    own_address: int
    role_names: frozenset[str]
    fresh: tuple[int, ...]
    """Freshness by whole days of age, up to the first day that adds nothing."""
    per_list: int
    list_most: int
    warning: int
    warning_most: int
    history: Mapping[str, int]
    bands: tuple[tuple[str, int], ...]
    track_record: int
    target_market: int
    shown: LearntScore | None = None
    """The learnt score that is shown next to the rules."""
    learnt: LearntScore | None = None
    """The same where it takes the rules' place."""
    distress_memo: dict[str, int] = field(default_factory=dict)
    warnings_memo: dict[str, int] = field(default_factory=dict)

    @property
    def fresh_without_date(self) -> bool:
        """Whether a lead whose list has no date is fresh from the day on which it was read."""
        return True


class Scale(Protocol):
    """What every formula has: freshness by days, for whom it counts, and bands."""

    @property
    def fresh(self) -> tuple[int, ...]: ...

    @property
    def bands(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def fresh_without_date(self) -> bool: ...


def compile_score(policy: Mapping[str, Any], learnt: LearntScore | None = None) -> ScoreRules:
    """What stage 6 needs of a policy and of what was learnt. It decides by the learnt score only when the policy says
    ``use`` and it has proven to be better than the rules."""
    s = policy["score"]
    shown = None if s["learnt"] == "off" or (learnt is not None and learnt.formula != FORMULA) else learnt
    return ScoreRules(
        buy_box=s["buy_box"] * 100,
        spread=s["spread"] * 100,
        spread_enough=s["spread_enough"] * 100,
        equity=s["equity"] * 100,
        equity_share=round(s["equity_share"] * PPM),
        repairs=s["repairs"] * 100,
        repairs_share=round(s["repairs_share"] * PPM),
        distress={word: value * 100 for word, value in s["distress"].items()},
        distress_other=s["distress_other"] * 100,
        distress_most=s["distress_most"] * 100,
        phone=s["phone"] * 100,
        email=s["email"] * 100,
        own_address=s["own_address"] * 100,
        role_names=frozenset(s["role_names"]),
        fresh=freshness_table(s["freshness"], s["half_life_days"]),
        per_list=s["list"] * 100,
        list_most=s["list_most"] * 100,
        warning=s["warning"] * 100,
        warning_most=s["warning_most"] * 100,
        history={state: value * 100 for state, value in s["history"].items()},
        bands=tuple(s["bands"].items()),
        track_record=s["track_record"] * 100,
        target_market=s["target_market"] * 100,
        shown=shown,
        learnt=shown if s["learnt"] == "use" and shown is not None and shown.better else None,
    )


@lru_cache(maxsize=64)
def freshness_table(most: int, half_life: int) -> tuple[int, ...]:
    """Hundredths of a point for 0, 1, 2, ... days of age, ending with 0.

    Decimal arithmetic, because the last bit of a floating-point power depends on the platform.
    """
    context = Context(prec=50, rounding=ROUND_HALF_EVEN)
    fade = context.power(Decimal(2), context.divide(Decimal(-1), Decimal(half_life)))
    value = Decimal(most * 100)
    table: list[int] = []
    while not table or table[-1] > 0:
        table.append(int(value.to_integral_value(ROUND_HALF_EVEN)))
        value = context.multiply(value, fade)
    return tuple(table)


def track_points(p_close: int | None, policy: Mapping[str, Any]) -> int:
    """Points for a source's record: proportional to the probability to close, full at ``track_record_full``; 0 if unknown."""
    if p_close is None:
        return 0
    most: int = policy["score"]["track_record"] * 100
    full: int = round(policy["score"]["track_record_full"] * PPM)
    return min(most, most * p_close // full)


def decide_base(
    value: int | None,
    asking: int | None,
    arv: int | None,
    repairs: int | None,
    spread: int | None,
    distress: str | None,
    phone_key: int | None,
    email: str | None,
    warnings: str | None,
    lists: int,
    status: str,
    segment: Segment,
    rules: ScoreRules,
) -> tuple[int, ...]:
    """The contributions of :data:`NAMES`, hundredths of a point; their sum is ``score_base``."""
    margin = 0
    if spread is not None and spread > 0:
        margin = rules.spread + rules.spread_enough if spread >= segment.min_spread else rules.spread
    equity = light = 0
    if arv is not None:
        if asking is not None and (arv - asking) * PPM >= rules.equity_share * arv:
            equity = rules.equity
        if repairs is not None and repairs * PPM <= rules.repairs_share * arv:
            light = rules.repairs
    return (
        segment.track_points,
        segment.target_points,
        rules.buy_box if value is not None and segment.buy_box_low <= value <= segment.buy_box_high else 0,
        margin,
        equity,
        light,
        0 if distress is None else rules.distress_memo.get(distress) or distress_points(distress, rules),
        0 if phone_key is None else rules.phone,
        0 if email is None else rules.email,
        0 if email is None or email[: email.find("@")] in rules.role_names else rules.own_address,
        0 if lists < 2 else min(rules.per_list * (lists - 1), rules.list_most),
        rules.history.get(status, 0),
        0 if warnings is None else rules.warnings_memo.get(warnings) or warning_points(warnings, rules),
    )


def distress_points(distress: str, rules: ScoreRules) -> int:
    """Points for distress words joined by commas."""
    total = sum(rules.distress.get(word, rules.distress_other) for word in distress.split(","))
    if len(rules.distress_memo) < _MEMO:
        rules.distress_memo[distress] = min(total, rules.distress_most)
    return min(total, rules.distress_most)


def warning_points(warnings: str, rules: ScoreRules) -> int:
    """Points taken off for warning codes joined by commas, zero or less."""
    total = max(rules.warning * (warnings.count(",") + 1), rules.warning_most)
    if len(rules.warnings_memo) < _MEMO:
        rules.warnings_memo[warnings] = total
    return total


def freshness(since: int, now: int, rules: Scale) -> int:
    """Hundredths of a point for a lead dated ``since``; a date in the future counts as today."""
    days = (now - since) // DAY
    fresh = rules.fresh
    return fresh[days] if 0 <= days < len(fresh) else fresh[0] if days < 0 else 0


def decide_score(base: int, fresh: int) -> int:
    """The score, 0 to 100: hundredths added up, kept between 0 and 100 points, rounded half up."""
    total = base + fresh
    return 0 if total < 0 else 100 if total > 9_950 else (total + 50) // 100


def band(score: int, rules: Scale) -> str:
    """The letter of a score; D below the last band."""
    for name, least in rules.bands:
        if score >= least:
            return name
    return "D"
