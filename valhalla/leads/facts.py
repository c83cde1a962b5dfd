"""Everything that is known of a lead, in the shape in which people and programs read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from db.clock import iso
from valhalla.program.patterns import pattern
from valhalla.program.wording import dollars, in_dollars
from valhalla.scoring.stages.lead import StoredLead

_PLACE = pattern(
    r"(?P<city>[^,\d]+?),? +(?P<state>[A-Z]{2})(?: +(?P<zip>\d{5}(?:-\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d))?"
)

MONEY = ("estimated_value", "assessed_value", "loans", "equity", "tax_owed")
PLAIN = (
    "unit",
    "county",
    "apn",
    "lot",
    "property_type",
    "occupancy",
    "baths",
    "year_built",
    "years_owned",
    "equity_percent",
    "ltv",
)


class Seen(NamedTuple):
    """A list that names a lead: its file, its source, and since when (UTC microseconds)."""

    path: str
    source: str
    since: int
    number: int
    """Of the file."""

    @property
    def file(self) -> str:
        """The list's file name."""
        return PurePath(self.path).name


def facts(lead: StoredLead, details: Mapping[str, Any], seen: Sequence[Seen]) -> dict[str, Any]:
    """What lists say of a lead. Money in dollars, days as ISO dates; what is not known is None or empty."""
    place = _PLACE.fullmatch(lead.location or "")
    sale = details.get("last_sale", {})
    return {
        "address": lead.address,
        "city": place["city"] if place else None,
        "state": (place["state"] if place else None) or lead.state,
        "zip": place["zip"] if place else None,
        "market": lead.market,
        "mailing": {
            part: details.get("mailing", {}).get(part) for part in ("address", "city", "state", "zip")
        },
        "phones": phones(lead, details),
        "emails": [each for each in (lead.email, *details.get("emails", ())) if each],
        "asking": in_dollars(lead.value),
        "arv": in_dollars(lead.arv),
        "repairs": in_dollars(lead.repairs),
        **{name: in_dollars(details.get(name)) for name in MONEY},
        **{name: details.get(name) for name in PLAIN},
        "last_sale": {"price": in_dollars(sale.get("price")), "date": _day(sale.get("date"))},
        "beds": lead.beds,
        "sqft": lead.sqft,
        "condition": lead.condition,
        "signs": signs(lead, details, seen),
        "on_lists": [{"name": each.file, "source": each.source, "since": iso(each.since)} for each in seen],
        "owners": list(details.get("owners", ())),
        "company": bool(details.get("company")),
        "unread": dict(details.get("unread", {})),
    }


LABELS = {
    "asking": ("asking price", "money"),
    "arv": ("value after repairs", "money"),
    "repairs": ("repairs", "money"),
    "address": ("address", "text"),
    "unit": ("unit", "text"),
    "city": ("city", "text"),
    "state": ("state", "text"),
    "zip": ("ZIP", "text"),
    "county": ("county", "text"),
    "apn": ("parcel number", "text"),
    "market": ("market", "text"),
    "mailing": ("mailing address", "text"),
    "phones": ("phone numbers", "text"),
    "emails": ("e-mail addresses", "text"),
    "owners": ("further owners", "text"),
    "estimated_value": ("estimated value", "money"),
    "assessed_value": ("assessed value", "money"),
    "loans": ("loans", "money"),
    "equity": ("equity", "money"),
    "equity_percent": ("equity, percent", "number"),
    "ltv": ("loan to value, percent", "number"),
    "tax_owed": ("tax owed", "money"),
    "last_sale": ("last sale", "text"),
    "beds": ("beds", "number"),
    "baths": ("baths", "number"),
    "sqft": ("square feet", "number"),
    "lot": ("lot", "text"),
    "year_built": ("built in", "text"),
    "years_owned": ("years owned", "number"),
    "property_type": ("kind of property", "text"),
    "condition": ("condition", "text"),
    "occupancy": ("occupancy", "text"),
    "person": ("other properties of this owner", "text"),
    "tags": ("tags", "text"),
    "signs": ("signs of motivation", "text"),
    "on_lists": ("on lists", "text"),
    "unread": ("could not be read", "text"),
}
"""How a fact is called on a screen, and how it is written, in the order in which a person asks for it."""

