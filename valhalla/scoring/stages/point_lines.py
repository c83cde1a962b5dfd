"""The reasons of stage 6 by formula 2: every contribution in words, by part, and what is not known."""

from __future__ import annotations

from typing import Any

from valhalla.program.wording import listed, money, percent, points, several
from valhalla.scoring.stages.known import DAY, Known, known, signs_of
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.packet import Figures
from valhalla.scoring.stages.points import (
    FORMULA,
    NAMES,
    PART_OF,
    PARTS,
    PointRules,
    days_owned,
    decide_points,
)
from valhalla.scoring.stages.score import band, freshness
from valhalla.scoring.stages.score_reasons import (
    BASE,
    Contribution,
    closed,
    in_learnt_points,
    learnt_beside,
    outlook,
    raises_of,
)
from valhalla.scoring.stages.segment import Segment


def base_of(
    lead: StoredLead, found: Figures, segment: Segment, rules: PointRules, status: str | None = None
) -> tuple[int, ...]:
    """The contributions of a stored lead as of its decision, by the code that decided."""
    return decide_points(
        lead.value,
        found.spread,
        lead.distress,
        lead.address,
        lead.state,
        lead.warnings,
        lead.lists,
        lead.stands if status is None else status,
        known(lead.details, lead.phone_key),
        segment,
        rules,
        lead.decision.decided_at,
    )


