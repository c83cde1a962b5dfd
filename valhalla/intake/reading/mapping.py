"""Which column is which field: recognised by name, checked for use, or suggested."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from valhalla.intake.reading.chunk import COLUMNS_LIMIT, SourceError, Warning, shorten, too_many_columns
from valhalla.intake.reading.details import SIGNS
from valhalla.intake.reading.header import (
    ALIASES,
    DISTRESS_COLUMNS,
    DOCUMENTED,
    FIELDS,
    LONGEST,
    PREFERENCE,
    REJECT_COLUMNS,
    SENSITIVE_COLUMNS,
    normal,
)
from valhalla.intake.reading.profile import Profile
from valhalla.intake.reading.values import money
from valhalla.intake.reading.vocabulary import OUR_OWN, VETOES
from valhalla.leads.contacts import plausible_email
from valhalla.program.later import later
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    from valhalla.intake.reading import naming, recognition, voting
else:
    naming = later("valhalla.intake.reading.naming")
    recognition = later("valhalla.intake.reading.recognition")
    voting = later("valhalla.intake.reading.voting")

WARNINGS_EACH = 100
"""Columns without a name of their own that are named."""
LIKE = 0.8
"""How much a name has to be like that of a field, from 0 to 1."""
SUGGESTED_FROM = 1_000
"""Columns among which those of missing fields are looked for: comparing their names takes long."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The column numbers of one header, worked out."""

    header: list[str]
    """Unique names, in file order."""
    mapping: dict[str, str]
    """Header to field."""
    index: dict[str, int]
    """Field to column number."""
    extras: list[str]
    """Headers of the extra columns. The lead id is both: a field and an extra column, since no other keeps its text."""
    extra_index: tuple[int, ...]
    distress_index: tuple[int, ...]
    """Extra columns in which distress words are looked for."""
    flag_index: tuple[int, ...]
    """Extra columns of yes and no that are signs."""
    required_index: tuple[int, ...]
    """Extra columns that the profile does not allow to be blank."""
    reject_index: int | None
    """Column of the reject id, in a file made by the export of rejects."""
    line_index: int | None
    own_export: bool
    profile: Profile
    """What is demanded of a list with these columns."""
    warnings: list[Warning] = field(default_factory=list)
    doubts: tuple[recognition.Doubt, ...] = ()
    """What a person is asked about the columns."""
    street_index: tuple[int, ...] = ()
    """Columns that make the address of the house, where none holds it whole."""
    buyers: bool = False
    """Whether the list is one of people who buy: none of its rows is a lead."""


def unique_names(cells: Sequence[str]) -> tuple[list[str], list[Warning]]:
    """Header names made unique and non-empty, with a warning for each that had to be changed."""
    names: list[str] = []
    seen: set[str] = set()
    warnings = []
    last = max((number for number, cell in enumerate(cells, 1) if cell.strip()), default=0)
    times: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        name = cell.strip().strip("\ufeff").encode("utf-8", "backslashreplace").decode()
        if not name:
            name = f"column {number}"
            if number < last:
                warnings.append(
                    Warning(0, "EMPTY_HEADER", f'column {number} has no name; it is kept as "{name}"')
                )
        if name in seen:
            again = times.get(name, 2)
            while f"{name} {again}" in seen:
                again += 1
            times[name] = again + 1
            warnings.append(
                Warning(
                    0,
                    "DUPLICATE_HEADER",
                    f'two columns are called "{shorten(name)}"; the second is kept as '
                    f'extra column "{shorten(name)} {again}"',
                )
            )
            name = f"{name} {again}"
        seen.add(name)
        names.append(name)
    return names, _first_of_each(warnings)


def _first_of_each(warnings: list[Warning]) -> list[Warning]:
    """As many of each code as a person reads, and how many more there are."""
    left: dict[str, int] = {}
    kept = []
    for warning in warnings:
        left[warning.code] = left.get(warning.code, WARNINGS_EACH) - 1
        if left[warning.code] >= 0:
            kept.append(warning)
    more = ((code, -count) for code, count in left.items() if count < 0)
    return kept + [Warning(0, code, f"{count:,} more columns are like this") for code, count in more]


