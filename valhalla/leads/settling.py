"""Where a lead stands after something was recorded, undone or promised, and the decision that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.clock import DAY
from valhalla.leads import lookup, numbers, promise_fates, sql, suppression
from valhalla.leads.generation import touched
from valhalla.leads.standing import Event, Standing, standing
from valhalla.leads.suppression import OPTED_OUT
from valhalla.program import settings
from valhalla.program.errors import NotFound
from valhalla.scoring import store as stages
from valhalla.scoring.stages import Context, StoredLead, redecide
from valhalla.scoring.stages.lead import SHOWN, STORED

if TYPE_CHECKING:
    from db import Database


class Settler:
    """Settles leads one after the other; keeps what many of them need. Use it inside ``database.write()``."""

    def __init__(self, database: Database, actor: str = "operator") -> None:
        self.database = database
        self.actor = actor
        self._ask_again: int | None = None

    def settle(self, lead_id: int, cause: str = "promise") -> tuple[Standing, str | None]:
        """Work out where the lead stands from all that stands about it, and decide on it again by what decided on it before;
        what this has taught about others is for the re-evaluation. Returns the standing, and why the lead is suppressed."""
        database = self.database
        numbers.put_marks(database, lead_id, self.actor, cause)
        lead = read_lead(database, lead_id)
        promised = promise_fates.settle(database, lead_id)
        events = [Event(*row) for row in database.sql(sql.EVENTS_OF_LEAD, (lead_id,))]
        now_at = standing(events, promised, ask_again=self._ask_again_after())
        suppressed = lead.suppressed
        if now_at.status == "opted_out" or self._owner_opted_out(lead):
            suppressed = suppressed or OPTED_OUT
        elif suppressed == OPTED_OUT:  # the list may keep them out all the same
            suppressed = suppression.load(database).reason(lookup.reach_of(database, lead_id))
        moved = lead._replace(**now_at._asdict(), suppressed=suppressed)
        decision = redecide(moved, decided_by(database, lead))
        database.sql(sql.SETTLE_LEAD, (*now_at, suppressed, *decision, lead_id))
        touched(database)
        return now_at, suppressed

    def _owner_opted_out(self, lead: StoredLead) -> bool:
        return lead.person is not None and bool(self.database.value(sql.OWNER_OPTED_OUT, (lead.person,)))

    def _ask_again_after(self) -> int:
        if self._ask_again is None:
            self._ask_again = settings.value(self.database, "ask_again_days") * DAY
        return self._ask_again


def decided_by(database: Database, lead: StoredLead) -> Context:
    """What decided on a lead, as of now."""
    decision = lead.decision
    return stages.at(database, decision.policy_version, decision.snapshot_id, now=database.clock())


def read_lead(database: Database, lead_id: int) -> StoredLead:
    """One lead as the stages read it; :class:`NotFound` when there is none with this number."""
    row = database.one(sql.ONE, (lead_id,))
    if row is None:
        raise NotFound(f"there is no lead {lead_id}; see: valhalla leads list")
    return StoredLead.from_columns(dict(zip((*STORED, *SHOWN), row, strict=True)))
