"""Everything that happened to a lead in one order, the newest first: calls, promises, notes, lists, changes, effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from db.clock import iso
from valhalla.effects import register
from valhalla.leads import consent, notes, promises, when
from valhalla.leads.contacts import phone_text
from valhalla.leads.outcome_history import outcomes_of
from valhalla.leads.standing import PROMISED
from valhalla.program.wording import dollars, money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db import Database
    from valhalla.leads.view import Record, Viewer

KINDS = ("call", "promise", "note", "list", "change", "effect")

INNER = frozenset(
    {
        *(
            "identity",
            "fingerprint",
            "header_id",
            "file_id",
            "import_id",
            "last_import_id",
            "line",
            "phone_key",
        ),
        *("extras", "details", "kept", "person"),
    }
)
"""Columns that say nothing to a person."""

_MONEY = frozenset({"value", "arv", "repairs", "mao", "spread", "expected_value"})
_MOMENTS = frozenset({"list_date", "last_contact", "hold_until", "created_at", "updated_at", "decided_at"})


class Happened(NamedTuple):
    """One line of a timeline."""

    at: str
    kind: str
    says: str
    detail: str | None = None
    by: str | None = None
    undone: bool = False
    undo: int | None = None
    """The number of an outcome that can be undone."""


def whole_lead(viewer: Viewer, record: Record) -> dict[str, Any]:
    """Everything about a lead: what :meth:`valhalla.leads.view.Viewer.whole` says, what was promised and agreed, the timeline."""
    database, lead_id, whole = viewer.database, record.lead.id, viewer.whole(record)
    open_ones = [each for each in promises.of_lead(database, lead_id) if each.state == "open"]
    name, suppressed = record.lead.name, record.lead.suppressed
    return {
        **whole,
        "promises": [
            {
                **promises.Listed(each, name, suppressed).to_json(viewer.at),
                "says": when.shown(database, lead_id, each.at),
            }
            for each in open_ones
        ],
        "consents": [each.to_json() for each in consent.of_lead(database, lead_id)],
        "timeline": of_lead(database, whole),
    }


def of_lead(database: Database, whole: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The timeline of a lead, given all that :meth:`valhalla.leads.view.Viewer.whole` says of it."""
    lead_id = whole["id"]
    found = [
        *_calls(database, lead_id),
        *_promises(database, lead_id),
        *(
            Happened(iso(each.at), "note", each.text, None, each.by)
            for each in notes.of_lead(database, lead_id)
        ),
        *_lists(whole),
        *_changes(whole),
        *(
            Happened(
                iso(each.drafted_at), "effect", f"{each.kind} to {each.target}: {each.state}", each.reason
            )
            for each in register.of_lead(database, lead_id)
        ),
    ]
    order = {kind: number for number, kind in enumerate(KINDS)}
    found.sort(key=lambda each: (each.at, -order[each.kind]), reverse=True)
    return [each._asdict() for each in found]


def _calls(database: Database, lead_id: int) -> list[Happened]:
    found = []
    for each in outcomes_of(database, lead_id):
        says = each.event.replace("_", " ")
        if each.amount is not None:
            says += f" {dollars(each.amount / 100)}"
        if each.number:
            says += f" at {phone_text(each.number)}"
        if each.until is not None:
            promised = each.event in PROMISED
            says += f"{':' if promised else ', until'} {when.shown(database, lead_id, each.until)}"
        detail = "; ".join(part for part in (each.note, each.reason) if part) or None
        undone = each.undone_at is not None
        found.append(
            Happened(
                iso(each.at), "call", says, detail, each.recorded_by, undone, None if undone else each.id
            )
        )
    return found


def _promises(database: Database, lead_id: int) -> list[Happened]:
    """What became of promises; that they were made the call says that made them."""
    found = []
    for each in promises.of_lead(database, lead_id):
        if each.outcome_id is None:
            found.append(
                Happened(
                    iso(each.made_at),
                    "promise",
                    f"promised: {each.kind} {when.shown(database, lead_id, each.at)}",
                    each.note,
                    each.made_by,
                )
            )
        if each.confirmed_at is not None:
            found.append(Happened(iso(each.confirmed_at), "promise", f"{each.kind} confirmed"))
        if each.ended_at is not None and each.state in ("missed", "dropped"):
            found.append(Happened(iso(each.ended_at), "promise", f"{each.kind} {each.state}"))
    return found


def _lists(whole: Mapping[str, Any]) -> list[Happened]:
    first = whole["provenance"]
    where = f"{first['file']}, line {first['line']}" if first["file"] else None
    return [
        *(
            Happened(each["first_seen"], "list", f"in {each['file']}, line {each['line']}")
            for each in whole["sightings"]
        ),
        Happened(whole["created_at"], "list", "first read" + (f" from {where}" if where else "")),
    ]


def _changes(whole: Mapping[str, Any]) -> list[Happened]:
    found = []
    for each in whole["history"]:
        before = each["before"]
        details = [
            f"{name.replace('_', ' ')} was {_value(name, value)}"
            for name, value in before.items()
            if name not in INNER
        ]
        kept = before.get("kept")
        if kept:
            details.append(f"you put {', '.join(kept)} right: that stays")
        cause = each["cause"].partition(":")[0]
        says = {"import": "changed by a list", "edit": "corrected", "undo": "an import was undone"}.get(
            cause, each["cause"]
        )
        if details or cause == "edit":
            found.append(Happened(each["at"], "change", says, "; ".join(details) or None, each["actor"]))
    return found


def _value(name: str, value: Any) -> str:
    if value is None:
        return "unknown"
    if name in _MONEY:
        return money(value)
    return iso(value)[:10] if name in _MOMENTS else str(value)
