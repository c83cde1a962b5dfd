"""The generated property exports are as their script says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from valhalla.intake.reading import open_source


@pytest.fixture
def make(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("make_properties")


def test_every_row_is_another_property_and_is_read(make: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "properties.csv"
    make.write_properties(path, 300)

    with open_source(path) as source:
        chunk = source.read(final=True)

    assert chunk is not None and len(source.header) == 40
    assert len({row.identity for row in chunk.accepted}) == 300 and not chunk.rejected
    assert all(row.value is None for row in chunk.accepted)
    assert sum(row.phone_key is not None for row in chunk.accepted) > 200


def test_a_month_later_few_rows_say_something_else(make: ModuleType) -> None:
    before, after = list(make.rows_of(500)), list(make.rows_of(500, changed=0.05))
    other = [number for number in range(500) if before[number] != after[number]]
    assert 10 <= len(other) <= 45
    assert all(before[number][:21] == after[number][:21] for number in other)
    assert len({",".join(map(str, row)) for row in before}) == 500


def test_the_same_arguments_give_the_same_bytes(make: ModuleType, tmp_path: Path) -> None:
    one, other = tmp_path / "1.csv", tmp_path / "2.csv"
    make.write_properties(one, 40, seed=3)
    make.write_properties(other, 40, seed=3)
    assert one.read_bytes() == other.read_bytes()
    with one.open(encoding="utf-8", newline="") as file:
        assert len({row["APN"] for row in csv.DictReader(file)}) == 40
