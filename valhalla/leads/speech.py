"""A script as it is said to one lead: with their name and address, and the caller's own name."""

from __future__ import annotations

from valhalla.leads.owners import owners_of
from valhalla.scoring.stages.lead import StoredLead

NOT_SAID = "(your name)"
"""Stands for the caller's name until they said what it is."""


def first_name(name: str) -> str:
    """What somebody is called on the phone."""
    contact = owners_of(name).contact
    first = contact.given if contact is not None and contact.given else name
    return first.title() if first.isupper() else first


def spoken(text: str, lead: StoredLead, caller: str | None) -> str:
    """The script with the lead's name and address and the caller's name in it; nothing is left unfilled."""
    house = f"your house in {lead.location}" if lead.location else "your house"
    if lead.address is None:  # a city is not where a house stands
        text = text.replace("the house at {address}", house)
    return (
        text.replace("{name}", first_name(lead.name))
        .replace("{address}", lead.address or house)
        .replace("{caller}", caller or NOT_SAID)
    )
