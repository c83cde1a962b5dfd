"""Column names that stand in two lines: *Owner* over *First Name* and *Last Name*, *Mailing* over *Address* and *City*.

Sheets merge the cells of the upper line, so that in a CSV file all but the first of a group are blank.
"""

from __future__ import annotations

from collections.abc import Sequence

from valhalla.intake.reading.naming import parse, tokens
from valhalla.intake.reading.vocabulary import (
    MAILING_WORDS,
    PERSONS,
    PROPERTY_WORDS,
    STRANGERS,
    address_parts,
    attributes,
    phrases,
)
from valhalla.intake.reading.voting import is_date

LONGEST = 60
"""Characters of a cell that may be a column's name here."""
MOST_DIGITS = 2
_ROLES = frozenset(PERSONS) - {""} | PROPERTY_WORDS | MAILING_WORDS | STRANGERS
_SAY_NOTHING = frozenset(("info", "information", "details", "detail", "data"))
_PEOPLE = frozenset(
    ("name", "first", "last", "middle", "phone", "mobile", "landline", "email", "number", "address")
)


def joined_names(above: Sequence[str], below: Sequence[str]) -> list[str] | None:
    """The names of the columns where the lines are groups and names; None where they are not."""
    groups = [cell.strip() for cell in above]
    names = [cell.strip() for cell in below]
    said = [cell for cell in groups if cell]
    if not 2 <= len(said) < sum(map(bool, names)) or not all(map(_may_be_name, said)):
        return None
    filled = [cell for cell in names if cell]
    if not all(map(_may_be_name, filled)) or 2 * sum(map(_understood, filled)) < len(filled):
        return None
    if not any(map(_role, said)):
        return None
    found, group = [], ""
    for place, name in enumerate(names):
        if place < len(groups) and groups[place]:
            group = groups[place]
        role = _role(group)
        alone = groups[place] if place < len(groups) else ""
        found.append(f"{role} {name}".strip() if name else alone)
    return found


def _role(group: str) -> str:
    """The words of a group that say whose or which; blank where it only sorts the columns."""
    words = [word for word in group.split() if word.strip(":()").casefold() not in _SAY_NOTHING]
    return " ".join(words) if not _ROLES.isdisjoint(tokens(group)) else ""


def _may_be_name(cell: str) -> bool:
    return (
        len(cell) <= LONGEST
        and any(mark.isalpha() for mark in cell)
        and sum(mark.isdecimal() for mark in cell) <= MOST_DIGITS
        and "@" not in cell
        and "$" not in cell
        and not is_date(cell)
    )


def _understood(cell: str) -> bool:
    words = frozenset(parse(cell).words)
    return (
        words in phrases()
        or words in address_parts()
        or words in attributes()
        or (bool(words) and words <= _PEOPLE)
    )
