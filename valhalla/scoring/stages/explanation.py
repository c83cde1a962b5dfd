"""The six stages on one lead: the reasons for a decision, which an import has no need to load."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from valhalla.program.later import later
from valhalla.scoring.stages import score_reasons
from valhalla.scoring.stages.assignment import explain_assignment
from valhalla.scoring.stages.clone import explain_clone
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.known import known, signs_of
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.outcome import explain_outcome
from valhalla.scoring.stages.packet import Figures, explain_packet, figures
from valhalla.scoring.stages.point_lines import base_of, explain_points, point_lines
from valhalla.scoring.stages.points import PointRules
from valhalla.scoring.stages.promotion import explain_promotion
from valhalla.scoring.stages.reasons import Reason, codes, facts, reasons
from valhalla.scoring.stages.score import ScoreRules, decide_score, freshness
from valhalla.scoring.stages.score_reasons import Contribution, contributions, explain_score
from valhalla.scoring.stages.segment import Segment
from valhalla.scoring.stages.shares import Counts

if TYPE_CHECKING:
    from valhalla.scoring.stages import calling
else:
    calling = later("valhalla.scoring.stages.calling")


def explain(lead: StoredLead, context: Context) -> list[StageResult]:
    """The six results of a stored lead, in order, worked out again by the code that decided.

    ``context`` is that of the decision: its policy version and snapshot (:func:`valhalla.scoring.store.at`). Results are as of
    the decision, whatever the time of the context.
    """
    version = context.policy_version
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    return [
        explain_assignment(lead, context.assignment, version),
        explain_promotion(lead, segment, context.promotion, context.snapshot, version),
        explain_packet(lead, segment, context.packet, version),
        explain_outcome(lead, found.spread, segment, context.outcome, version),
        explain_clone(lead, segment.readiness, version),
        explain_points(lead, found, segment, context.score, version)
        if isinstance(context.score, PointRules)
        else explain_score(lead, found, segment, context.score, version),
    ]


def score_lines(lead: StoredLead, context: Context, now: int) -> list[Contribution]:
    """The contributions to a stored lead's score as of ``now``; for the call list."""
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    if isinstance(context.score, PointRules):
        return point_lines(lead, found, segment, context.score, now)
    return contributions(lead, found, segment, context.score, now)


def score_of(lead: StoredLead, context: Context, now: int) -> int:
    """A stored lead's score as of ``now``, what :func:`score_lines` add up to: for anyone who shows no line of it."""
    if lead.suppressed is not None:
        return 0
    rules = context.score
    since = lead.created_at if lead.list_date is None and rules.fresh_without_date else lead.list_date
    return decide_score(lead.decision.score_base, 0 if since is None else freshness(since, now, rules))


def reasons_of(
    lead: StoredLead,
    context: Context,
    lines: Sequence[Contribution],
    counts: Counts,
    now: int,
    promise: tuple[str, int] | None = None,
) -> list[Reason]:
    """The three reasons for a stored lead, as of ``now``. ``lines`` are those of :func:`score_lines`; ``promise``: what was
    promised next, its kind and time. By formula 1 they are the sentences of the score that say most."""
    if lead.suppressed is not None or not isinstance(context.score, PointRules):
        names = {line.says: line.name for line in lines}
        return [Reason("", names[says].replace(" ", "_"), says) for says in calling.three_reasons(lines)]
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    base = base_of(lead, found, segment, context.score)
    fresh = next((line.points for line in lines if line.name == "freshness"), 0)
    return reasons(lead, found, base, fresh, segment, context.score, counts, now, promise)


def codes_of(lead: StoredLead, context: Context, now: int) -> tuple[set[str], int]:
    """Every reason code that is true of a stored lead, and its score as of ``now``: what shares are counted from. Formula 2."""
    rules = context.score
    if not isinstance(rules, PointRules):
        raise TypeError("formula 1 has no shares")
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    base = base_of(lead, found, segment, rules)
    more = known(lead.details, lead.phone_key)
    signs = signs_of(lead.distress, more, lead.address, lead.state, segment.signs)
    fresh = 0 if lead.list_date is None else freshness(lead.list_date, now, rules)
    total = sum(base) if rules.learnt is None else rules.learnt.total(base)
    every = facts(lead, found, more, signs, base, fresh, rules, now)
    return codes(every), decide_score(total, fresh)


def contributions_of(
    lead: StoredLead, found: Figures, segment: Segment, rules: ScoreRules | PointRules, status: str
) -> tuple[int, ...]:
    """The contributions that time does not change, by the formula of ``rules``, as if the lead had this status."""
    if isinstance(rules, PointRules):
        return base_of(lead, found, segment, rules, status)
    return score_reasons.base_of(lead, found, segment, rules, status)
