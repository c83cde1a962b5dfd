"""What a list brought: people, those who can be called, those who need a number, and the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from valhalla.leads import sql

if TYPE_CHECKING:
    from db import Database


class Brought(NamedTuple):
    """Leads that an import made, or about which it said something new."""

    leads: int
    callable: int
    """With a number that may be dialed, not on do-not-contact, and not over."""
    needs_number: int
    """Not on do-not-contact, and without such a number."""
    kept_out: int
    best: int | None
    """The callable lead with the highest score."""
    houses: int
    """With an address."""


def brought(database: Database, import_id: int) -> Brought:
    """Count them; reads all leads of the import, so ask outside of a page for a large one."""
    counts = database.one(sql.BROUGHT, (import_id,))
    assert counts is not None
    best = database.value(sql.BEST_BROUGHT, (import_id,))
    leads, calls, bare, out, houses = counts
    return Brought(leads, calls, bare, out, best, houses)
