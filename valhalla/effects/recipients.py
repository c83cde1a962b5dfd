"""Whom an effect reaches, and whether they may be contacted.

Asked when it is drafted, before it takes a place of the governor, and once more in the transaction that begins sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from valhalla.effects.outcome import EffectError
from valhalla.leads import do_not_contact, lookup
from valhalla.leads.contacts import phone_key, plausible_email

if TYPE_CHECKING:
    from db import Database

SHOWN = 3
"""Leads that are named when they must not be contacted."""


class NotToBeContacted(EffectError):
    """Somebody whom an effect would reach is on the do-not-contact list."""


def one_address(target: str) -> str:
    """The e-mail address that ``target`` is. Raises :class:`EffectError` for several, and for what is none."""
    address = target.strip()
    if not plausible_email(address.lower()):
        raise EffectError("a mail goes to one e-mail address, such as ann@example.com, and this is not one")
    return address


def against(
    database: Database, kind: str, target: str, lead_id: int | None, payload: Mapping[str, Any]
) -> str | None:
    """Why an effect must not go out, in a sentence that names nobody; None: nothing is known against it."""
    if kind == "purge":
        return None  # who asks to be forgotten is on do-not-contact more often than not
    leads = [lead_id] if lead_id is not None else payload.get("leads", [])
    held = lookup.suppressed(database, leads)[:SHOWN]
    if held:
        return f"{', '.join(f'lead {number}' for number in held)} must not be contacted"
    for email, phone in _addresses(kind, target, payload):
        why = do_not_contact.against(database, email and email.strip().lower(), phone)
        if why is not None:
            return f"the address it goes to, or is about, must not be contacted ({why})"
    return None


def _addresses(kind: str, target: str, payload: Mapping[str, Any]) -> list[tuple[str | None, int | None]]:
    found: list[tuple[str | None, int | None]] = [(target, None)] if kind == "email" else []
    lead = payload.get("lead")
    if isinstance(lead, Mapping):
        phone = lead.get("phone")
        found.append((lead.get("email"), phone_key(phone) if isinstance(phone, str) else None))
    return found
