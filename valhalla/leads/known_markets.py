"""The market that a person means: "houston" is "Houston, TX"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from valhalla.leads import facets, search, sql
from valhalla.leads.markets import market_of
from valhalla.program.errors import UsageError
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    from db import Database

MANY = 20_000
"""Leads that are looked at when a name is looked up by the words of the search index."""

_WORD = pattern(r"[^\W_]+")


def market_named(database: Database, text: str | None) -> str | None:
    """The market of some lead that ``text`` names, however it is written; None for none, or a blank.

    Raises :class:`UsageError` for one that nobody has, with the nearest, and for a city that several states have.
    """
    if text is None or not text.strip():
        return None
    written, _ = market_of(None, None, text)  # with the state in words, or a ZIP: "houston, texas"
    ways = [text] if written is None else [text, written]
    # An index that lacks leads may lack the city of a second state; the name of one with its state it can only lack as a whole.
    fitting = _fitting if search.percent(database) == 100 else _exact
    found = next((found for way in ways if (found := fitting(way, _by_words(database, way)))), [])
    if not found:
        known = [name for name, _ in facets.count(database).markets]
        found = next((found for way in ways if (found := _fitting(way, known))), [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{text!r} is in several states: say {' or '.join(sorted(found))}")
    from difflib import get_close_matches

    near = get_close_matches(_plain(ways[-1]), [each for name in known for each in _forms(name)], 1, 0.6)
    named = [name for name in known if near and near[0] in _forms(name)]
    raise UsageError(
        f"no market {text.strip()}: did you mean {named[0]}?"
        if named
        else f"no market {text.strip()}: no lead is of it"
        + (f"; the largest are {', '.join(known[:3])}" if known else "")
    )


def policy_key(database: Database, key: str) -> str:
    """A key of the policy with its market as leads have it: ``markets.houston.fee`` is ``markets.Houston, TX.fee``.

    A market with its state may be one that no lead is of yet. Raises :class:`UsageError`.
    """
    if not key.startswith("markets."):
        return key
    name, dot, option = key.removeprefix("markets.").rpartition(".")
    if not re.fullmatch("[a-z_]+", option) or not name:
        name, dot, option = key.removeprefix("markets."), "", ""
    market, _ = market_of(None, None, name)
    return f"markets.{market or market_named(database, name)}{dot}{option}"


def _by_words(database: Database, text: str) -> list[str]:
    """Markets of the leads that have the words of the name somewhere."""
    match = search.whole_words(text)
    if match is None:
        return []
    return [name for (name,) in database.sql(sql.MARKETS_OF_WORDS, (match, MANY))]


def _fitting(text: str, known: Iterable[str]) -> list[str]:
    wanted = _plain(text)
    found = [name for name in known if wanted in _forms(name)]
    return _exact(text, found) or found


def _exact(text: str, known: Iterable[str]) -> list[str]:
    """Those that ``text`` names with their state."""
    return [name for name in known if _plain(text) == _plain(name)]


def _forms(name: str) -> tuple[str, ...]:
    """With and without the state."""
    city, _, _ = name.partition(",")
    return (_plain(name), _plain(city))


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
