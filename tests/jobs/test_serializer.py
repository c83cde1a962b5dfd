from __future__ import annotations

import contextlib
import datetime
import math
from pathlib import Path
from typing import Any

import pytest
from huey.utils import SKIPPED, Error
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import BadRow, PayloadError
from jobs.serializer import JsonSerializer, payload_from_json, to_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_json_values_come_back_as_they_were(value: Any) -> None:
    serializer = JsonSerializer()
    assert serializer.deserialize(serializer.serialize(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        SKIPPED,
        Error({"error": "no"}),
        datetime.datetime(2026, 1, 2, 3),
        [None, False],
        [[SKIPPED], {"a": Error({})}],
    ],
)
def test_what_huey_stores_comes_back_as_it_was(value: Any) -> None:
    serializer = JsonSerializer()
    assert serializer.deserialize(serializer.serialize(value)) == value


@pytest.mark.parametrize(
    "value", [Path("x"), {1, 2}, b"bytes", math.nan, math.inf, object(), {"a": [1, object()]}]
)
def test_what_json_cannot_hold_is_refused_with_its_place(value: Any) -> None:
    with pytest.raises(PayloadError, match=r"the arguments of import\.file cannot be kept as JSON"):
        to_json(value, "the arguments of import.file")


@given(st.text() | st.none() | st.integers() | json_values.map(lambda value: to_json(value, "it")))
def test_any_payload_is_read_or_refused(text: Any) -> None:
    with contextlib.suppress(BadRow):
        assert isinstance(payload_from_json(text), dict)


def test_pickle_is_not_loaded() -> None:
    import pickle

    with pytest.raises((BadRow, UnicodeDecodeError)):
        JsonSerializer().deserialize(pickle.dumps({"a": 1}))
