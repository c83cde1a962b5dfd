"""The generation of the leads: a number that grows with every change to them, by which a plan or a figure that was made
before shows that it is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valhalla.leads import sql

if TYPE_CHECKING:
    from db import Database


def touched(database: Database) -> None:
    """Leads were changed. Call it in the transaction that changes them."""
    database.sql(sql.MOVE_GENERATION)
