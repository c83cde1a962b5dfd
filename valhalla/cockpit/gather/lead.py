"""One lead: everything that is known about it, and what it was decided by."""

from __future__ import annotations

from typing import Any

from db.clock import iso
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit
from valhalla.effects import register
from valhalla.leads import deals, facts, merge, numbers, working
from valhalla.leads.search import same_number
from valhalla.leads.view import Record
from valhalla.program import settings
from valhalla.program.wording import money
from valhalla.reports import packet as making
from valhalla.reports import timeline
from valhalla.scoring.stages import STAGES
from valhalla.scoring.stages.packet_document import earns_packet

MONEY = ("value", "arv", "repairs", "mao", "spread", "expected_value")
MOMENTS = ("list_date", "last_contact", "hold_until", "created_at", "updated_at", "decided_at")
INNER = (
    "identity",
    "fingerprint",
    "header_id",
    "file_id",
    "import_id",
    "last_import_id",
    "line",
    "phone_key",
    "extras",
    "details",
)
"""Columns that say nothing to a person."""


def gather(cockpit: Cockpit, lead_id: int) -> dict[str, Any]:
    """Everything about one lead. Raises :class:`NotFound`."""
    database = cockpit.database
    with database.view():
        viewer = viewer_of(database)
        record = viewer.record(lead_id)
        lead = record.lead
        whole = timeline.whole_lead(viewer, record)
        titles = dict(STAGES)
        for stage in whole["stages"]:
            stage["title"] = titles[stage["stage"]]
        for item in whole["history"]:
            item["before"] = _before(item["before"])
        packet = making.latest(database, lead_id)
        return {
            **whole,
            "market": lead.market,
            "suppressed": lead.suppressed,
            "contacts": lead.contacts,
            "last_contact": iso(lead.last_contact) if lead.last_contact is not None else None,
            "hold_until": iso(lead.hold_until) if lead.hold_until is not None else None,
            "fields": _fields(record, whole),
            "same_contact": same_number(database, lead.phone_key),
            "packet": None
            if packet is None
            else {"id": packet.id, "status": packet.body["status"], "made_at": iso(packet.created_at)},
            "earns_packet": earns_packet(lead, viewer.context(lead)),
            "script": working.script(database, lead, settings.value(database, "my.name")),
            "standing": lead.standing,
            "deals": deals.shown(database, lead_id),
            "tried": [each.to_json() for each in numbers.of_lead(database, lead_id)],
            "duplicates": [each._asdict() for each in merge.duplicates_of(database, lead_id, lead.phone_key)],
            "effects": [
                {**each._asdict(), "drafted_at": iso(each.drafted_at)}
                for each in register.of_lead(database, lead_id)
            ],
        }


def _fields(record: Record, known: dict[str, Any]) -> list[dict[str, Any]]:
    """What was read of the lead, in the order in which a person asks for it; ``kind`` says how it is written."""
    lead = record.lead
    rows: list[tuple[str, str, Any]] = [
        *facts.labelled(known),
        ("location", "text", lead.location),
        ("on the list since", "day", iso(lead.list_date)[:10] if lead.list_date is not None else None),
        ("source", "text", lead.source),
        *((name, "text", value) for name, value in record.extra.items()),
    ]
    return [{"name": name, "kind": kind, "value": value} for name, kind, value in rows]


def _before(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of a lead before a change, as a person reads them."""
    rows = []
    for name, value in columns.items():
        if name in INNER:
            continue
        if value is not None and name in MONEY:
            value = money(value)
        elif value is not None and name in MOMENTS:
            value = iso(value)[:16].replace("T", " ")
        rows.append({"name": name.replace("_", " "), "value": None if value is None else str(value)})
    return rows
