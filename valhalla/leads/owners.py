"""Owners' names: who is meant, in whatever order and spelling a list writes them.

``QUILLON DANA R & RAY`` is Dana R Quillon with the further owner Ray Quillon; ``Quillon, Dana`` is the same first owner. Whether
another name at the same property is another owner is :func:`same_owner`'s answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from valhalla.leads.name_tables import COMPANY_SPELLINGS, COMPANY_WORDS, GIVEN, LEGAL_FORMS
from valhalla.program.patterns import pattern

LONGEST = 300


class Owner(NamedTuple):
    """One person or company."""

    name: str
    """As one writes it: ``Dana R Quillon``, ``Blue Heron Holdings LLC``."""
    given: str = ""
    """First name for a greeting, as written; empty of a company or when it is not known."""
    words: tuple[str, ...] = ()
    """For comparing: of a person given name, middle names and initials, surname; of a company its words without legal form.
    Upper case."""
    generation: str = ""
    """``JR``, ``SR``, ``II`` …"""
    legal: str = ""
    """``LLC``, ``INC``, …; of a company."""
    company: bool = False
    trust: bool = False
    """A trust; ``words`` are those of the person it is named after, when it is."""
    estate: bool = False
    """A dead person's estate, or the heirs."""
    ambiguous: bool = False
    """Whether the surname may as well be the first of ``words``."""


class Owners(NamedTuple):
    """Who a list says owns a property, and who speaks for them."""

    of_record: tuple[Owner, ...]
    """First the owner of the lead's name, then further owners."""
    contact: Owner | None
    """Whom to call: the personal representative or the person that letters go to in care of; else the first owner."""


def owners_of(text: str | None, representative: str | None = None, last_first: bool | None = None) -> Owners:
    """The owners in a cell. ``representative``: of a probate list, who speaks for the estate of ``text``.

    ``last_first``: whether the list writes surnames first; None when it is not known, then each cell is judged alone.
    """
    name, _, care = _in_care(text or "")
    found = _parsed(name, last_first)
    speaker = _parsed(representative or care, None)
    contact = speaker[0] if speaker else found[0] if found else None
    return Owners(found, contact)


def same_owner(one: str | Owners | None, other: str | Owners | None) -> bool:
    """Whether two names at one property are those of the same owner, as far as order, initials, ``&`` and the spelling
    of companies, trusts and estates go. One shared person is enough; a name that is missing contradicts nothing."""
    mine = one if isinstance(one, Owners) else owners_of(one)
    theirs = other if isinstance(other, Owners) else owners_of(other)
    if not mine.of_record or not theirs.of_record:
        return True
    return any(same_person(first, second) for first in mine.of_record for second in theirs.of_record)


def same_person(one: Owner, other: Owner) -> bool:
    """Whether two names may be one person's or company's: nothing in them contradicts that."""
    if one.company != other.company:
        trust, person = (one, other) if one.company else (other, one)
        named = {word for word in trust.words if len(word) > 1} - {"TRUST"}
        return trust.trust and len(named) > 1 and named == {word for word in person.words if len(word) > 1}
    if one.company:
        return one.words == other.words and (one.legal == other.legal or not one.legal or not other.legal)
    if one.generation and other.generation and one.generation != other.generation:
        return False
    if len(one.words) == 1 or len(other.words) == 1:
        return bool(set(one.words) & set(other.words))
    return any(_fit(first, second) for first in _readings(one) for second in _readings(other))


def name_keys(owner: Owner) -> tuple[str, ...]:
    """Texts that one person's or company's name is looked up by, whatever its order, initials and middle names.

    Two people may have one in common: anyone who finds another by it asks :func:`same_person`.
    """
    if owner.company:
        return (f"company {' '.join(owner.words)}",)
    if len(owner.words) < 2:
        return tuple(f"{word} {owner.generation}".strip() for word in owner.words)
    pairs = {tuple(sorted((given, surname))) for given, _, surname in _readings(owner)}
    return tuple(sorted(" ".join((*pair, owner.generation)).strip() for pair in pairs))


