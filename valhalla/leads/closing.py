"""How a deal ends: assigned to a buyer, closed, or lost. Each is an outcome of its lead, from which the deal follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from db import Database
from jobs import JobId
from valhalla.leads import deals
from valhalla.leads.deals import Deal
from valhalla.leads.outcomes import Outcome, Recorder
from valhalla.program.errors import UsageError
from valhalla.scoring.jobs import Reevaluating


class Ended(NamedTuple):
    """A deal that has ended, and the outcome that says so; None: nothing had to be recorded."""

    deal: Deal
    outcome: int | None


def assign(
    reevaluating: Reevaluating,
    lead_id: int,
    *,
    fee: int | None = None,
    terms: Mapping[str, Any] | None = None,
    at: int | None = None,
    actor: str = "operator",
) -> tuple[Ended, JobId | None]:
    """The contract was assigned to a buyer: ``fee`` in cents (None: what is left between contract and buyer's price, where both
    are known), ``terms`` as of :func:`valhalla.leads.deals.typed_terms`. All of it, on the disk, or nothing.

    Returns the deal and the job of the re-evaluation that the outcome calls for.
    """

    def change(database: Database) -> Ended:
        _open(database, lead_id)
        if terms:
            deals.put_terms(database, lead_id, terms, actor=actor)
        return _won(database, lead_id, fee, "assigned", at, actor)

    return reevaluating.after(change)


def close(
    reevaluating: Reevaluating,
    lead_id: int,
    *,
    fee: int | None = None,
    at: int | None = None,
    actor: str = "operator",
) -> tuple[Ended, JobId | None]:
    """The deal closed. One that was assigned before keeps its fee and date; it is only called closed from now on."""

    def change(database: Database) -> Ended:
        deal = deals.deal_of(database, lead_id)
        if deal.state != "assigned":
            _open(database, lead_id)
            return _won(database, lead_id, fee, "closed", at, actor)
        if fee is not None and fee != deal.fee:
            raise UsageError(
                f"the fee was recorded when it was assigned; undo that first (see: valhalla outcome list {lead_id})"
            )
        return Ended(deals.call_won(database, deal, "closed", actor=actor), None)

    return reevaluating.after(change)


def lose(
    reevaluating: Reevaluating,
    lead_id: int,
    *,
    reason: str | None = None,
    at: int | None = None,
    actor: str = "operator",
) -> tuple[Ended, JobId | None]:
    """The deal fell through."""

    def change(database: Database) -> Ended:
        _open(database, lead_id)
        when = database.clock() if at is None else at
        recorded = Recorder(database, actor).record(Outcome(lead_id, "lost", when, reason=reason or None))
        return Ended(deals.deal_of(database, lead_id), recorded.id)

    return reevaluating.after(change)


def _open(database: Database, lead_id: int) -> Deal:
    deal = deals.deal_of(database, lead_id)
    if deal.ended_at is not None:
        raise UsageError(
            f"the deal on lead {lead_id} is {deal.state} already; a mistake is undone with: valhalla outcome undo NUMBER "
            f"(see: valhalla outcome list {lead_id})"
        )
    return deal


def _won(database: Database, lead_id: int, fee: int | None, won_as: str, at: int | None, actor: str) -> Ended:
    deal = deals.deal_of(database, lead_id)
    if fee is None and deal.spread is not None and deal.spread > 0:
        fee = deal.spread
    when = database.clock() if at is None else at
    recorded = Recorder(database, actor).record(Outcome(lead_id, "won", when, amount=fee or None))
    deal = deals.call_won(database, deals.deal_of(database, lead_id), won_as, actor=actor)
    return Ended(deal, recorded.id)