ALWAYS = ("asking", "arv", "repairs", "address", "market", "sqft", "beds", "condition", "signs", "on_lists")
"""Facts that are shown also where nothing is known: what to ask for."""


OCCUPIED = {
    **dict.fromkeys(
        ("yes", "y", "true", "1", "x", "owner occupied", "owner-occupied", "owner"), "owner lives there"
    ),
    **dict.fromkeys(("no", "n", "false", "0", "absentee", "absentee owner"), "owner lives elsewhere"),
}
"""What lists say in a column *Owner occupied*, in words; other words stay as they are."""


def labelled(known: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """(what it is called, how it is written, the fact) for a screen: those that are known, and those of :data:`ALWAYS`."""
    said = [(name, label, kind, in_words(name, known[name])) for name, (label, kind) in LABELS.items()]
    return [(label, kind, value) for name, label, kind, value in said if name in ALWAYS or value is not None]


def in_words(name: str, value: Any) -> Any:
    """A fact as one cell; None where nothing is known."""
    if name == "mailing":
        tail = " ".join(part for part in (value["state"], value["zip"]) if part)
        value = [part for part in (value["address"], value["city"], tail) if part]
    elif name == "phones":
        value = [" ".join((each["number"], *_notes(each))) for each in value]
    elif name == "signs":
        value = [each["sign"] for each in value]
    elif name == "on_lists":
        value = [f"{each['name']} since {each['since'][:10]}" for each in value]
    elif name == "last_sale":
        price = None if value["price"] is None else dollars(value["price"])
        value = [part for part in (price, value["date"]) if part]
    elif name == "person":
        value = [f"{each['address'] or each['name']} (lead {each['id']})" for each in value["other_leads"]]
    elif name == "unread":
        value = [f"{column}: {cell}" for column, cell in value.items()]
    elif name == "occupancy":
        value = OCCUPIED.get(value.lower(), value) if value else None
    elif name == "year_built":
        value = None if value is None else str(value)
    return ", ".join(value) or None if isinstance(value, list) else value


def _notes(phone: Mapping[str, Any]) -> list[str]:
    said = [part.replace("_", " ") for part in (phone["type"], *phone["flags"]) if part]
    return [f"({', '.join(said)})"] if said else []


def phones(lead: StoredLead, details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every number in the order of the list, with what is known of it."""
    if details.get("phones"):
        return [
            {
                "number": each["number"],
                "type": each["type"],
                "flags": _flags(each),
                "status": each["status"],
                "column": each["column"],
            }
            for each in details["phones"]
        ]
    if lead.phone is None:
        return []
    return [{"number": lead.phone, "type": None, "flags": [], "status": None, "column": None}]


def _flags(phone: Mapping[str, Any]) -> list[str]:
    """What lists say against a number, and what calls found."""
    found = phone.get("marked")
    return [*phone["flags"], *([found] if found and found not in phone["flags"] else [])]


def signs(lead: StoredLead, details: Mapping[str, Any], seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Why somebody may want to sell, with the list that says so and its date."""
    names = {each.number: each.file for each in seen}
    first = seen[0] if seen else None
    since = lead.list_date if lead.list_date is not None else first.since if first else lead.created_at
    origin = first.file if first else lead.source
    found = [
        {
            "sign": each["sign"],
            "list": names.get(each["list"], origin) if "list" in each else origin,
            "date": _day(each.get("date", since)),
        }
        for each in details.get("signs", ())
    ]
    found = list({(each["sign"], each["list"]): each for each in found}.values())
    labelled = {each["sign"] for each in found}
    return found + [
        {"sign": word, "list": origin, "date": _day(since)}
        for word in (lead.distress or "").split(",")
        if word and word not in labelled
    ]


def _day(at: int | None) -> str | None:
    return None if at is None else iso(at)[:10]
