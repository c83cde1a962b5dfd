"""Stage 6 by formula 2: motivation 40 + money 25 + reach 15 + timing 20.

Each part is a sum of named contributions of the policy, in hundredths of a point and whole numbers. What is not known adds
nothing and is named as a gap. Nothing counts that every lead has, such as the day on which its list was read. All but freshness stays
as it is while time passes; freshness counts from the list's own date only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from valhalla.scoring.stages.known import DAY, NOTHING, PPM, Known, signs_of
from valhalla.scoring.stages.score import freshness_table
from valhalla.scoring.stages.segment import Segment

if TYPE_CHECKING:
    from valhalla.scoring.stages.learnt import LearntScore

FORMULA = 2
PARTS = {
    "motivation": ("signs", "years owned", "further lists"),
    "money": ("source record", "target market", "buy box", "equity", "equity amount", "spread", "size"),
    "reach": ("mobile", "further numbers", "warnings"),
    "timing": ("deadline", "conversation"),
}
"""The contributions that time does not change, by part."""
NAMES = tuple(name for names in PARTS.values() for name in names)
"""The same in the order of :func:`decide_points`."""
PART_OF = {name: part for part, names in PARTS.items() for name in names} | {"freshness": "timing"}
YEAR = 365 * DAY

_MEMO = 10_000


@dataclass(frozen=True, slots=True)
class PointRules:
    """What formula 2 needs of the policy; points in hundredths, shares in parts per million, money in cents."""

    signs: Mapping[str, int]
    sign_other: int
    signs_most: int
    owned: int
    owned_from: int
    """Days."""
    owned_full: int
    per_list: int
    list_most: int
    source: int
    target: int
    outside: int
    equity: int
    equity_from: int
    amount: int
    amount_full: int
    spread: int
    spread_full: int
    size: int
    size_full: int
    mobile: int
    further: int
    further_most: int
    warning: int
    warning_most: int
    deadlines: Mapping[str, int]
    conversation: Mapping[str, int]
    fresh: tuple[int, ...]
    bands: tuple[tuple[str, int], ...]
    shown: LearntScore | None = None
    learnt: LearntScore | None = None
    memo: dict[tuple[str, ...], tuple[int, int]] = field(default_factory=dict)
    """Points for signs and for deadlines, by the signs."""
    plain: dict[tuple[str | None, tuple[str, ...]], tuple[int, int]] = field(default_factory=dict)
    """The same of leads of which nothing else is known, by their words of distress and the signs of their source."""

    @property
    def fresh_without_date(self) -> bool:
        """The day on which a list was read is that of everybody on it."""
        return False


def compile_points(policy: Mapping[str, Any], learnt: LearntScore | None = None) -> PointRules:
    """What formula 2 needs of a policy and of what was learnt, see :func:`valhalla.scoring.stages.score.compile_score`."""
    s = policy["score"]
    shown = learnt if s["learnt"] != "off" and learnt is not None and learnt.formula == FORMULA else None
    return PointRules(
        signs={sign: value * 100 for sign, value in s["signs"].items()},
        sign_other=s["sign_other"] * 100,
        signs_most=s["signs_most"] * 100,
        owned=s["owned"] * 100,
        owned_from=s["owned_from_years"] * 365,
        owned_full=s["owned_full_years"] * 365,
        per_list=s["per_list"] * 100,
        list_most=s["lists_most"] * 100,
        source=s["source_record"] * 100,
        target=s["target_market"] * 100,
        outside=s["outside_buy_box"] * 100,
        equity=s["equity_most"] * 100,
        equity_from=round(s["equity_from"] * PPM),
        amount=s["equity_amount"] * 100,
        amount_full=s["equity_amount_full"] * 100,
        spread=s["spread_most"] * 100,
        spread_full=s["spread_full"] * 100,
        size=s["size"] * 100,
        size_full=s["buy_box_high"] * 100,
        mobile=s["mobile"] * 100,
        further=s["further_number"] * 100,
        further_most=s["further_most"] * 100,
        warning=s["warning"] * 100,
        warning_most=s["warning_most"] * 100,
        deadlines={sign: value * 100 for sign, value in s["deadlines"].items()},
        conversation={state: value * 100 for state, value in s["conversation"].items()},
        fresh=freshness_table(s["freshness"], s["half_life_days"]),
        bands=tuple(s["bands"].items()),
        shown=shown,
        learnt=shown if s["learnt"] == "use" and shown is not None and shown.better else None,
    )


def source_points(p: int | None, p_all: int | None, worked: int, policy: Mapping[str, Any]) -> int:
    """Points for a source that closes more often than all leads do: full at twice the rate; from
    ``outcome.shown_from`` worked leads of it on."""
    if p is None or not p_all or p <= p_all or worked < policy["outcome"]["shown_from"]:
        return 0
    most: int = policy["score"]["source_record"] * 100
    return min(most, most * (p - p_all) // p_all)


def decide_points(
    value: int | None,
    spread: int | None,
    distress: str | None,
    address: str | None,
    state: str | None,
    warnings: str | None,
    lists: int,
    status: str,
    more: Known,
    segment: Segment,
    rules: PointRules,
    now: int,
) -> tuple[int, ...]:
    """The contributions of :data:`NAMES`, hundredths of a point; their sum is ``score_base``."""
    signs = deadline = owned = equity = amount = mobile = further = 0
    price = value
    if more is not NOTHING:
        if price is None:
            price = more.estimated
        days = days_owned(more, now)
        if days is not None and days > rules.owned_from:
            past, span = days - rules.owned_from, rules.owned_full - rules.owned_from
            owned = rules.owned if past >= span else rules.owned * past // span
        share = more.equity_share
        if share is not None and share > rules.equity_from:
            equity = rules.equity * (min(share, PPM) - rules.equity_from) // (PPM - rules.equity_from)
        if more.equity is not None and more.equity > 0:
            amount = (
                rules.amount
                if more.equity >= rules.amount_full
                else rules.amount * more.equity // rules.amount_full
            )
        mobile = rules.mobile if more.number_type == "mobile" else 0
        further = min(rules.further * more.further_numbers, rules.further_most)
        found = signs_of(distress, more, address, state, segment.signs)
        if found:
            signs, deadline = rules.memo.get(found) or sign_points(found, rules)
    elif distress is not None or segment.signs:
        signs, deadline = rules.plain.get((distress, segment.signs)) or plain_points(
            distress, segment.signs, rules
        )
    box = 0
    size = 0
    if price is not None:
        if not segment.buy_box_low <= price <= segment.buy_box_high:
            box = rules.outside
        size = rules.size if price >= rules.size_full else rules.size * price // rules.size_full
    margin = 0
    if spread is not None and spread > 0:
        margin = rules.spread if spread >= rules.spread_full else rules.spread * spread // rules.spread_full
    return (
        signs,
        owned,
        0 if lists < 2 else min(rules.per_list * (lists - 1), rules.list_most),
        segment.track_points,
        segment.target_points,
        box,
        equity,
        amount,
        margin,
        size,
        mobile,
        further,
        0 if warnings is None else max(rules.warning * (warnings.count(",") + 1), rules.warning_most),
        deadline,
        rules.conversation.get(status, 0),
    )


def days_owned(more: Known, now: int) -> int | None:
    """For how many whole days the owner has had it; None: not known."""
    if more.bought is not None and more.bought <= now:
        return (now - more.bought) // DAY
    return None if more.years_owned is None else more.years_owned * 365


def sign_points(signs: tuple[str, ...], rules: PointRules) -> tuple[int, int]:
    """(points for the signs together, points for the one that leaves least time)."""
    together = sum(rules.signs.get(sign, rules.sign_other) for sign in signs)
    found = (
        min(together, rules.signs_most),
        max((rules.deadlines.get(sign, 0) for sign in signs), default=0),
    )
    if len(rules.memo) < _MEMO:
        rules.memo[signs] = found
    return found


def plain_points(distress: str | None, source: tuple[str, ...], rules: PointRules) -> tuple[int, int]:
    """:func:`sign_points` of a lead of which nothing is known but its words of ``distress`` and the signs of its ``source``."""
    found = sign_points(signs_of(distress, NOTHING, None, None, source), rules)
    if len(rules.plain) < _MEMO:
        rules.plain[distress, source] = found
    return found