def recognise(header: Sequence[str]) -> dict[str, str]:
    """Header to field, by name alone; each field at most once."""
    best: dict[str, tuple[int, str]] = {}
    for name in header:
        if name in REJECT_COLUMNS:
            continue
        form = normal(name)
        target = ALIASES.get(form)
        if target is None:
            continue
        rank = PREFERENCE[form]
        if target not in best or rank < best[target][0]:
            best[target] = (rank, name)
    if "name" in best:
        best.pop("first_name", None)
        best.pop("last_name", None)
    if "location" in best:
        best.pop("zip", None)
    chosen = {name: target for target, (_, name) in best.items()}
    return {name: chosen[name] for name in header if name in chosen}


def known_cells(cells: Sequence[str]) -> int:
    """How many cells of a line are words for fields: what distinguishes a header from a title."""
    return sum(1 for cell in cells if cell in REJECT_COLUMNS or normal(cell) in ALIASES)


def demanded(header: Sequence[str], profile: Profile) -> Profile:
    """What is demanded of a list with these column names."""
    if profile.rules == "found":
        documents = any(normal(name) == DOCUMENTED for name in header)
    else:
        documents = profile.rules == "documents"
    return profile if documents else profile.lenient()


def _missing(targets: set[str], profile: Profile) -> list[str]:
    missing = []
    named = {"name", "first_name", "last_name"} | ({"address"} if profile.contact == "any" else set())
    if not named & targets:
        missing.append("name")
    if profile.contact == "email" and "email" not in targets:
        missing.append("email")
    if profile.contact == "phone" and "phone" not in targets:
        missing.append("phone")
    if profile.contact == "either" and not {"email", "phone"} & targets:
        missing.append("email")
    if "value" not in targets and profile.value == "required":
        missing.append("value")
    return missing


def suggest(header: Sequence[str], samples: Sequence[Sequence[str]], profile: Profile) -> dict[str, str]:
    """A mapping for a header of which not every required field was recognised: what the column is by name and cells, else by likeness
    of names, else what its first cells look like. Only adds to what was recognised, and nothing that its cells speak against."""
    mapping = recognise(header)
    known = _known(header, samples, profile)
    if known.listings or known.calls or known.buyers:
        return mapping
    proposed = known.proposed
    free = [
        name for name in header if name not in mapping and name not in REJECT_COLUMNS and len(name) <= LONGEST
    ]
    del free[SUGGESTED_FROM:]
    free = [name for name in free if name in proposed or not _of_others(name)]
    for target in _missing(set(mapping.values()), profile):
        choice = next((name for name in free if proposed.get(name) == target), None)
        if choice is None:
            open_to = [
                name
                for name in free
                if name not in proposed
                and not _of_several(target, name)
                and _may_be(target, name, header, samples, profile)
            ]
            choice = _by_likeness(target, open_to) or _by_content(target, header, open_to, samples)
        if choice is not None:
            mapping[choice] = target
            free.remove(choice)
    return mapping


def _known(
    header: Sequence[str], samples: Sequence[Sequence[str]], profile: Profile
) -> recognition.Recognition:
    """What is known of the columns, whichever rules a column called ``value`` brings."""
    places = [place for place, name in enumerate(header) if normal(name) != DOCUMENTED]
    rows = [[row[place] if place < len(row) else "" for place in places] for row in samples]
    return recognition.recognise([header[place] for place in places], rows, profile.country)


def _of_others(name: str) -> bool:
    """Whether a name says that the column holds something else, or somebody who is not the lead."""
    words = frozenset(naming.parse(name).words)
    return not words.isdisjoint(VETOES) or ("owner" in words and not words.isdisjoint(OUR_OWN))


def _of_several(target: str, name: str) -> bool:
    """Whether a name says that the column is only one of several amounts, or only part of a name."""
    said = naming.parse(name)
    return (
        bool(said.number)
        if target == "value"
        else target == "name" and not _PARTS_OF_NAMES.isdisjoint(said.words)
    )


