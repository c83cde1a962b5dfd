"""What a value that a person sets may be."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.program.fields import Field

WHOLE = Field("count", 1, 10, "")
FLAG = Field("flag", 0, 1, "")
WORD = Field("word", 0, 0, "", ("on", "poll"))
TEXT = Field("text", 0, 0, "")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [(WHOLE, " 7 ", 7), (FLAG, "Yes", True), (FLAG, "0", False), (WORD, " POLL", "poll"), (TEXT, "  ", None)],
)
def test_what_a_person_types_is_read(field: Field, text: str, value: Any) -> None:
    assert field.read(text) == value


@pytest.mark.parametrize(
    ("field", "text", "allowed"),
    [
        (WHOLE, "11", "a whole number from 1 to 10"),
        (WHOLE, "1.5", "a whole number"),
        (FLAG, "maybe", "on or off"),
        (WORD, "off", "one of on, poll"),
    ],
)
def test_what_is_not_allowed_is_said(field: Field, text: str, allowed: str) -> None:
    with pytest.raises(ValueError, match=allowed):
        field.read(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [(WHOLE, 0), (WHOLE, True), (FLAG, 1), (WORD, "off"), (Field("share", 0, 1, ""), 0.1234567)],
)
def test_a_value_that_cannot_stand_is_named(field: Field, value: Any) -> None:
    assert str(field.mistake("packet.fee", value)).startswith("packet.fee ")
