"""What a person means by a time about a lead: on the lead's clock, as it was said on the telephone, and shown on both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from valhalla.leads import contact_rules, details, sql
from valhalla.leads.settling import read_lead
from valhalla.program import settings
from valhalla.program.moments import clock_text, resolve
from valhalla.program.spoken_times import whose
from valhalla.scoring.stages.quiet import COMPUTER
from valhalla.scoring.stages.zones import zones_of

if TYPE_CHECKING:
    from db import Database

CLOCK = "%a %b %d, %I:%M %p"


class When(NamedTuple):
    """A time that was understood."""

    at: int
    """UTC microseconds."""
    says: str
    """How it reads where the lead is and, where that differs, here; with what is to be known of it."""


def meant(database: Database, lead_id: int, typed: str) -> When:
    """A time to come as somebody typed it, on the lead's clock; "my time" behind it: on one's own. Raises
    :class:`UsageError`, :class:`NotFound`."""
    text, mine = whose(typed)
    own = settings.value(database, "timezone")
    found = resolve(text, database.clock(), own if mine else zone_of(database, lead_id, own))
    says = shown(database, lead_id, found.at)
    return When(found.at, f"{says}: {found.note}" if found.note else says)


def shown(database: Database, lead_id: int, at: int) -> str:
    """A time as it reads where the lead is and, where that differs, here."""
    own = settings.value(database, "timezone")
    theirs = zone_of(database, lead_id, own)
    there, here = (_plain(clock_text(at, zone, CLOCK)) for zone in (theirs, own))
    place = (theirs or "").rpartition("/")[2].replace("_", " ")
    says = f"{there} in {place}" if place else there
    return says if here == there else f"{says} ({here} here)"


def zone_of(database: Database, lead_id: int, own: str | None) -> str | None:
    """The time zone of a lead: of where the owner gets mail, else of the property, narrowed by the number; one's own where nothing is
    known."""
    lead = read_lead(database, lead_id)
    row = database.one(sql.PHONES_OF_LEAD, (lead_id,))
    home = contact_rules.mailing_state(details.decoded(row[2] if row else None)) or lead.state
    return zones_of(home, lead.phone_key, own or COMPUTER)[0] or None


def _plain(text: str) -> str:
    """``Tue Dec 1, 3:00 pm`` of what ``strftime`` writes with leading zeros."""
    return text.replace(" 0", " ").replace("AM", "am").replace("PM", "pm")
