"""A column's name cut into words of one spelling, so that case, separators and abbreviations make no difference.

>>> parse("contact_1_phone1_type")
Name(words=('contact', 'phone', 'type'), person='contact', person_number=1, number=1, group=0, ours=False)
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from valhalla.intake.reading.vocabulary import (
    EXPANDED,
    OUR_OWN,
    PERSONS,
    SPELLINGS,
    STOP_WORDS,
    known_words,
    words_of,
)
from valhalla.program.patterns import pattern

LONGEST = 200
"""Characters of a name that are looked at; no column of a lead list is called longer."""
MOST_WORDS = 24

_BRACKETS = pattern(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
_CAMEL = pattern(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ORDINAL = pattern(r"(?<![A-Za-z])(\d+)(?:(?:st|nd|rd|th)(?![a-z])|(?:ST|ND|RD|TH)(?![A-Za-z]))")
_POSSESSIVE = pattern(r"'[sS](?![A-Za-z])")
_WORD = pattern(r"[^\W\d_]+|\d+")
_SECOND = frozenset(("second", "secondary", "co", "joint"))
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}
_OWNERS = frozenset(("owner", "borrower", "grantee", "taxpayer", "defendant"))
"""Whoever *first* or *second* counts when it stands before them, and not their first name."""
_NUMBERED = frozenset(PERSONS) - {"", "account"} | {"relative", "relatives"}
_NAME = words_of("first last middle full name second secondary")
_JOINED = {
    ("e", "mail"): ("email",),
    ("e", "mails"): ("email",),
    ("do", "not", "call"): ("donotcall",),
    ("do", "not", "contact"): ("donotcontact",),
    ("do", "not", "mail"): ("donotmail",),
    ("c", "o"): ("care",),
    ("c", "s", "z"): ("city", "state", "zip"),
    ("sq", "m"): ("squaremetre",),
}
_KEPT = words_of(
    "month percent mobile home work landline voip acre square feet type dnc first last city state zip postal code street address"
)
"""What counts although it stands in brackets."""
_LIMIT = 30
"""The highest number that counts a column; what is higher is a year or a code."""


class Name(NamedTuple):
    """What a column's name says."""

    words: tuple[str, ...]
    """In one spelling and without numbers and words that say nothing."""
    person: str
    """The word for whom it is about, or blank."""
    person_number: int
    """2 in ``Owner 2 Phone 1``; 0 without a number."""
    number: int
    """1 in ``Owner 2 Phone 1``; 0 without a number."""
    group: int
    """1 in ``Address 1 - City``; 0 without a number."""
    ours: bool
    """Whether it is about one of us, as ``Lead Owner`` is."""


def tokens(name: str) -> list[str]:
    """Words and numbers in the order in which they stand, in one spelling each."""
    text = unicodedata.normalize("NFKD", name[:LONGEST])
    text = "".join(mark for mark in text if not unicodedata.combining(mark))
    bare = _BRACKETS.sub(_bracketed, text)
    if not _WORD.search(bare):
        bare = text
    bare = _POSSESSIVE.sub("", bare.replace("’", "'")).replace("'", "")
    bare = bare.replace("$/", " per ").replace("%", " percent ").replace("#", " number ").replace("+4", " ")
    bare = _CAMEL.sub(" ", _ORDINAL.sub(r"\1 ", bare))
    parts = [part.casefold() for part in _WORD.findall(bare)[: MOST_WORDS + 1]]
    found: list[str] = []
    at = 0
    while at < len(parts):
        for length in (3, 2):
            joined = _JOINED.get(tuple(parts[at : at + length]))
            if joined:
                found.extend(joined)
                at += length
                break
        else:
            found.extend(canonical(parts[at]))
            at += 1
    for at, (word, after) in enumerate(pairwise(found)):
        if word in _ORDINALS and after in _OWNERS:
            found[at : at + 2] = [after, _ORDINALS[word]]
    return found


def _bracketed(match: re.Match[str]) -> str:
    inside = match[0].replace("%", " percent ")
    words = [each for word in _WORD.findall(_CAMEL.sub(" ", inside)) for each in canonical(word.casefold())]
    several = {"first", "last"} <= set(words) or {"city", "state"} <= set(words)
    return f" {' '.join(words)} " if words and _KEPT.issuperset(words) and not several else " "


@lru_cache(maxsize=4_096)
def canonical(word: str) -> tuple[str, ...]:
    """The one spelling of a word, or of the words it is run together from."""
    if word in EXPANDED:
        return EXPANDED[word]
    if word in SPELLINGS:
        return (SPELLINGS[word],)
    known = known_words()
    if word in known or word.isdecimal() or len(word) < 4:
        return (word,)
    if word.endswith("s") and (single := word[:-1]) in known:
        return canonical(single)
    cut = _cut(word)
    if cut is None:
        return (word,)
    return tuple(each for part in cut for each in canonical(part))


def _cut(word: str) -> list[str] | None:
    """A run-together word as the fewest known words, or None: ``ownerfirstname``."""
    if len(word) > 40:
        return None
    known = known_words()
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(2, len(word) + 1):
        for start in range(max(0, end - 15), end - 1):
            before, part = best[start], word[start:end]
            if before is None or part not in known or (len(part) == 2 and part not in _SHORT):
                continue
            now = best[end]
            if now is None or len(before) + 1 < len(now):
                best[end] = [*before, part]
    whole = best[len(word)]
    return whole if whole and len(whole) <= 7 else None


_SHORT = words_of("id no ft sq of to at in or st do cd is on yr dt")
"""Words of two letters that run-together names are cut into; others stand in too many words by chance."""


@lru_cache(maxsize=4_096)
def parse(name: str) -> Name:
    """What a column's name says, word by word."""
    words: list[str] = []
    person_number = number = group = 0
    parts = tokens(name)
    before = ""
    for at, token in enumerate(parts):
        if token.isdecimal():
            if before == "zip" and token == "5":
                continue
            count = int(token) if len(token) < 4 else _LIMIT + 1
            if count > _LIMIT:
                words.append("#" + token)
            elif before in _NUMBERED:
                person_number = count
            elif before == "address" and any(not each.isdecimal() for each in parts[at + 1 :]):
                group = count
            else:
                number = count
        elif token not in STOP_WORDS:
            words.append(token)
        before = token
    ours = any(first in OUR_OWN and second == "owner" for first, second in pairwise(words))
    persons = [word for word in words if word in PERSONS]
    person = next((each for each in ("representative", "decedent", "owner") if each in persons), "")
    person = person or (persons[0] if persons else "")
    if person and _SECOND & set(words):
        person_number = person_number or 2
        words = [word for word in words if word not in _SECOND]
    elif "name" in words and {"second", "secondary"} & set(words) and _NAME.issuperset(words):
        person_number = 2
        words = [word for word in words if word not in _SECOND]
    return Name(tuple(words), person, person_number, number, group, ours)
