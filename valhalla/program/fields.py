"""A value that a person may set, such as a setting or a key of the policy: what it means, and what it may be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

WHOLE = ("money", "count", "days", "hours", "points")
"""Kinds that are whole numbers."""


def on_or_off(text: str) -> bool:
    """Whether a switch is to be on. Raises ValueError with what is allowed."""
    word = text.strip().lower()
    if word not in ("true", "on", "yes", "1", "false", "off", "no", "0"):
        raise ValueError("on or off")
    return word in ("true", "on", "yes", "1")


class Field(NamedTuple):
    """One value.

    ``kind`` is ``share`` (fraction of one, at most six decimals), ``money`` (whole currency units), ``count``, ``days``,
    ``hours``, ``points``, ``number``, ``flag``, ``word`` (one of ``words``) or ``text``. ``low`` and ``high`` are inclusive.
    """

    kind: str
    low: float
    high: float
    meaning: str
    words: tuple[str, ...] = ()
    default: Any = None
    parse: Callable[[str], Any] | None = None
    """Reads a text of a form of its own, such as an address. Raises ValueError with what is allowed."""

    def read(self, text: str) -> Any:
        """The value that a person typed. Raises ValueError with what is allowed."""
        if self.parse is not None:
            return self.parse(text)
        word = text.strip()
        if self.kind == "flag":
            return on_or_off(word)
        if self.kind == "word":
            if word.lower() not in self.words:
                raise ValueError(f"one of {', '.join(self.words)}")
            return word.lower()
        if self.kind in WHOLE:
            if not re.fullmatch(r"\d{1,12}", word) or not self.low <= int(word) <= self.high:
                raise ValueError(f"a whole number from {self.low} to {self.high}")
            return int(word)
        return word or None

    def mistake(self, name: str, value: Any) -> str | None:
        """One sentence saying why ``value`` cannot stand at ``name``, or None."""
        if self.kind == "flag":
            return None if isinstance(value, bool) else f"{name} must be true or false, not {value!r}."
        if self.kind == "word":
            return (
                None
                if value in self.words
                else f"{name} must be one of {', '.join(self.words)}, not {value!r}."
            )
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return f"{name} must be a number, not {value!r}."
        if self.kind in WHOLE and not isinstance(value, int):
            return f"{name} must be a whole number, not {value!r}."
        if not self.low <= value <= self.high:
            return f"{name} must be from {self.low:g} to {self.high:g}, not {value!r}."
        if self.kind == "share" and round(value, 6) != value:
            return f"{name} can have at most six decimals, not {value!r}."
        return None
