"""Effects as pages show them: what would leave this computer, what it says, and where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from db import Database
from db.clock import iso
from valhalla.effects import live, register
from valhalla.leads import lookup
from valhalla.program import settings

PAGE = 25
SHOWN = 20_000
"""Characters of a payload that are shown."""

_PASSWORD = re.compile(r"://[^/@\s]*@")


def gather(
    database: Database,
    state: str | None = None,
    kind: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> dict[str, Any]:
    """``limit`` effects, the newest first; counts by state, standing approvals, and whether anything may go out.

    ``next`` goes into ``before``; None: this is the last page.
    """
    with database.view():
        rows = register.find(database, state=state, kind=kind, limit=limit + 1, before=before)[::-1]
        counts = register.counts(database)
        standing = register.standing(database)
        session = live.current(database)
        shown = entries(database, rows[:limit])
        address = settings.value(database, "webhook.url")
    return {
        "effects": shown,
        "counts": counts,
        "standing": standing,
        "live_until": iso(session.until) if session else None,
        "webhook": hidden(address) if address else None,
        "state": state,
        "kind": kind,
        "before": before,
        "next": rows[limit - 1]["id"] if len(rows) > limit else None,
    }


def waiting(database: Database, limit: int = PAGE) -> list[dict[str, Any]]:
    """The oldest drafts that wait for a person's yes or no."""
    return entries(database, register.find(database, state="drafted", limit=limit))


def one(database: Database, number: int) -> dict[str, Any]:
    """One effect."""
    with database.view():
        session = live.current(database)
        shown = entries(database, [register.show(database, number)])[0]
    return {**shown, "live_until": iso(session.until) if session else None}


def entries(database: Database, effects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Effects with what they say in a sentence, the people they are about, and their content as text."""
    found = list(effects)
    wanted = {lead for effect in found for lead in _leads(effect)[:5]}
    names = lookup.names(database, wanted)
    return [_entry(effect, names) for effect in found]


def hidden(target: str) -> str:
    """A target without the password that its address may hold."""
    return _PASSWORD.sub("://", target)


def _entry(effect: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    state, shown = effect["state"], register.as_json(effect)
    leads = _leads(effect)
    return {
        **shown,
        "target": hidden(effect["target"]),
        "says": _says(effect, leads, names),
        "leads": [{"id": lead, "name": names.get(lead)} for lead in leads[:5]],
        "leads_count": len(leads),
        "content": _content(effect),
        "may_approve": state == "drafted",
        "may_deny": state in ("drafted", "approved", "blocked"),
        "may_retry": state in register.AGAIN and bool(effect["payload"]),
        "for_good": effect["kind"] == "purge",
    }


def _leads(effect: Mapping[str, Any]) -> list[int]:
    if effect["lead_id"] is not None:
        return [effect["lead_id"]]
    given = effect["payload"].get("leads", [])
    return [lead for lead in given if isinstance(lead, int)] if isinstance(given, list) else []


def _says(effect: Mapping[str, Any], leads: list[int], names: Mapping[int, str]) -> str:
    """What would happen, in a sentence."""
    if not effect["payload"]:
        return "Its content was erased with the person it was about."
    who = names.get(leads[0], f"lead {leads[0]}") if leads else "nobody"
    match effect["kind"]:
        case "webhook":
            return f"Tell {urlsplit(effect['target']).hostname or 'the address'} about {who}."
        case "email":
            return f"Mail {who}: {effect['payload'].get('subject', '')}"
        case "export":
            count = f"{len(leads):,} leads" if len(leads) != 1 else who
            return f"Write {count} into a file outside the home."
        case _:
            return f"Erase {who} for good, with history and outcomes."


def _content(effect: Mapping[str, Any]) -> str:
    """Exactly what would be sent, as text."""
    payload = effect["payload"]
    if not payload:
        return ""
    if effect["kind"] == "email":
        text = f"To: {effect['target']}\nSubject: {payload.get('subject', '')}\n\n{payload.get('text', '')}"
    elif effect["kind"] == "webhook":
        text = json.dumps(payload, ensure_ascii=False, indent=2)
    elif effect["kind"] == "export":
        leads = ", ".join(map(str, payload.get("leads", [])))
        text = f"{effect['target']}\nname, email, phone, value, location, source, score of lead {leads}"
    else:
        text = f"lead {', '.join(map(str, payload.get('leads', [])))}"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n… {len(text) - SHOWN:,} characters more"
