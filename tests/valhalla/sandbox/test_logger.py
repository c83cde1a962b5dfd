"""Lines are JSON, carry the context's own id, and hold no personal data."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable

import pytest

from valhalla.sandbox import StructuredLogger


@pytest.fixture
def lines() -> tuple[logging.Logger, list[str]]:
    """A logger, and the lines that it wrote."""
    logger, written = logging.getLogger("test.structured"), []
    logger.setLevel(logging.DEBUG)
    handler = logging.Handler()
    handler.emit = lambda record: written.append(record.getMessage())  # type: ignore[method-assign]
    logger.handlers[:] = [handler]
    return logger, written


def test_a_line_is_json_and_equals_what_is_returned(lines: tuple[logging.Logger, list[str]]) -> None:
    logger, written = lines
    structured = StructuredLogger(logger)
    chosen = structured.set_correlation_id("abc-1")
    entry = structured.log_action("payment_processed", amount=100, note="für Zoë")
    assert chosen == "abc-1" == structured.get_correlation_id()
    assert json.loads(written[0]) == entry
    assert (entry["action"], entry["correlation_id"], entry["amount"]) == ("payment_processed", "abc-1", 100)
    assert entry["timestamp"].endswith("+00:00")


def test_a_request_begins_a_new_id(lines: tuple[logging.Logger, list[str]]) -> None:
    logger, written = lines
    structured = StructuredLogger(logger)
    first, second = structured.log_request("/a"), structured.log_request("/b", "POST", user_id=7)
    assert first != second == structured.get_correlation_id()
    line = json.loads(written[1])
    assert (line["endpoint"], line["method"], line["user_id"]) == ("/b", "POST", 7)


def test_levels_go_through_and_unknown_ones_are_refused(lines: tuple[logging.Logger, list[str]]) -> None:
    logger, written = lines
    logger.setLevel(logging.ERROR)
    structured = StructuredLogger(logger)
    structured.log_action("quiet")
    assert structured.log_action("loud", "error")["level"] == "error"
    assert len(written) == 1
    with pytest.raises(ValueError, match="debug, info"):
        structured.log_action("a", "shout")


def test_personal_data_is_masked_and_secrets_are_left_out(lines: tuple[logging.Logger, list[str]]) -> None:
    logger, written = lines
    StructuredLogger(logger).log_action(
        "sent to jane@example.com",
        email="john@example.com",
        phone="7135550123",
        api_token="tok-123",
        nested={"password": "pw-123", "text": "call 713-555-0199 or +17135550142"},
        url="https://user:hunter2@example.com/?token=tok-456",
    )
    text = written[0]
    for hidden in (
        "jane@",
        "john@",
        "7135550123",
        "tok-123",
        "pw-123",
        "555-0199",
        "17135550142",
        "hunter2",
        "tok-456",
    ):
        assert hidden not in text
    assert "j***@example.com" in text and "***-0123" in text


def test_threads_never_see_each_others_id(together: Callable[..., list[object]]) -> None:
    structured, gate = StructuredLogger(), threading.Barrier(8)

    def work(number: int) -> object:
        structured.set_correlation_id(f"id-{number}")
        gate.wait()
        return structured.log_action("a")["correlation_id"]

    assert together(8, work) == [f"id-{number}" for number in range(8)]


def test_async_tasks_never_see_each_others_id() -> None:
    structured = StructuredLogger()

    async def work(number: int) -> str:
        structured.set_correlation_id(f"id-{number}")
        await asyncio.sleep(0)
        return structured.get_correlation_id()

    async def all_of_them() -> list[str]:
        return list(await asyncio.gather(*(work(number) for number in range(8))))

    assert asyncio.run(all_of_them()) == [f"id-{number}" for number in range(8)]
