"""Owners with several houses on five lists: no two houses become one lead, and hardly one becomes two."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

LONG = os.environ.get("VALHALLA_LONG") == "1"


def test_nobody_is_joined_wrongly_and_hardly_anybody_missed(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    joining = script("join_owners")
    found = joining.through(joining.make(10_000 if LONG else 100, 7), tmp_path)
    assert found.pairs > 1_000 and found.refused == 0
    assert (found.wrong, found.asked) == (0, 0)
    assert found.missed_share <= 0.01
