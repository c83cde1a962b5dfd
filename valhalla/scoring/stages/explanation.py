"""The six stages on one lead: the reasons for a decision, which an import has no need to load."""

from __future__ import annotations

from valhalla.scoring.stages.assignment import explain_assignment
from valhalla.scoring.stages.clone import explain_clone
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.lead import StageResult, StoredLead
from valhalla.scoring.stages.outcome import explain_outcome
from valhalla.scoring.stages.packet import explain_packet, figures
from valhalla.scoring.stages.promotion import explain_promotion
from valhalla.scoring.stages.score_reasons import Contribution, contributions, explain_score


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
        explain_score(
            lead, found.asking, found.arv, found.repairs, found.spread, segment, context.score, version
        ),
    ]


def score_lines(lead: StoredLead, context: Context, now: int) -> list[Contribution]:
    """The contributions to a stored lead's score as of ``now``; for the call list."""
    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    return contributions(
        lead, found.asking, found.arv, found.repairs, found.spread, segment, context.score, now
    )
