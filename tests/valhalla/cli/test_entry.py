"""What the command line finds out before it knows the command."""

from __future__ import annotations

import pytest

from valhalla.cli.entry import given_home, globals_first


@pytest.mark.parametrize(
    ("words", "home"),
    [
        ([], None),
        (["ingest", "x"], None),
        (["--home", "a", "ingest"], "a"),
        (["ingest", "--home=b", "x"], "b"),
        (["ingest", "x", "--home"], None),
        (["--home", "a", "ingest", "--home", "c"], "c"),
    ],
)
def test_the_home_that_is_given_last_counts(words: list[str], home: str | None) -> None:
    front, _ = globals_first(words)
    assert given_home(front) == home
