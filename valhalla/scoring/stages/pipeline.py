"""The six stages on one lead: the decision."""

from __future__ import annotations

from valhalla.scoring.stages.assignment import decide_assignment
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.known import NOTHING, known
from valhalla.scoring.stages.lead import Decision, StoredLead
from valhalla.scoring.stages.outcome import decide_outcome
from valhalla.scoring.stages.packet import decide_packet
from valhalla.scoring.stages.points import PointRules, decide_points
from valhalla.scoring.stages.promotion import decide_promotion
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.score import decide_base, decide_score, freshness

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

    In addition to the row: on how many ``lists`` the lead is, ``since`` when it is known (``created_at``, UTC microseconds; None: it is new
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
        details,
        person,
        identity,
        _,
        _,
        _,
        _,
    ) = row
    segment = context.segments.get((source, market, state)) or context.segment(source, market, state)
    bucket: int | None = None
    if suppressed is not None or context.assignment is None:
        variant_id = None
    else:
        variant_id, bucket = decide_assignment(
            identity if person is None else person, variant_id, context.assignment
        )
    script_id = decide_promotion(variant_id, segment, context.promotion)
    reachable = phone_key is not None or email is not None
    packet, mao, spread, asking, arv, repairs = decide_packet(
        value, arv, repairs, sqft, condition, address, reachable, segment, context.packet
    )
    expected_value = decide_outcome(spread, segment, context.outcome)
    now = context.now
    rules = context.score
    if suppressed is not None:
        base = score = 0
    elif isinstance(rules, PointRules):
        more = NOTHING if details is None else known(details, phone_key)
        parts = decide_points(
            value,
            spread,
            distress,
            address,
            state,
            warnings,
            lists,
            status,
            more,
            segment,
            rules,
            now,
        )
        base = sum(parts) if rules.learnt is None else rules.learnt.total(parts)
        score = decide_score(base, 0 if list_date is None else freshness(list_date, now, rules))
    else:
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
        details=lead.details,
        person=lead.person,
        identity=lead.identity,
        fingerprint=0,
        line=0,
        aliases=(),
    )
    kept = lead.decision.variant_id
    status = lead.stands if isinstance(context.score, PointRules) else lead.status
    return decide(row, context, lead.lists, lead.created_at, lead.suppressed, status, kept)
