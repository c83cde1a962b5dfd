"""The learnt score, worked out again at most once a day from the leads that have a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valhalla.scoring import sql
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context
from valhalla.scoring.stages.explanation import contributions_of
from valhalla.scoring.stages.learning import today
from valhalla.scoring.stages.learnt_score import Resolved, learn_score, rounded
from valhalla.scoring.stages.packet import figures
from valhalla.scoring.stages.points import NAMES, PointRules
from valhalla.scoring.stages.policy import formula_of
from valhalla.scoring.stages.score import track_points

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
    if known is not None and known.as_of == day and known.formula == formula_of(context.policy):
        return context
    leads = resolved(database, context)
    found = learn_score(leads, context.policy)
    if isinstance(found, str):
        return context
    stages.note_learnt(database, rounded(found, leads, day, formula_of(context.policy)))
    return stages.load(database, context.now)


def state(database: Database, context: Context) -> dict[str, Any]:
    """What a person asks about it: whether there is one, whether it decides, what it weighs, or what is missing."""
    learnt, wanted = context.snapshot.learnt, context.policy["score"]["learnt"]
    if learnt is None or learnt.formula != formula_of(context.policy):
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
    results = {
        lead: result
        for lead, *result in database.sql(sql.RESOLVED, (stages.teaching_origins(database), MOST))
    }
    found = []
    for lead in stages.stored_leads(database, results):
        at, closed, p_close, status = results[lead.id]
        segment = context.segment(lead.source, lead.market, lead.state)
        numbers = figures(lead, segment, context.packet)
        base = list(contributions_of(lead, numbers, segment, context.score, status))
        if isinstance(context.score, PointRules):
            base[NAMES.index("source record")] = 0  # it was judged by later outcomes, too
        else:
            base[0] = track_points(p_close, context.policy)
        found.append(Resolved(tuple(base), at, bool(closed)))
    return found
