"""The six stages on one lead: the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from valhalla.scoring.stages.assignment import decide_assignment
from valhalla.scoring.stages.compiled import Context
from valhalla.scoring.stages.known import NOTHING, known
from valhalla.scoring.stages.lead import STORED, Decision, StoredLead
from valhalla.scoring.stages.outcome import decide_outcome
from valhalla.scoring.stages.packet import decide_packet
from valhalla.scoring.stages.points import PointRules, decide_points
from valhalla.scoring.stages.promotion import decide_promotion
from valhalla.scoring.stages.row import Row
from valhalla.scoring.stages.score import decide_base, decide_score, freshness

_new = tuple.__new__

_WITH_VARIANT = STORED.index("variant_id") + 1


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
    return redecide_columns((*lead[:-1], *lead.decision), context)


def redecide_columns(columns: Sequence[Any], context: Context) -> Decision:
    """:func:`redecide` for the columns :data:`valhalla.scoring.stages.lead.STORED` of a lead, and whatever comes behind them. Of a
    million leads, making a :class:`StoredLead` of each takes half as long as deciding on it."""
    (
        _,
        identity,
        *read,
        person,
        lists,
        created_at,
        status,
        _,
        _,
        _,
        suppressed,
        standing,
        details,
        kept,
    ) = columns[:_WITH_VARIANT]
    row = _new(Row, (*read, None, details, person, identity, 0, 0, (), ()))
    if standing is not None and isinstance(context.score, PointRules):
        status = standing
    return decide(row, context, lists, created_at, suppressed, status, kept)
