"""Tests of what build/ holds: it is not a package, so its files are found by their folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build"


@pytest.fixture(autouse=True)
def _build_on_the_path() -> Iterator[None]:
    sys.path.insert(0, str(BUILD))
    yield
    sys.path.remove(str(BUILD))
