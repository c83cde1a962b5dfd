"""Words in type, tags and notes that say why an owner may want to sell."""

from __future__ import annotations

import re

from valhalla.program.patterns import pattern

# canonical word -> the ways lists write it (lower case, matched inside words' boundaries)
_WAYS: dict[str, tuple[str, ...]] = {
    "pre-foreclosure": (
        "pre-foreclosure",
        "pre foreclosure",
        "preforeclosure",
        "lis pendens",
        "notice of default",
    ),
    "foreclosure": ("foreclosure", "sheriff sale", "auction"),
    "probate": ("probate", "deceased", "estate sale"),
    "inherited": ("inherited", "inheritance"),
    "tax lien": ("tax lien", "tax-lien", "tax delinquent", "tax-delinquent", "delinquent tax", "back taxes"),
    "vacant": ("vacant", "vacancy", "unoccupied", "abandoned"),
    "absentee": ("absentee", "out of state owner", "out-of-state owner"),
    "divorce": ("divorce",),
    "bankruptcy": ("bankruptcy",),
    "code violation": ("code violation", "code-violation", "condemned"),
    "eviction": ("eviction",),
    "fire damage": ("fire damage", "fire-damage"),
}

STEMS = tuple(sorted({way for ways in _WAYS.values() for way in ways}))
"""Every spelling: a text without any of them has no distress word."""

_PATTERNS = [
    (
        word,
        pattern(
            r"(?<!not )(?<!non-)(?<!non )(?<!no )(?<!pre )(?<![\w-])(?:"
            + "|".join(map(re.escape, ways))
            + r")(?! ?(?:land|lot))"
        ),
    )
    for word, ways in _WAYS.items()
]


def distress_words(text: str) -> str | None:
    """The distress words in the text in their fixed order, joined by commas, or None: ``probate,vacant``.

    A word directly after "not", "no" or "non" does not count, nor does vacant land, which is a kind of property; "pre
    foreclosure" is one sign.
    """
    text = text.lower()
    if not any(stem in text for stem in STEMS):  # a hundred times as fast, and most texts have none
        return None
    found = [word for word, pattern in _PATTERNS if pattern.search(text)]
    return ",".join(found) or None