# -- comparing ---------------------------------------------------------------------------------------------


def _readings(owner: Owner) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(given, middle, surname), once or, when the order is not certain, twice."""
    words = owner.words
    yield words[0], words[1:-1], words[-1]
    if owner.ambiguous:
        yield words[1], words[2:], words[0]


def _fit(one: tuple[str, tuple[str, ...], str], other: tuple[str, tuple[str, ...], str]) -> bool:
    if not _alike(one[0], other[0]):
        return False
    if one[2] != other[2] and not (set(one[2].split("-")) & set(other[2].split("-"))):
        return False
    return all(_alike(first, second) for first, second in zip(one[1], other[1], strict=False))


def _alike(one: str, other: str) -> bool:
    """Whether two names are equal or one is the other's initial."""
    return one == other or ((len(one) == 1 or len(other) == 1) and one[0] == other[0] and one.isalpha())


# -- reading -----------------------------------------------------------------------------------------------

_CARE = r"(?i)\s*(?:\bc\s*/\s*o\b|%|\bcare of\b|\battn\b:?)\s*"
_NOISE = (
    r"(?i)\b(?:et ?al|et ?ux|et ?vir|h ?/ ?w|w ?/ ?h|husband and wife|jt ?ten|jt ?wros|jtrs|tic|ttees?|co-?trustees?|trustees?|"
    r"life estate|unknown owner|owner of record|(?:an? )?(?:un)?married (?:man|woman|couple|person)|(?:a )?single (?:man|woman|person)|"
    r"(?:his |her )?(?:wife|husband|spouse))\b\.?"
)
_ESTATE = r"(?i)^(?:the )?(?:estate|est|heirs?|hrs) of (?:the estate of )?|[, ]+\(?(?:estate|est|heirs|deceased|decd|dec'?d)\b\.?\)?$"
_TRUST = (
    r"(?i)\b(?:(?:revocable|rev|irrevocable|irrev|living|liv|family|fam|inter vivos|declaration of|land)\b\.? ?)*(?:trust|trst|tr)\b\.?"
    r"(?: agreement)?(?: (?:no|number|#)\.? ?\d+)?(?:,? ?(?:dated|dtd|u/?a/?d?|utd)\b.*)?$|^trust of (?:the )?"
)
_GENERATIONS = {
    "JR": "JR",
    "JUNIOR": "JR",
    "SR": "SR",
    "SENIOR": "SR",
    "II": "II",
    "2ND": "II",
    "III": "III",
    "3RD": "III",
    "IV": "IV",
}
_TITLES = frozenset({"MR", "MRS", "MS", "MISS", "DR", "REV", "HON", "MD", "PHD", "ESQ", "DDS", "CPA"})
_PARTICLES = frozenset(
    {
        "DE",
        "DEL",
        "DELA",
        "LA",
        "LAS",
        "LOS",
        "VAN",
        "VON",
        "DER",
        "DEN",
        "DI",
        "DA",
        "DU",
        "ST",
        "SAINT",
        "SAN",
        "MC",
        "MAC",
        "LE",
    }
)


_WORD_ENDS = pattern(r"[^A-Z0-9]+")
_NOISE_WORDS = frozenset(
    {
        "ET", "ETAL", "ETUX", "ETVIR", "H", "HUSBAND", "JT", "JTTEN", "JTWROS", "JTRS", "TIC", "TTEE", "TTEES", "COTRUSTEE", "COTRUSTEES",
        "TRUSTEE", "TRUSTEES", "LIFE", "UNKNOWN", "OWNER", "WIFE", "SPOUSE", "MARRIED", "UNMARRIED", "SINGLE",
    }
)  # fmt: skip
_NOBODY = frozenset(
    {
        "UNKNOWN", "NA", "N A", "NONE", "NULL", "OWNER", "CURRENT OWNER", "HOMEOWNER", "HOME OWNER", "PROPERTY OWNER", "OCCUPANT",
        "CURRENT OCCUPANT", "RESIDENT", "CURRENT RESIDENT", "NO NAME", "NOT AVAILABLE", "UNAVAILABLE", "TBD",
    }
)  # fmt: skip
"""What lists write where no name is known: it would be one person at every address."""
_ESTATE_WORDS = frozenset({"ESTATE", "EST", "HEIR", "HEIRS", "HRS", "DECEASED", "DECD", "DEC"})
_TRUST_WORDS = frozenset({"TRUST", "TRST", "TR"})
"""Without one of these words the patterns above need not be tried."""