_PARTS_OF_NAMES = frozenset(("first", "middle", "last"))


def _by_likeness(target: str, names: Sequence[str]) -> str | None:
    """The name that is spelled most like one of the field."""
    import difflib

    words = [form for form, named in ALIASES.items() if named == target and len(form) > 2]
    scored = []
    for name in names:
        form = normal(name)
        close = difflib.get_close_matches(form, words, n=1, cutoff=LIKE)
        inside = [word for word in words if len(word) > 3 and word in form and target != "value"]
        if close or inside:
            ratio = max(difflib.SequenceMatcher(None, form, word).ratio() for word in close + inside)
            scored.append((ratio, name))
    return max(scored)[1] if scored else None


def _by_content(
    target: str, header: Sequence[str], names: Sequence[str], samples: Sequence[Sequence[str]]
) -> str | None:
    """A column whose name says nothing; an amount may be anything, so it is one only where the name is no word at all."""

    for name in names:
        cells = _filled(header, name, samples)
        nameless = len(normal(name)) <= 1 or re.fullmatch(r"(?:column|field|unnamed)\d*", normal(name))
        if not cells or (target == "value" and not nameless):
            continue
        if (voting.support(target, cells, strict=target in ("name", "phone")) or 0) >= voting.ENOUGH:
            return name
    return None


def _filled(header: Sequence[str], name: str, samples: Sequence[Sequence[str]]) -> list[str]:
    """The first cells of a column that are not blank."""
    column = list(header).index(name)
    return [row[column].strip() for row in samples if column < len(row) and row[column].strip()][:20]


def _may_be(
    target: str, name: str, header: Sequence[str], samples: Sequence[Sequence[str]], profile: Profile
) -> bool:
    """Whether the filled cells of a column could stand in the field; without any row nothing speaks against it."""
    cells = _filled(header, name, samples)
    return (voting.support(target, cells, profile.country) or 0) >= voting.ENOUGH if samples else True


def columns_for(
    header: list[str],
    profile: Profile,
    *,
    path: str,
    mapping: Mapping[str, str] | None = None,
    samples: Sequence[Sequence[str]] = (),
) -> Columns:
    """Work out the columns, from a saved mapping or by recognition.

    Raises SourceError MISSING_COLUMN, with a suggestion, when a required field has no column.
    """
    profile = demanded(header, profile)
    if len(header) > COLUMNS_LIMIT:
        raise too_many_columns(path, len(header))
    doubts: tuple[recognition.Doubt, ...] = ()
    buyers, street = False, tuple[str, ...]()
    if mapping is None and profile.rules == "list":
        found = _of_trade(header, samples, profile, path)
        chosen, doubts, buyers = found.mapping, found.doubts, found.buyers or _called_buyers(path, found)
        street = found.street
    elif mapping is None:
        chosen = recognise(header)
    else:
        unknown = sorted(set(mapping.values()) - set(FIELDS))
        if unknown:
            raise ValueError(f"no such field: {', '.join(unknown)}; fields are {', '.join(FIELDS)}")
        forms = {normal(name): name for name in reversed(header)}
        chosen = {}
        for name, target in mapping.items():
            real = name if name in header else forms.get(normal(name))
            if real is not None and (target in SIGNS or target not in chosen.values()):
                chosen[real] = target
    if mapping is not None and profile.rules == "list" and "address" not in chosen.values():
        pieces = recognition.recognise(header, samples, profile.country).street
        street = () if any(name in chosen for name in pieces) else pieces
    missing = _missing({*chosen.values(), *(["address"] if street else [])}, profile)
    if missing and not buyers:
        raise _unusable(header, chosen, missing, profile, path, samples)
    index = {target: header.index(name) for name, target in chosen.items()}
    extra = [
        number
        for number, name in enumerate(header)
        if name not in REJECT_COLUMNS and chosen.get(name) in (None, "lead_id", *SIGNS)
    ]
    wanted = {normal(name): name for name in profile.required}
    present = {normal(name): number for number, name in enumerate(header)}
    absent = [name for form, name in wanted.items() if form not in present]
    if absent:
        raise SourceError(
            "MISSING_COLUMN",
            f"No column called {', '.join(absent)} in {path}, which the profile of this source requires.",
            header=header,
        )
    own_export = "_reject" in header or {"_line", "_reason"} <= set(header)
    warnings = [
        Warning(0, "PERSONAL_COLUMN", f'column "{shorten(name)}" looks like sensitive personal data')
        for name in header
        if normal(name) in SENSITIVE_COLUMNS
    ]
    warnings += [Warning(0, "COLUMN_UNSURE", each.question) for each in doubts[:WARNINGS_EACH]]
    return Columns(
        header=header,
        mapping=chosen,
        index=index,
        extras=[header[number] for number in extra],
        extra_index=tuple(extra),
        distress_index=tuple(
            n for n in extra if normal(header[n]) in DISTRESS_COLUMNS or chosen.get(header[n]) == "tags"
        ),
        flag_index=tuple(n for n in extra if chosen.get(header[n]) == "flag"),
        required_index=tuple(present[form] for form in wanted),
        reject_index=header.index("_reject") if "_reject" in header else None,
        line_index=header.index("_line") if "_line" in header else None,
        own_export=own_export,
        profile=profile,
        warnings=warnings,
        doubts=doubts,
        street_index=tuple(header.index(name) for name in street),
        buyers=buyers,
    )


