"""Contacts as phones and address books save them (``.vcf``, RFC 6350 and its older versions), as a table."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Sequence

from valhalla.program.patterns import pattern

LIMIT = 50 << 20
"""Bytes of such a file; it is read whole."""

_BREAK = pattern(r"\r\n|\r|\n")
_ESCAPE = pattern(r"\\(.)")
_UNQUOTED = {"n": " ", "N": " "}

FIXED = ("Full Name", "First Name", "Last Name", "Company")
LAST = ("Address", "City", "State", "Zip", "Notes", "Categories", "Fax")
MOST_NUMBERS = 10


def table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Column names, and for each contact the line on which it begins and its cells."""
    cards = list(_cards(text))
    phones = min(MOST_NUMBERS, max((len(_numbers(card)) for _, card in cards), default=0))
    emails = min(MOST_NUMBERS, max((len(card.get("EMAIL", ())) for _, card in cards), default=0))
    header = [
        *FIXED,
        *(name for n in range(1, phones + 1) for name in (f"Phone {n}", f"Phone {n} Type")),
        *(f"Email {n}" for n in range(1, emails + 1)),
        *LAST,
    ]
    return header, [(line, _cells(card, phones, emails)) for line, card in cards]


def _cells(card: dict[str, list[tuple[str, str]]], phones: int, emails: int) -> list[str]:
    def first(name: str) -> str:
        return card[name][0][1] if name in card else ""

    name = _parts(first("N"), 5)
    company = _parts(first("ORG"), 1)[0]
    street = _parts(first("ADR"), 7)
    numbers = _numbers(card)[:phones]
    addresses = [_plain(value).removeprefix("mailto:") for _, value in card.get("EMAIL", ())][:emails]
    given = " ".join(part for part in (name[1], name[2]) if part)
    full = _plain(first("FN")) or " ".join(part for part in (given, name[0]) if part)
    line = " ".join(part for part in (street[0], street[2], street[1]) if part)
    return [
        *(full, given, name[0], company),
        *(cell for kind, number in numbers for cell in (number, kind)),
        *([""] * 2 * (phones - len(numbers))),
        *addresses,
        *([""] * (emails - len(addresses))),
        *(line, street[3], street[4], street[5], _plain(first("NOTE")), _plain(first("CATEGORIES"))),
        "; ".join(_plain(value) for kind, value in card.get("TEL", ()) if kind == "fax"),
    ]


def _numbers(card: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The kinds and numbers that somebody answers."""
    return [
        (kind, _plain(value).removeprefix("tel:")) for kind, value in card.get("TEL", ()) if kind != "fax"
    ]


def _cards(text: str) -> Iterator[tuple[int, dict[str, list[tuple[str, str]]]]]:
    card: dict[str, list[tuple[str, str]]] | None = None
    began = 0
    for number, line in _unfolded(_BREAK.split(text)):
        head, colon, value = line.partition(":")
        names = head.split(";")
        name = names[0].rpartition(".")[2].strip().upper()
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            card, began = {}, number
        elif name == "END" and card is not None:
            yield began, card
            card = None
        elif colon and card is not None:
            said = [each.upper() for each in names[1:]]
            if any("QUOTED-PRINTABLE" in each for each in said):
                value = quopri.decodestring(value.encode("latin-1", "replace")).decode("utf-8", "replace")
            card.setdefault(name, []).append((_kind(said), value))
    if card:
        yield began, card


def _kind(said: Sequence[str]) -> str:
    """What a number is: mobile, work, home …"""
    words = {word for each in said for word in re.split(r"[=,\"]", each)}
    for kind, others in (
        ("mobile", {"CELL", "MOBILE", "IPHONE"}),
        ("work", {"WORK"}),
        ("home", {"HOME"}),
        ("fax", {"FAX"}),
    ):
        if words & others:
            return kind
    return ""


def _unfolded(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Whole lines: a long one goes on behind a blank, a quoted-printable one behind an equals sign."""
    held: list[str] = []
    number = 0
    for at, line in enumerate(lines, 1):
        if held and line[:1] in (" ", "\t"):
            held.append(line[1:])
        elif held and held[-1].endswith("=") and "QUOTED-PRINTABLE" in held[0].upper():
            held[-1] = held[-1][:-1]
            held.append(line)
        else:
            if held:
                yield number, "".join(held)
            held, number = [line], at
    if held:
        yield number, "".join(held)


def _parts(value: str, count: int) -> list[str]:
    parts = [_plain(part) for part in re.split(r"(?<!\\);", value)]
    return [*parts, *[""] * count][:count]


def _plain(value: str) -> str:
    return " ".join(_ESCAPE.sub(lambda match: _UNQUOTED.get(match[1], match[1]), value).split())
