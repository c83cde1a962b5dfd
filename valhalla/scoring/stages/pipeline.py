"""The six stages on one lead: the decision in an import, and the reasons when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valhalla.scoring.stages.assignment import decide_assignment, explain_assignment
from valhalla.scoring.stages.clone import explain_clone
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.lead import Decision, StageResult, StoredLead
from valhalla.scoring.stages.outcome import decide_outcome, explain_outcome
from valhalla.scoring.stages.packet import decide_packet, explain_packet, figures
from valhalla.scoring.stages.promotion import decide_promotion, explain_promotion
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.score import decide_base, decide_score, freshness

if TYPE_CHECKING:
    from valhalla.scoring.stages.score_reasons import Contribution

_new = tuple.__new__


def decide(
    row: Row,
    context: Context,
    lists: int = 1,
    since: int | None = None,
    suppressed: str | None = None,
    status: str = "new",
    variant_id: int | None = None,
) -> Decision:
    """All six stages on one lead.

    Beside the row: on how many ``lists`` the lead is, ``since`` when it is known (``created_at``, UTC microseconds; None: it is new
    now), why it is ``suppressed`` (None: it is not), where the conversation stands, and the variant it already has.
    """
    # Unpacking by position costs a third of reading the fields by name.
    (
        _,
        email,
        _,
        value,
        _,
        source,
        market,
        state,
        list_date,
        address,
        arv,
        repairs,
        sqft,
        condition,
        _,
        distress,
        phone_key,
        warnings,
        _,
        identity,
        _,
        _,
        _,
    ) = row
    segment = context.segments.get((source, market, state)) or context.segment(source, market, state)
    bucket: int | None = None
    if suppressed is not None or context.assignment is None:
        variant_id = None
    else:
        variant_id, bucket = decide_assignment(identity, variant_id, context.assignment)
    script_id = decide_promotion(variant_id, segment, context.promotion)
    reachable = phone_key is not None or email is not None
    packet, mao, spread, asking, arv, repairs = decide_packet(
        value, arv, repairs, sqft, condition, address, reachable, segment, context.packet
    )
    expected_value = decide_outcome(spread, segment, context.outcome)
    now = context.now
    if suppressed is None:
        rules = context.score
        parts = decide_base(
            value,
            asking,
            arv,
            repairs,
            spread,
            distress,
            phone_key,
            email,
            warnings,
            lists,
            status,
            segment,
            rules,
        )
        base = sum(parts) if rules.learnt is None else rules.learnt.total(parts)
        if list_date is None:
            list_date = now if since is None else since
        score = decide_score(base, freshness(list_date, now, rules))
    else:
        base = score = 0
    return _new(
        Decision,
        (
            variant_id,
            bucket,
            script_id,
            packet,
            mao,
            spread,
            segment.p_close,
            expected_value,
            segment.clone,
            base,
            score,
            context.policy_version,
            context.snapshot_id,
            now,
        ),
    )


def redecide(lead: StoredLead, context: Context) -> Decision:
    """The decision on a stored lead by the policy and snapshot of ``context``: re-evaluation, and the check of an old one."""
    row = Row(
        name=lead.name,
        email=lead.email,
        phone=lead.phone,
        value=lead.value,
        location=lead.location,
        source=lead.source,
        market=lead.market,
        state=lead.state,
        list_date=lead.list_date,
        address=lead.address,
        arv=lead.arv,
        repairs=lead.repairs,
        sqft=lead.sqft,
        condition=lead.condition,
        beds=lead.beds,
        distress=lead.distress,
        phone_key=lead.phone_key,
        warnings=lead.warnings,
        extras=None,
        identity=lead.identity,
        fingerprint=0,
        line=0,
        aliases=(),
    )
    kept = lead.decision.variant_id
    return decide(row, context, lead.lists, lead.created_at, lead.suppressed, lead.status, kept)


def explain(lead: StoredLead, context: Context) -> list[StageResult]:
    """The six results of a stored lead, in order, worked out again by the code that decided.

    ``context`` is that of the decision: its policy version and snapshot (:func:`valhalla.scoring.store.at`). Results are as of
    the decision, whatever the time of the context.
    """
    from valhalla.scoring.stages.score_reasons import explain_score  # an import gives no reasons

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
    from valhalla.scoring.stages.score_reasons import contributions

    segment = context.segment(lead.source, lead.market, lead.state)
    found = figures(lead, segment, context.packet)
    return contributions(
        lead, found.asking, found.arv, found.repairs, found.spread, segment, context.score, now
    )