def _in_care(text: str) -> tuple[str, str, str]:
    low = text.lower()
    if not ("/" in low or "%" in low or "care of" in low or "attn" in low) or not (
        found := re.search(_CARE, text)
    ):
        return text, "", ""
    return text[: found.start()].rstrip(" ,;-"), found[0], text[found.end() :].strip()


@lru_cache(maxsize=2_048)
def _parsed(text: str, last_first: bool | None) -> tuple[Owner, ...]:
    if len(text) < 20 and " ".join(_WORD_ENDS.split(text.upper())).strip() in _NOBODY:
        return ()
    parts = _plain(text)
    if parts:
        return _people(parts, last_first)
    text = unicodedata.normalize("NFKC", text[:LONGEST]).strip(" ,;&-\t").lstrip(".")
    words = set(_WORD_ENDS.split(text.upper()))
    if not _NOISE_WORDS.isdisjoint(words):
        text = re.sub(_NOISE, " ", text).strip(" ,;&-/") if re.search(_NOISE, text) else text
    if not any(mark.isalnum() for mark in text):
        return ()
    bare = text if _ESTATE_WORDS.isdisjoint(words) else re.sub(_ESTATE, "", text).strip(" ,")
    estate = bare != text and bare != ""
    if estate:
        text = bare
    plain = _company_words(text)
    if _is_company(plain):
        return (_company(text, plain),)
    if not _TRUST_WORDS.isdisjoint(words) and re.search(_TRUST, text):
        inner = re.sub(_TRUST, "", re.sub(r"(?i)^the ", "", text)).strip(" ,")
        people = _people(_parts(inner), last_first) if len(inner.split()) > 1 else ()
        if (
            not people
            or _is_company(_company_words(inner))
            or not any(word in GIVEN or len(word) == 1 for word in people[0].words)
        ):
            return (_company(text, plain),)
        return tuple(
            person._replace(trust=True, name=_shown(text) if at == 0 else person.name)
            for at, person in enumerate(people)
        )
    people = _people(_parts(text), last_first)
    return tuple(person._replace(estate=True) for person in people) if estate else people


