"""Making a lead's packet: from what the file says now, kept as long as that stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from db import Database, audit
from valhalla.intake.models import Import
from valhalla.leads.buyers import wishes
from valhalla.leads.call_list import top
from valhalla.leads.speech import spoken
from valhalla.leads.view import Record, Viewer
from valhalla.program import settings
from valhalla.reports import models, sql
from valhalla.scoring.models import Script
from valhalla.scoring.stages.calling import CallingRules, NextAction, wait_after
from valhalla.scoring.stages.lead import StoredLead
from valhalla.scoring.stages.packet_document import document, earns_packet

NOT_INPUT = ("snapshot_id", "policy_version")
"""What may differ without the packet saying anything new."""

STEPS = 3
"""How many of the next tries a packet lists."""


class Packet(NamedTuple):
    """A packet in the file."""

    id: int
    lead_id: int
    body: dict[str, Any]
    created_at: int
    """UTC microseconds."""
    new: bool
    """Whether it was made just now; otherwise nothing has changed since it was."""


def make(database: Database, viewer: Viewer, lead_id: int) -> Packet:
    """The packet of a lead as of now; a new one is stored only when it says something new.

    Raises :class:`valhalla.program.errors.NotFound` when there is no such lead.
    """
    record = viewer.record(lead_id)
    body = compose(database, viewer, record)
    known = latest(database, lead_id)
    if known is not None and same(known.body, body):
        return known
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    with database.write():
        now = database.clock()
        number = models.Packet.insert(
            lead_id=lead_id,
            status=body["status"],
            body=text,
            policy_version=body["policy_version"],
            created_at=now,
        ).execute(database)
        entry = {"packet": number, "status": body["status"], "digest": sha256(text.encode()).hexdigest()}
        audit.append(database, "packet.make", f"lead:{lead_id}", entry)
    return Packet(number, lead_id, body, now, True)


def latest(database: Database, lead_id: int) -> Packet | None:
    """The newest packet of a lead that is in the file."""
    of_lead = models.Packet.select().where(models.Packet.lead_id == lead_id)
    row = of_lead.order_by(models.Packet.id.desc()).first(database)
    if row is None:
        return None
    number, body, made_at = row.id, row.body, row.created_at
    return Packet(number, lead_id, json.loads(body), made_at, False)


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two packets say the same, whatever version of the rules they were made by."""
    left, right = ({k: v for k, v in each.items() if k not in NOT_INPUT} for each in (one, other))
    return bool(left == json.loads(json.dumps(right)))


def compose(database: Database, viewer: Viewer, record: Record) -> dict[str, Any]:
    """The document. It depends on the lead, the rules, the buyers and the script, not on the time of day."""
    lead, where = record.lead, record.provenance
    body = document(
        lead,
        viewer.context(lead),
        wishes(database),
        ahead(lead, viewer.calling),
        {
            "file": _path_of(database, where.import_id) if where.import_id else None,
            "line": where.line,
            "import": where.import_id,
        },
        _closing(record.extra),
        record.details.get("loans"),
        record.details.get("estimated_value"),
    )
    if body["script"] is not None:
        script = Script.select(Script.body).where(Script.id == body["script"]["id"])
        text = script.scalar(database) or ""
        body["script"]["text"] = spoken(text, lead, settings.value(database, "my.name"))
    return body


def ahead(lead: StoredLead, rules: CallingRules) -> list[NextAction]:
    """The next tries on the ladder and when they are due; None is at once."""
    if lead.suppressed is not None or lead.status in ("won", "lost", "dead", "opted_out"):
        return []
    actions: list[NextAction] = []
    due = None if lead.last_contact is None else lead.last_contact + wait_after(lead.contacts, rules)
    if lead.hold_until is not None:
        due = max(due or 0, lead.hold_until)
    for step in range(lead.contacts, lead.contacts + STEPS):
        channel = rules.ladder[step][1] if step < len(rules.ladder) else "call"
        says = f"Try {step + 1} of {len(rules.ladder)}." if step < len(rules.ladder) else "After the ladder."
        actions.append(NextAction("follow up" if step else "call now", channel, says, due))
        if due is None:
            days = rules.ladder[step + 1][0] if step + 1 < len(rules.ladder) else 30
            says_when = "the same day" if days == 0 else f"on day {days}"
            actions[-1] = actions[-1]._replace(why=f"{says} The next try is {says_when}.")
            break
        due += wait_after(step + 1, rules)
    return actions


def wanted(database: Database, viewer: Viewer, count: int) -> list[int]:
    """Leads whose packet should be at hand: the first ``count`` of the call list that earn one."""
    if count <= 0:
        return []
    records = top(database, viewer, count)
    return [each.lead.id for each in records if earns_packet(each.lead, viewer.context(each.lead))]


def _path_of(database: Database, import_id: int) -> str | None:
    """The list of an import."""
    path = Import.select(Import.path).where(Import.id == import_id).scalar(database)
    return None if path is None else str(path)


def outdated(database: Database, limit: int = 200) -> list[int]:
    """Leads whose packet was made before they last changed."""
    return [number for (number,) in database.sql(sql.OUTDATED, (limit,))]


def _closing(extra: Mapping[str, str]) -> str | None:
    for name, value in extra.items():
        if "clos" in name.lower() and value.strip():
            return value.strip()
    return None
