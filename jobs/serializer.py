"""Job payloads and stored values as JSON. Never pickle: editing the database must not be a way to run code."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from jobs.errors import BadRow, PayloadError
from jobs.huey import SKIPPED, Error, Serializer

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":"), ensure_ascii=False).encode
_decode = json.JSONDecoder().decode

_TAG = "$huey"
"""Marks values of Huey that JSON cannot express: datetimes of revocations, errors, skipped members."""


def to_json(value: Any, what: str) -> str:
    """``value`` as JSON text. Raises :class:`PayloadError`, which names ``what`` and the type that does not fit."""
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(f"{what} cannot be kept as JSON: {error}") from None


def from_json(text: Any, what: str) -> Any:
    """The value of JSON ``text``. Raises :class:`BadRow` with what is wrong."""
    if not isinstance(text, str):
        raise BadRow(f"{what} is not text")
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        raise BadRow(f"{what} is not JSON: {error}") from None


def payload_from_json(text: Any) -> dict[str, Any]:
    """A payload as written by the queue. Raises :class:`BadRow` for anything else."""
    if text == "{}":
        return {}
    body = from_json(text, "its payload")
    if not isinstance(body, dict):
        raise BadRow("its payload is not a JSON object")
    if not isinstance(body.get("args", []), list):
        raise BadRow("args of its payload is not a list")
    if not isinstance(body.get("kwargs", {}), dict):
        raise BadRow("kwargs of its payload is not an object")
    return body


class JsonSerializer(Serializer):  # type: ignore[misc]
    """What Huey puts into its key-value store (locks, revocations, chord results), as tagged JSON."""

    def _serialize(self, data: Any) -> bytes:
        return to_json(tagged(data), "a stored value").encode("utf-8")

    def _deserialize(self, data: bytes) -> Any:
        return untagged(from_json(data.decode("utf-8"), "a stored value"))


def tagged(value: Any) -> Any:
    if value is SKIPPED:
        return {_TAG: "skipped"}
    if isinstance(value, Error):
        return {_TAG: "error", "value": tagged(value.metadata)}
    if isinstance(value, datetime):
        return {_TAG: "datetime", "value": value.isoformat()}
    if isinstance(value, list | tuple):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    return value


def untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [untagged(item) for item in value]
    if isinstance(value, dict):
        match value.get(_TAG):
            case "skipped":
                return SKIPPED
            case "error":
                return Error(untagged(value["value"]))
            case "datetime":
                return datetime.fromisoformat(value["value"])
        return {key: untagged(item) for key, item in value.items()}
    return value
