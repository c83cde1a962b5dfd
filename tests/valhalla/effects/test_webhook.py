"""What a receiver says about when to come again, in its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from valhalla.effects.outcome import Refused
from valhalla.effects.webhook import BODY_SHOWN, LONGEST_WAIT, retry_after, send


@pytest.fixture
def talker(receive: Callable[..., str]) -> str:
    """The address of a receiver whose answers never end; what stands behind the last slash is their status."""

    def answer(request: Any) -> None:
        request.send_response(int(request.path.rpartition("/")[2]))
        request.end_headers()
        while True:
            request.wfile.write("é".encode() * 4096)

    return receive(answer)


def test_of_an_answer_without_an_end_the_beginning_is_kept(talker: str) -> None:
    assert send(f"{talker}/200", {}, "k", secret=None) == {"status": 200, "body": "é" * BODY_SHOWN}
    with pytest.raises(Refused, match=r"answered 404$") as refused:
        send(f"{talker}/404", {}, "k", secret=None)
    assert refused.value.said == {"status": 404, "body": "é" * BODY_SHOWN}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2999 00:00:00 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("  ", None),
        ("soon", None),
        ("-5", None),
        ("\u00b2", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_anything_else_says_nothing(
    text: str | None, seconds: float | None
) -> None:
    assert retry_after(text) == seconds
