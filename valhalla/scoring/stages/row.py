"""The record that passes from the reader to the stages to the file."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One accepted, cleaned record of a lead list.

    Text is trimmed and never empty: what is not known is None. Money is in cents, times are UTC microseconds.
    The field order is that of the "as read" columns of table ``lead``, so that a row is stored without rearranging;
    keys and provenance come last.
    """

    name: str
    email: str | None
    """Lower case."""
    phone: str | None
    """As given in the list."""
    value: int | None
    """Asking price, cents, > 0; None: not known yet."""
    location: str | None
    source: str
    """The row's own ``source`` cell, else the name of the source it was read from."""
    market: str | None
    """"Houston, TX": city and state from their own columns or from the location; None when not recognisable."""
    state: str | None
    """Two capital letters of a US state, or None."""
    list_date: int | None
    """When the list says it was made or the lead was listed."""
    address: str | None
    arv: int | None
    """After-repair value, cents."""
    repairs: int | None
    """Estimated cost of repairs, cents."""
    sqft: int | None
    condition: str | None
    """The list's own word, lower case."""
    beds: int | None
    distress: str | None
    """Distress words found in type, tags and notes, in a fixed order, joined by commas: "probate,vacant"."""
    phone_key: int | None
    """The phone number as E.164 digits (1713555...), or None when it is not a plausible number."""
    warnings: str | None
    """Warning codes of this row joined by commas, each code once."""
    extras: str | None
    """JSON array of the cells of the extra columns, as given, in the order of ``source.extras``."""
    details: str | None
    """What else is known, as :mod:`valhalla.leads.details` has it: further numbers and addresses, other kinds of money, the house."""
    person: int | None
    """Signed 64-bit key of the owner, where the lead is known by its property; None: by its person, so the identity says it."""
    identity: int
    """Signed 64-bit key of who this is (the strongest of ``keys``)."""
    fingerprint: int
    """Signed 64-bit checksum of the row's cells as they stand in the list: equal means the row says nothing new."""
    line: int
    """Physical line on which the record begins, from 1."""
    aliases: tuple[int, ...]
    """Weaker keys of the same lead (its e-mail, when its own lead id is the identity)."""
    people: tuple[int, ...] = ()
    """Keys of the owner of a lead that is known by its property: another house of theirs has them too."""


CONTENT = Row._fields[: Row._fields.index("identity")]
"""What a list says about a lead: the columns of table ``lead`` that a row fills."""