def _of_trade(
    header: Sequence[str], samples: Sequence[Sequence[str]], profile: Profile, path: str
) -> recognition.Recognition:
    """What the columns of a list of the trade are, by their names and cells, and what a person is asked."""
    found = recognition.recognise(header, samples, profile.country)
    if found.listings:
        raise SourceError(
            "LISTINGS",
            f"{path} is a download of houses for sale that names no owner, so it is not a lead list; nothing was stored.",
            header=list(header),
        )
    if found.calls:
        raise SourceError(
            "CALL_RESULTS",
            f'{path} is a list of calls with their results, so it makes no leads; record them with: valhalla outcome import "{path}"',
            header=list(header),
        )
    return found


_BUYERS = pattern(r"(?<![a-z])(?:cash |vip )?buyers?(?![a-z])")
_SELLERS = pattern(r"(?<![a-z])(?:sellers?|leads?|owners?)(?![a-z])")


def _called_buyers(path: str, found: recognition.Recognition) -> bool:
    """Whether the file is called a list of buyers, and no column speaks of a house."""
    name = re.sub(r"[_\W]+", " ", PurePath(path).stem.casefold())
    return (
        bool(_BUYERS.search(name))
        and not _SELLERS.search(name)
        and not {"address", "apn", "mailing_address", "interested_in"} & set(found.mapping.values())
    )


def _unusable(
    header: list[str],
    chosen: Mapping[str, str],
    missing: list[str],
    profile: Profile,
    path: str,
    samples: Sequence[Sequence[str]],
) -> SourceError:
    guess = suggest(header, samples, profile)
    hints = [f'"{shorten(name, 40)}" for {target}' for name, target in guess.items() if target in missing]
    complete = not _missing(set(guess.values()), profile)
    if not chosen and _looks_like_data(header):
        return SourceError(
            "NO_HEADER",
            f"The first line of {path} looks like data, not like column names; put a line with the names above it.",
            header=header,
        )
    shown = ", ".join(shorten(name, 30) for name in header[:12]) + (", …" if len(header) > 12 else "")
    sentence = f"No column for {' and '.join(missing)} in {path} (columns: {shown})"
    if hints:
        sentence += f"; did you mean {' and '.join(hints)}?"
    else:
        sentence += "; the page of the list (Lists in the cockpit) asks which column is what."
    return SourceError("MISSING_COLUMN", sentence, header=header, suggestion=guess if complete else None)


def _looks_like_data(header: Sequence[str]) -> bool:
    return any(plausible_email(cell.lower()) or money(cell, Profile()).cents for cell in header if cell)
