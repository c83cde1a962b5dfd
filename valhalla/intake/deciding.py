"""Deciding on what lists ask for: changes of leads, and another owner of a house.

Another owner, confirmed, means that the house was sold: the old lead ends as sold and keeps its history, its opt-out and its score;
a new one begins with what the list says of the new owner, and nothing of the old one's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.intake import sql
from valhalla.intake.plan import Reading, plan_chunk
from valhalla.intake.reading import Chunk, Position
from valhalla.intake.store import store_plan
from valhalla.leads import review, suppression
from valhalla.leads import sql as leads_sql
from valhalla.leads.generation import touched
from valhalla.leads.identity import UNIT, key
from valhalla.leads.outcomes import Outcome, Recorder
from valhalla.scoring import store as stages
from valhalla.scoring.stages.row import Row

if TYPE_CHECKING:
    from db import Database

OVER = ("won", "lost", "sold", "dead")


def decide_all(
    database: Database, change_ids: Iterable[int], *, accepted: bool, actor: str = "operator"
) -> list[int]:
    """Accept or decline changes, all of them or none; durable. Returns the leads that were changed, or that stay: of a house with
    another owner the new lead. Raises :class:`valhalla.program.errors.NotFound`."""
    with database.write(durable=True):
        return [_decide(database, number, accepted, actor) for number in dict.fromkeys(change_ids)]


def decide_import(
    database: Database, import_id: int, *, accepted: bool, actor: str = "operator"
) -> list[int]:
    """The same for everything that one import asks for."""
    with database.write(durable=True):
        numbers = [number for (number,) in database.sql(sql.CHANGES_OF_IMPORT, (import_id,))]
        done = decide_all(database, numbers, accepted=accepted, actor=actor)
        audit.append(
            database,
            "lead.changes",
            f"import:{import_id}",
            {"changes": len(done), "accepted": accepted},
            actor=actor,
        )
    return done


def _decide(database: Database, change_id: int, accepted: bool, actor: str) -> int:
    if not accepted:
        return review.decline(database, change_id, actor)
    found = review.new_owner(database, change_id)
    if found is None:
        return review.accept(database, change_id, actor)
    return _begin(database, change_id, *found, actor=actor)


def _begin(database: Database, change_id: int, old: int, said: dict[str, Any], *, actor: str) -> int:
    """End the old lead as sold, and make one of the row that named another owner."""
    now = database.clock()
    keys = tuple(said["aliases"]), tuple(said["people"])
    row = Row._make([*said["row"], said["identity"], said["fingerprint"], said["line"], *keys])
    number, header, names, source, file = database.sql(sql.IMPORT_OF_CHANGE, (change_id,))[0]
    # The house is found by its keys, and from now on it is the new owner's.
    own = [row.identity, *row.aliases]
    database.sql(sql.FREE_KEYS, (old, json.dumps(own)))
    if database.value(sql.IDENTITY_OF, (old,)) in own:
        other = key(f"sold{UNIT}{old}{UNIT}{row.identity}")
        database.sql(sql.MOVE_IDENTITY, (other, old))
        database.sql(sql.ADD_KEY, (other, old, 0))
    touched(database)
    reading = Reading(number, file, source, header if names is not None else None, now, tail=True)
    chunk = Chunk(Position(), Position(), accepted=[row])
    context = stages.load(database, now)
    plan = plan_chunk(database, [row], reading, context, suppression.load(database))
    store_plan(database, chunk, plan, reading, context)
    lead = plan.leads[0][0] if plan.leads else database.value(leads_sql.LEAD_OF_KEY, (row.identity,))
    status = database.value(sql.STATUS_OF, (old,))
    if status not in OVER:
        Recorder(database, actor).record(Outcome(old, "sold", now, reason="a list names another owner"))
    database.sql(leads_sql.DECIDE_CHANGE, ("accepted", now, actor, change_id))
    audit.append(database, "lead.new_owner", f"lead:{old}", {"change": change_id, "lead": lead}, actor=actor)
    return int(lead)
