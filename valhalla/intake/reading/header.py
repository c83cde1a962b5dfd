"""Column names: their comparable form, and the words lists use for each field."""

from __future__ import annotations

import unicodedata

from valhalla.intake.reading.details import FIELDS as DETAILS
from valhalla.program.patterns import pattern

_BRACKETS = pattern(r"[(\[{][^)\]}]*[)\]}]")
_NOT_WORD = pattern(r"[\W_]+")

LONGEST = 500
"""Characters of a name that count. No column is called longer; what is, is data, and not to be searched for brackets."""


def normal(name: str) -> str:
    """A header without case, spaces, punctuation and bracketed units: ``"E-Mail Address (home)"`` -> ``emailaddress``."""
    text = unicodedata.normalize("NFKC", name[:LONGEST])
    bare = _NOT_WORD.sub("", _BRACKETS.sub("", text)).casefold()
    return bare or _NOT_WORD.sub("", text).casefold()


def _forms(names: str) -> frozenset[str]:
    return frozenset(normal(name) for name in names.split(","))


STORED = (
    "name", "email", "phone", "value", "location", "source", "list_date", "address", "arv", "repairs", "sqft",
    "condition", "beds",
)  # fmt: skip
"""Fields that become a column of their own."""

PARTS = ("first_name", "last_name", "city", "state", "zip", "lead_id")
"""Fields that are used to make others: the name, the location, the identity."""

FIELDS = STORED + PARTS + DETAILS

_ALIASES: dict[str, str] = {
    "name": "name, full name, owner name, owner, lead name, contact name, contact, seller name, seller, "
    "property owner, owner full name, customer name, client name, nombre, prospect, prospect name, customer, client",
    "first_name": "first name, first, fname, given name, owner first name, owner 1 first name, contact first name, "
    "forename",
    "last_name": "last name, last, lname, surname, family name, owner last name, owner 1 last name, "
    "contact last name",
    "email": "email, e-mail, email address, e-mail address, mail, contact email, owner email, email 1, "
    "primary email, seller email, emails, correo, electronic mail, mail address",
    "phone": "phone, phone number, telephone, tel, mobile, cell, cell phone, mobile phone, phone 1, primary phone, "
    "contact phone, owner phone, mobile number, cell number, phone no, wireless, wireless 1, best phone, "
    "home phone, telephone number, seller phone, contact number, landline",
    "value": "value, budget, asking price, ask, price, asking, list price, listing price, amount, deal value, "
    "lead value, offer price, property value, sale price, deal size",
    "location": "location, market, city state, city and state, area, region, place, city state zip, metro",
    "city": "city, town, property city, site city, situs city, municipality",
    "state": "state, province, property state, site state, situs state, st, state province, province state",
    "zip": "zip, zip code, zipcode, postal code, postcode, property zip, site zip, situs zip, property zip code, "
    "zip postal code",
    "source": "source, lead source, list source, campaign, channel",
    "list_date": "list date, listing date, date listed, listed, listed on, date added, date, added, added on, "
    "created, created at, date created, record date, list created, lead date",
    "address": "address, property address, street address, street, site address, situs address, address 1, "
    "address line 1, full address",
    "arv": "arv, after repair value, after-repair value, estimated arv",
    "repairs": "repairs, repair cost, repair costs, rehab, rehab cost, repair estimate, estimated repairs, "
    "estimated repair cost, rehab estimate",
    "sqft": "sqft, sq ft, square feet, square footage, living area, building sqft, living sqft, size sqft",
    "condition": "condition, property condition",
    "beds": "beds, bedrooms, bed, br, bedroom count",
    "lead_id": "lead id, leadid, external id, record id, source id, source lead id, lead number, lead no, "
    "reference, ref, reference number",
}
ALIASES: dict[str, str] = {
    normal(alias): field for field, names in _ALIASES.items() for alias in names.split(",")
}
"""Normal form of a header to the field it names."""

PREFERENCE: dict[str, int] = {
    alias: rank
    for names in _ALIASES.values()
    for rank, alias in enumerate(normal(name) for name in names.split(","))
}
"""Where two columns name the same field, the lower rank wins: ``price`` next to ``value`` stays an extra column."""

DOCUMENTED = "value"
"""A list with a column of this name is held to the letter of the documents' rules; any other is taken by what it has."""

DISTRESS_COLUMNS = _forms(
    "type, property type, lead type, list type, list, list name, lists, tags, tag, notes, note, comments, "
    "comment, status, motivation, reason, description, distress, flags, situation, remarks, lead status"
)
"""Extra columns in which distress words are looked for."""

SENSITIVE_COLUMNS = _forms(
    "ssn, social security, social security number, social, dob, date of birth, birth date, birthdate, "
    "card number, credit card, credit card number, cvv, drivers license, passport, bank account, iban"
)
"""Columns that should not be in a lead list; the file gets a warning."""

REJECT_COLUMNS = {
    "_reject": "id",
    "_line": "line",
    "_reason": "reason",
    "_field": "field",
    "_file": "file",
    "_more": "more",
}
"""Columns that our own export of rejects puts in front; recognised by their exact names and never taken as extras."""
