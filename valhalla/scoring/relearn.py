"""The learnt score, worked out anew at most once a day from the leads that have a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.scoring import sql
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context
from valhalla.scoring.stages.learning import today
from valhalla.scoring.stages.learnt_score import Resolved, learn_score, rounded
from valhalla.scoring.stages.packet import figures
from valhalla.scoring.stages.score import decide_base, track_points

if TYPE_CHECKING:
    from db import Database

MOST = 5_000
"""It is learnt from so many leads, the newest: about a third of a second."""


def relearn(database: Database, context: Context) -> Context:
    """``context`` with the score learnt today; the same one when it was, when the policy wants none, or when there are too few
    results. Outside of a write transaction: it takes its time."""
    if context.policy["score"]["learnt"] == "off":
        return context
    day, known = today(context.now), context.snapshot.learnt
    if known is not None and known.as_of == day:
        return context
    leads = resolved(database, context)
    found = learn_score(leads, context.policy)
    if isinstance(found, str):
        return context
    stages.note_learnt(database, rounded(found, leads, day))
    return stages.load(database, context.now)


def state(database: Database, context: Context) -> dict[str, Any]:
    """What a person asks about it: whether there is one, whether it decides, what it weighs, or what is missing."""
    learnt, wanted = context.snapshot.learnt, context.policy["score"]["learnt"]
    if learnt is None:
        found = learn_score(resolved(database, context), context.policy)
        why = (
            found if isinstance(found, str) else "It is learnt in the coming night, or with the next outcome."
        )
        return {"learnt": False, "used": False, "wanted": wanted, "why": why}
    return {
        "learnt": True,
        "used": context.score.learnt is not None,
        "wanted": wanted,
        "why": learnt.says,
        **learnt._asdict(),
    }


def resolved(database: Database, context: Context) -> list[Resolved]:
    """The newest leads with a result, as the rules saw them before it: with the source's record of then and the stage they had come
    to."""
    results = {lead: result for lead, *result in database.sql(sql.RESOLVED, (MOST,))}
    found = []
    for lead in stages.stored_leads(database, results):
        at, closed, p_close, status = results[lead.id]
        segment = context.segment(lead.source, lead.market, lead.state)
        numbers = figures(lead, segment, context.packet)
        base = decide_base(
            lead.value,
            numbers.asking,
            numbers.arv,
            numbers.repairs,
            numbers.spread,
            lead.distress,
            lead.phone_key,
            lead.email,
            lead.warnings,
            lead.lists,
            status,
            segment,
            context.score,
        )
        found.append(Resolved((track_points(p_close, context.policy), *base[1:]), at, bool(closed)))
    return found
