"""A lead that a person types: the rules, identity and stages of a list of one row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from db import Database, audit
from valhalla.intake import sql
from valhalla.intake.plan import Reading, plan_chunk
from valhalla.intake.reading import Chunk, Position, Profile, Reject
from valhalla.intake.reading.single import read_lead
from valhalla.intake.records import add_source
from valhalla.intake.store import header_id, store_plan
from valhalla.leads import sql as leads_sql
from valhalla.leads import suppression
from valhalla.leads.editing import overrule, split_place
from valhalla.leads.suppression import Suppression
from valhalla.program.errors import UsageError
from valhalla.scoring import store as stages
from valhalla.scoring.stages.row import CONTENT, Row

SOURCE = "by hand"
PATH = "(by hand)"


@dataclass(frozen=True)
class Added:
    """The lead, and what became of it: new, updated, unchanged or duplicate."""

    lead_id: int
    what: str


def add_lead(database: Database, lead: Mapping[str, Any], *, actor: str = "operator") -> Added:
    """Store one lead given by field name; further names become extra columns. Audited and durable.

    A person's word counts: what they type replaces what a list said. Raises :class:`UsageError` with the sentence of
    the rule that it breaks. With an asking price a name and an e-mail address or phone are needed, as in the documents' lists;
    without one, or with an address, it is a lead of the trade: a name or an address is enough.
    """
    lead = _with_place(lead)
    of_trade = lead.get("address") or not lead.get("value")
    profile = Profile(contact="either")
    row, warnings, columns = read_lead(lead, profile.lenient() if of_trade else profile, source=SOURCE)
    if isinstance(row, Reject):
        raise UsageError(row.message)
    now = database.clock()
    with database.write(durable=True):
        source_id = add_source(database, SOURCE).id
        database.sql(sql.ADD_FILE, (PATH, source_id))
        file_id = database.value(sql.LIST_BY_HAND, (source_id,))
        start = Position().to_json()
        import_id = database.value(sql.START, (file_id, source_id, PATH, "whole", start, start, "{}", now))
        number = header_id(database, columns.extras) if columns.extras else None
        line = database.value(sql.COUNT_IMPORTS, (file_id,))
        row = row._replace(line=line)
        reading = Reading(import_id, file_id, source_id, number, now, tail=True, merge="replace")
        _as_if_new(database, row.identity, row.fingerprint, file_id)
        found, what = store_row(database, row, reading, suppression.load(database), warnings=warnings)
        overrule(
            database, found, [name for name, value in zip(CONTENT, row, strict=False) if value is not None]
        )
        audit.append(database, "lead.add", f"lead:{found}", {"import": import_id, "what": what}, actor=actor)
    return Added(found, what)


def store_row(
    database: Database, row: Row, reading: Reading, known: Suppression, **more: Any
) -> tuple[int, str]:
    """Store the one row of an import that has begun, and end that; the lead, and what became of it. ``more`` of the :class:`Chunk`.
    Inside the caller's transaction."""
    chunk = Chunk(Position(), Position(0, 2, 1), accepted=[row], **more)
    context = stages.load(database, reading.started_at)
    plan = plan_chunk(database, [row], reading, context, known)
    counts, number = plan.counts, reading.import_id
    database.sql(
        sql.ADVANCE,
        (
            *(chunk.end.to_json(), "", 1, counts.new, counts.updated, counts.unchanged, counts.duplicate),
            *(0, 0, "[]", number, chunk.start.to_json()),
        ),
    )
    store_plan(database, chunk, plan, reading, context)
    database.sql(sql.FINISH, (reading.started_at, number))
    database.sql(sql.CLEAR_SEEN, (number,))
    lead = plan.leads[0][0] if plan.leads else database.value(leads_sql.LEAD_OF_KEY, (row.identity,))
    return int(lead or 0), next(name for name, count in vars(counts).items() if count)


def _with_place(lead: Mapping[str, Any]) -> dict[str, Any]:
    """An address that ends in city and state, cut into both."""
    found = dict(lead)
    if found.get("address") and not any(found.get(name) for name in ("location", "city", "state", "zip")):
        street, place = split_place(str(found["address"]))
        if place:
            found |= {"address": street, "location": place}
    return found


def _as_if_new(database: Database, identity: int, fingerprint: int, file_id: int) -> None:
    """What a person types counts also when they typed the same before and something else has been said since."""
    lead = database.value(leads_sql.LEAD_OF_KEY, (identity,))
    if lead is not None:
        database.sql(sql.FORGET_FINGERPRINT, (lead, file_id))
        database.sql(sql.FORGET_SIGHTED, (lead, file_id))
        database.sql(leads_sql.DROP_OVERTAKEN, (lead, fingerprint))
