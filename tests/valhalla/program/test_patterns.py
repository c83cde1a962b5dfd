"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from valhalla.program.patterns import pattern


def test_a_pattern_does_what_a_compiled_one_does() -> None:
    later, now = pattern(r"(\d+)\s*X", re.IGNORECASE), re.compile(r"(\d+)\s*X", re.IGNORECASE)
    for text in ("12 x and 3X", "none"):
        for method in ("findall", "split"):
            assert getattr(later, method)(text) == getattr(now, method)(text)
        for method in ("match", "fullmatch", "search"):
            one, other = getattr(later, method)(text), getattr(now, method)(text)
            assert (one and one.span()) == (other and other.span())
        assert later.sub(r"<\1>", text) == now.sub(r"<\1>", text)
        assert later.subn("", text) == now.subn("", text)
        assert [each.span() for each in later.finditer(text)] == [each.span() for each in now.finditer(text)]
    assert (later.pattern, later.flags, later.groups) == (now.pattern, now.flags, now.groups)


def test_a_mistake_is_told_with_the_first_use() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("")