def _plain_words(text: str) -> list[str]:
    if not text.isascii():
        text = "".join(
            mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark)
        )
    text = text.upper()
    return re.findall(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", text.replace("'", "").replace("’", "").replace(".", ""))


def _company_words(text: str) -> list[str]:
    """The words of what may be a company's name, with its legal form as one word."""
    words = _plain_words(text.replace("&", " AND ").replace("+", " AND "))
    for long, short in _LONG_FORMS:
        if long[0] in words:
            for at in range(len(words) - len(long) + 1):
                if tuple(words[at : at + len(long)]) == long:
                    words[at : at + len(long)] = [short]
                    break
    return words


_LONG_FORMS = (
    (("LIMITED", "LIABILITY", "COMPANY"), "LLC"),
    (("LIMITED", "LIABILITY", "CO"), "LLC"),
    (("L", "L", "C"), "LLC"),
    (("LIMITED", "PARTNERSHIP"), "LP"),
    (("L", "P"), "LP"),
)


def _is_company(words: list[str]) -> bool:
    if len(words) < 2:
        return False
    if any(word in LEGAL_FORMS and word not in _INITIALS_TOO for word in words) or (
        "TRUST" in words and "BANK" in words
    ):
        return True
    if words[-1] in LEGAL_FORMS or (
        words[1] == "OF" and words[0] in ("CITY", "COUNTY", "TOWN", "STATE", "VILLAGE")
    ):
        return True
    return any(word in COMPANY_WORDS and word not in ("TRUST", "CO") for word in words[-2:])


_INITIALS_TOO = frozenset({"CO", "PA", "PC", "LC", "LP"})
"""Legal forms that may be the initials of a person, unless they end the name."""


def _company(text: str, words: list[str]) -> Owner:
    shown = _shown(text)
    if words[:1] == ["THE"]:
        words = words[1:]
    legal = ""
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        legal = LEGAL_FORMS[words[-1]]
        words = words[:-1]
    trust = not _TRUST_WORDS.isdisjoint(words) and re.search(_TRUST, text) is not None
    if trust:
        words = _plain_words(re.sub(_TRUST, "", " ".join(words))) or words
        words = [*words, "TRUST"] if words[-1] != "TRUST" else words
    spelled = tuple(COMPANY_SPELLINGS.get(word, word) for word in words)
    return Owner(shown, words=spelled, legal=legal, company=True, trust=trust)


_PLAIN = pattern(r"[A-Za-z]+(?:,? [A-Za-z]+\.?){1,3}(?: & [A-Za-z]+(?: [A-Za-z]+\.?){0,2})?")
_SPECIAL = frozenset(
    {
        *COMPANY_WORDS, *LEGAL_FORMS, *_GENERATIONS, *_TITLES, *_PARTICLES, *_NOISE_WORDS, *_ESTATE_WORDS, *_TRUST_WORDS, "OF", "AND", "THE", "L",
    }
    - {"H"}
)  # fmt: skip
"""Words that make a name more than those of people."""


def _plain(text: str) -> list[_Part]:
    """The people of a cell that holds nothing but their names, which most cells do; of any other cell nothing."""
    if not _PLAIN.fullmatch(text) or not _SPECIAL.isdisjoint(
        text.upper().replace(",", "").replace(".", "").split()
    ):
        return []
    parts = []
    for person in text.split(" & "):
        before, comma, _ = person.partition(",")
        if comma and (" " in before or person.count(",") > 1):
            return []
        raw = person.replace(",", "").replace(".", "").split()
        parts.append(_Part(tuple(map(_capital, raw)), tuple(map(str.upper, raw)), "", bool(comma)))
    return parts


def _parts(text: str) -> list[_Part]:
    return [
        part
        for part in (_split(each) for each in re.split(r"(?i)\s*(?:&|\+|;|\band\b|\s/\s)\s*", text))
        if part.words
    ]


def _people(parts: list[_Part], last_first: bool | None) -> tuple[Owner, ...]:
    if not parts:
        return ()
    first = parts[0]
    if len(parts) == 1:
        return (_person(first, first.turned(last_first, False)),)
    later = parts[1:]
    if len(first.full) == 1 and not first.comma and later and len(later[-1].full) > 1:
        surname = later[-1].words[-1]  # "Dana & Ray Quillon"
        parts = [part if len(part.full) > 1 else part.with_surname(surname) for part in parts]
        return tuple(_person(part, False) for part in parts)
    turned = first.turned(last_first, bool(later) and len(later[0].full) == 1)
    people = [_person(first, turned)]
    surname = first.words[0] if turned or first.comma else first.words[-1]
    for part in later:
        if len(part.full) == 1 or (
            part.words[-1] in GIVEN and part.words[0] in GIVEN and turned and len(part.full) == 2
        ):
            people.append(_person(part.with_surname(surname), False))
        else:
            people.append(
                _person(part, part.turned(last_first, False) or (turned is True and part.words[0] == surname))
            )
    return tuple(people)


class _Part(NamedTuple):
    """The words of one person, as written and for comparing."""

    shown: tuple[str, ...]
    words: tuple[str, ...]
    generation: str
    comma: bool

    @property
    def full(self) -> tuple[str, ...]:
        """The words that are no initials."""
        return tuple(word for word in self.words if len(word) > 1)

    def with_surname(self, surname: str) -> _Part:
        return self._replace(shown=(*self.shown, _capital(surname)), words=(*self.words, surname))

    def turned(self, last_first: bool | None, next_has_no_surname: bool) -> bool | None:
        """Whether the surname stands first; None when that is not certain."""
        if self.comma:
            return True
        if len(self.words) < 2:
            return False
        if last_first is not None:
            return last_first
        known = self.words[0] in GIVEN
        if known and self.words[1] not in GIVEN and (len(self.words[1]) > 1 or len(self.words) == 2):
            return False
        if len(self.words[-1]) == 1:
            return self.words[-1].isalpha()  # "Quillon Dana R"
        if len(self.words) > 2 and len(self.words[1]) == 1:
            return False  # "Dana R Quillon"
        if not known and self.words[1] in GIVEN:
            return True
        if next_has_no_surname and not known:
            return True
        if known and len(self.words) > 2 and self.words[-1] not in GIVEN:
            return False  # "Mary Ann Smith"
        return None


def _split(text: str) -> _Part:
    before, comma, after = text.partition(",")
    generation = ""
    if (
        comma
        and (rest := _plain_words(after))
        and all(word in _GENERATIONS or word in _TITLES for word in rest)
    ):
        text, comma = f"{before} {after}", ""  # "Dana Quillon, Jr."
    elif comma:
        text = f"{before} {after.replace(',', ' ')}"
    shown: list[str] = []
    words: list[str] = []
    head = 0
    for raw in text.split():
        plain = _plain_words(raw)
        if not plain:
            continue
        word = plain[0] if len(plain) == 1 else "".join(plain)
        if word in _GENERATIONS and words:
            generation = _GENERATIONS[word]
            continue
        if word in _TITLES and (not words or word in ("MD", "PHD", "ESQ", "DDS", "CPA")):
            continue
        if words and words[-1] in _PARTICLES and len(word) > 1:
            words[-1] += word
            shown[-1] = f"{shown[-1]} {_capital(raw)}"
            continue
        shown.append(_capital(raw.strip('.,()"')) if len(word) > 1 else word)
        words.append(word)
    if comma:
        head = max(1, len(_split(before).words))
        if head < len(words):
            words = ["-".join(words[:head]) if head > 1 else words[0], *words[head:]]
            shown = [" ".join(shown[:head]), *shown[head:]]
        else:
            comma = ""
    return _Part(tuple(shown), tuple(words), generation, bool(comma))


def _person(part: _Part, turned: bool | None) -> Owner:
    shown, words = part.shown, part.words
    if turned and len(words) > 1:
        shown, words = (*shown[1:], shown[0]), (*words[1:], words[0])
    name = " ".join(shown)
    if part.generation:
        name += f" {part.generation.title() if part.generation in ('JR', 'SR') else part.generation}"
    certain = part.comma or (turned is not None and len(words) > 2)
    given = shown[0] if len(words) > 1 else ""
    return Owner(
        name,
        given if turned is not None else "",
        words,
        part.generation,
        ambiguous=len(words) > 1 and not certain,
    )


@lru_cache(maxsize=4_096)
def _capital(word: str) -> str:
    """A name's word as one writes it: those in capitals or small letters get a capital; others stay."""
    word = word.strip('.,;()"')
    if not (word.isupper() or word.islower()) or len(word) < 2:
        return word.upper() if len(word) == 1 else word
    if word.isalpha() and word[1] not in "cC":
        return word.capitalize()
    word = "-".join(part.capitalize() for part in word.split("-"))
    if word.startswith("Mc") and len(word) > 3:
        return f"Mc{word[2:].capitalize()}"
    if word[:2] in ("O'", "D'") and len(word) > 2:
        return word[:2] + word[2:].capitalize()
    return word


def _shown(text: str) -> str:
    """A company's name as one writes it."""
    text = " ".join(text.split())
    if not text.isupper():
        return text
    return " ".join(
        word
        if word.strip(".,") in _INITIALS
        else word.lower()
        if at and word in ("OF", "THE", "AND")
        else _capital(word)
        for at, word in enumerate(text.split())
    )


_INITIALS = frozenset(
    {"LLC", "LP", "LLP", "LLLP", "PLLC", "PC", "PA", "II", "III", "IV", "L.L.C", "L.P", "DBA", "USA", "US"}
)
