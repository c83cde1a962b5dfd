"""What effects say: drafts made by hand, and those that a production run makes of its new leads."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valhalla.effects import mail, register
from valhalla.effects.outcome import EffectError
from valhalla.effects.recipients import NotToBeContacted
from valhalla.leads import lookup
from valhalla.leads.call_list import top
from valhalla.leads.view import Viewer
from valhalla.program import addresses, settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.sandbox.alerts import AlertSystem

if TYPE_CHECKING:
    from db import Database


def by_hand(
    database: Database, kind: str, leads: list[int], *, to: str | None, template: str | None, limit: int
) -> list[dict[str, Any]]:
    """Draft effects of ``kind`` about leads. Raises :class:`UsageError`, :class:`NotFound` or a missing template field."""
    values = settings.effective(database)
    _exist(database, leads)
    if kind != "export" and not leads:
        raise UsageError(f"about which leads? Give their numbers: effects draft {kind} LEAD")
    if kind == "webhook":
        address = to or values["webhook.url"]
        if not address:
            raise UsageError("where to? Use --to URL, or: valhalla config set webhook.url URL")
        return [webhook(database, number, address, actor="operator") for number in leads]
    if kind == "email":
        if template is None:
            raise UsageError("what is it to say? Use --template FILE; its first line is Subject: ...")
        return [email(database, number, template, to=to, actor="operator") for number in leads]
    if kind == "export":
        if to is None:
            raise UsageError("where to? Use --to FILE")
        numbers = leads or [record.lead.id for record in top(database, Viewer.now(database), limit)]
        return [export(database, numbers, Path(to), actor="operator")]
    if kind == "purge":
        return [
            register.draft(
                database,
                "purge",
                f"lead {number}",
                {"leads": [number]},
                about="erasure",
                lead_id=number,
                actor="operator",
            )
            for number in leads
        ]
    raise EffectError(f"there is no effect {kind!r}; there are {', '.join(register.KINDS)}")


def webhook(database: Database, lead_id: int, address: str, actor: str = "valhalla") -> dict[str, Any]:
    """Draft a webhook that sends a lead, with score and reasons, to ``address``. A lead that has not changed is sent once."""
    try:
        target = addresses.checked(address)
    except ValueError as error:
        raise UsageError(f"a webhook goes to {error}") from None
    assert target is not None
    viewer = Viewer.now(database)
    entry = viewer.entry(viewer.record(lead_id))
    entry.pop("rank", None)
    about = f"lead {lead_id} {json.dumps([entry[name] for name in ('name', 'email', 'phone', 'value')])}"
    payload = {"event": "lead", "lead": entry}
    return register.draft(database, "webhook", target, payload, about=about, lead_id=lead_id, actor=actor)


def email(
    database: Database, lead_id: int, template: str, *, to: str | None = None, actor: str = "valhalla"
) -> dict[str, Any]:
    """Draft a mail to a lead (or ``to``). Raises :class:`valhalla.effects.mail.TemplateField`."""
    viewer = Viewer.now(database)
    entry = viewer.entry(viewer.record(lead_id))
    fields = {
        **entry["extra"],
        **{name: value for name, value in entry.items() if isinstance(value, str | int | float)},
    }
    subject, text = mail.render(template, fields, f"lead {lead_id}")
    address = to or entry["email"]
    if not address:
        raise EffectError(f"lead {lead_id} has no e-mail address")
    payload = {"subject": subject, "text": text}
    return register.draft(
        database,
        "email",
        address,
        payload,
        about=f"lead {lead_id} {subject} {text}",
        lead_id=lead_id,
        actor=actor,
    )


def digest(database: Database, to: str, date: str, subject: str, actor: str = "valhalla") -> dict[str, Any]:
    """Draft a mail of the digest of a local date to ``to``. It names many people, so the effect keeps only which digest it
    is; what is sent is what stands in ``logs/`` then."""
    if "@" not in to or len(to.split()) != 1:
        raise UsageError(f"{to!r} is not an e-mail address")
    payload = {"subject": subject, "digest": date}
    return register.draft(database, "email", to, payload, about=f"digest {date}", actor=actor)


def export(database: Database, leads: list[int], path: Path, actor: str = "valhalla") -> dict[str, Any]:
    """Draft a CSV of leads at ``path``, outside the home."""
    if not leads:
        raise EffectError("there is no lead to export")
    target = str(path.expanduser().absolute())
    about = f"leads {leads} {database.clock()}"
    return register.draft(database, "export", target, {"leads": leads}, about=about, actor=actor)


def for_new_leads(database: Database, import_ids: list[int]) -> list[int]:
    """Draft webhooks about the best new leads of these imports, as many as ``effects.per_run``; the drafts' numbers."""
    values = settings.effective(database)
    address, most = values["webhook.url"], values["effects.per_run"]
    if not address or not most or not import_ids:
        return []
    if addresses.secret_in(address):  # stored by a version that did not refuse it
        AlertSystem(database=database).repeat(
            "setting:webhook.url",
            f"no webhooks are drafted: the address holds a secret, which does not belong into the file; {addresses.ELSEWHERE}",
            "warning",
        )
        return []
    new = lookup.of_imports(database, import_ids)
    best = [record.lead.id for record in top(database, Viewer.now(database), most) if record.lead.id in new]
    drafted = []
    for number in best:
        with contextlib.suppress(NotToBeContacted):  # since the call list was read
            drafted.append(webhook(database, number, address)["id"])
    return drafted


def _exist(database: Database, leads: list[int]) -> None:
    known = lookup.existing(database, leads)
    for number in leads:
        if number not in known:
            raise NotFound(f"there is no lead {number}; see: valhalla leads list")