def point_lines(
    lead: StoredLead, found: Figures, segment: Segment, rules: PointRules, now: int
) -> list[Contribution]:
    """Every line of the score as of ``now``, in order; their points add up to the score exactly."""
    base = base_of(lead, found, segment, rules)
    texts = _texts(lead, found, known(lead.details, lead.phone_key), base, segment, rules)
    lines = [Contribution(name, value, *text) for name, value, text in zip(NAMES, base, texts, strict=True)]
    if rules.learnt is not None:
        lines = in_learnt_points(lines, base, rules.learnt)
        base = tuple(line.points for line in lines)
    fresh = 0 if lead.list_date is None else freshness(lead.list_date, now, rules)
    if lead.list_date is None:
        age, ask = "The list gives no date.", "a list with dates"
    else:
        days = max(0, (now - lead.list_date) // DAY)
        age = "The list's date is today." if days == 0 else f"The list's date is {several(days, 'day')} ago."
        ask = None
    lines.append(Contribution("freshness", fresh, age, rules.fresh[0], ask))
    return closed(lines, lead, sum(base), fresh)


def parts_of(lines: list[Contribution]) -> list[dict[str, Any]]:
    """``{part, points, of}`` for each part; what belongs to none (limit, rounding, do not contact) is left out."""
    return [
        {
            "part": part,
            "points": sum(line.points for line in lines if PART_OF.get(line.name) == part) / 100,
            "of": sum(line.most for line in lines if PART_OF.get(line.name) == part) // 100,
        }
        for part in PARTS
    ]


def explain_points(
    lead: StoredLead, found: Figures, segment: Segment, rules: PointRules, version: int
) -> StageResult:
    """The score with its four parts and every contribution, as of the decision."""
    at = lead.decision.decided_at
    lines = point_lines(lead, found, segment, rules, at)
    score = sum(line.points for line in lines) // 100
    letter = band(score, rules)
    base = (
        0
        if lead.suppressed is not None
        else sum(line.points for line in lines if line.name in NAMES or line.name in BASE)
    )
    raises = raises_of(lines)
    learnt = learnt_beside(
        rules.shown,
        base_of(lead, found, segment, rules),
        0 if lead.list_date is None else freshness(lead.list_date, at, rules),
        used=rules.learnt is not None,
    )
    parts = parts_of(lines)
    gaps = [line for line in lines if line.raise_by is not None and line.most > 0 >= line.points]
    numbers: dict[str, Any] = {
        "formula": FORMULA,
        "score": score,
        "band": letter,
        "score_base_points": base / 100,
        "parts": parts,
        "contributions": [
            {
                "part": PART_OF.get(line.name),
                "name": line.name,
                "points": line.points / 100,
                "most": line.most / 100,
                "why": line.says,
            }
            for line in lines
        ],
        "unknown": [line.name for line in gaps],
        "would_raise_it": [{"how": how, "points": value / 100} for how, value in raises.items()],
        "learnt": learnt,
    }
    reasons = []
    for each in parts:
        counted = [line for line in lines if PART_OF.get(line.name) == each["part"] and line.points]
        says = " ".join(f"{points(line.points)} {line.name}: {line.says}" for line in counted)
        sum_ = f"{each['part'].capitalize()} {each['points']:g} of {each['of']}"
        reasons.append(f"{sum_}: {says}" if says else f"{sum_}.")
    reasons += [
        f"{points(line.points)} {line.name}: {line.says}"
        for line in lines
        if line.name not in PART_OF and line.points
    ]
    if gaps and lead.suppressed is None:
        reasons.append(f"Not known, so no points: {listed([line.name for line in gaps])}.")
    reasons += outlook(lead, raises, learnt)
    return StageResult("score", f"{score} ({letter})", numbers, reasons, version, at)


def _texts(
    lead: StoredLead,
    found: Figures,
    more: Known,
    base: tuple[int, ...],
    segment: Segment,
    rules: PointRules,
) -> list[tuple[str, int, str | None]]:
    """(sentence, most points, what would raise it) for each of :data:`NAMES`."""
    points_of = dict(zip(NAMES, base, strict=True))
    signs = signs_of(lead.distress, more, lead.address, lead.state, segment.signs)
    each = [f"{sign} {rules.signs.get(sign, rules.sign_other) // 100}" for sign in signs]
    days = days_owned(more, lead.decision.decided_at)
    price = lead.value if lead.value is not None else more.estimated
    box = f"{money(segment.buy_box_low)} to {money(segment.buy_box_high)}"
    worked = segment.estimate.source.worked
    due = [sign for sign in signs if rules.deadlines.get(sign)]
    codes = lead.warnings.split(",") if lead.warnings else []
    kinds = {"mobile": "is a mobile", "landline": "is a landline", "voip": "is an internet number"}
    return [
        (
            f"{listed(each).capitalize()}{', at most ' + str(rules.signs_most // 100) if sum_over(signs, rules) else ''}."
            if signs
            else "No sign that they may want to sell.",
            rules.signs_most,
            None if signs else "the reason to sell",
        ),
        (
            "It is not known since when they own it."
            if days is None
            else f"Owned for {several(days // 365, 'year')}.",
            rules.owned,
            "the date of the last sale" if days is None else None,
        ),
        (f"On {several(lead.lists, 'list')}.", rules.list_most, None),
        (
            f"Source {lead.source} closes more often than your leads do."
            if points_of["source record"]
            else f"{several(worked, 'lead')} of source {lead.source} worked so far.",
            rules.source,
            None,
        ),
        (
            "The policy names no target market."
            if segment.target is None
            else f"{lead.market or lead.state} is a target market."
            if segment.target
            else f"{lead.market or 'An unknown market'} is not a target market.",
            rules.target,
            None,
        ),
        (
            "The value is not known."
            if price is None
            else f"{money(price)} is {'outside' if points_of['buy box'] else 'inside'} the buy box of {box}.",
            0,
            None,
        ),
        (
            "The equity is not known."
            if more.equity_share is None
            else f"{percent(more.equity_share // 10_000 * 10_000)} of the value is theirs.",
            rules.equity,
            "what is owed on it" if more.equity_share is None else None,
        ),
        (
            "The equity in dollars is not known."
            if more.equity is None
            else f"The equity is {money(more.equity)}.",
            rules.amount,
            "what is owed on it" if more.equity is None else None,
        ),
        _spread(found, rules),
        (
            "Neither asking price nor estimated value is known."
            if price is None
            else f"{'Asks' if lead.value is not None else 'Worth about'} {money(price)}.",
            rules.size,
            "the asking price" if price is None else None,
        ),
        (
            "There is no number to call."
            if lead.phone_key is None
            else f"The number {kinds[more.number_type]}."
            if more.number_type in kinds
            else "It is not known whether the number is a mobile.",
            rules.mobile,
            "a number to call"
            if lead.phone_key is None
            else None
            if more.number_type in kinds
            else "what kind of number it is",
        ),
        (
            f"{several(more.further_numbers, 'further number')} can be called.",
            rules.further_most,
            None if more.further_numbers else "a second number",
        ),
        (
            f"Warnings: {listed(codes)}." if codes else "No quality warning.",
            0,
            "clear the quality warnings" if codes else None,
        ),
        (
            f"Time is short: {listed(due)}." if due else "No deadline is known.",
            max(rules.deadlines.values(), default=0),
            None,
        ),
        (f"Status: {lead.stands.replace('_', ' ')}.", max(rules.conversation.values(), default=0), None),
    ]


def sum_over(signs: tuple[str, ...], rules: PointRules) -> bool:
    """Whether the signs together are worth more than signs can be."""
    return sum(rules.signs.get(sign, rules.sign_other) for sign in signs) > rules.signs_most


def _spread(found: Figures, rules: PointRules) -> tuple[str, int, str | None]:
    if found.spread is None:
        needs = [
            name
            for name, value in (
                ("the ARV", found.arv),
                ("repairs", found.repairs),
                ("the asking price", found.asking),
            )
            if value is None
        ]
        return f"The spread is unknown without {listed(needs)}.", rules.spread, listed(needs)
    if found.spread < 0:
        return (
            f"The asking price is {money(-found.spread)} above the most you can offer.",
            rules.spread,
            "a lower asking price",
        )
    return f"The asking price is {money(found.spread)} below the most you can offer.", rules.spread, None
