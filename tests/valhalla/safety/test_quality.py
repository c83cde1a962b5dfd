"""The score is the formula over what was counted, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.program.database import memory_database
from valhalla.safety import quality
from valhalla.safety.quality import Counts
from valhalla.scoring import store


def counts(**given: int) -> Counts:
    names = Counts.__dataclass_fields__
    return Counts(**{name: given.get(name, 3 if name == "required" else 0) for name in names})


def test_nothing_read_is_no_data() -> None:
    with memory_database() as database:
        found = quality.measure(database)
    assert (found["status"], found["score"]) == ("NO_DATA", None) and found["score_reason"]
    assert all(part["value"] is None and part["reason"] for part in found["details"]["dimensions"].values())


def test_the_formula_by_hand() -> None:
    each = counts(
        records=100, rejected=4, duplicates=6, missing_cells=3, stored=90, optional_cells=200, optional_filled=150,
        inconsistent=8, outliers=1, dated=50, fresh=40,
    )  # fmt: skip
    parts = quality.dimensions([each])
    assert parts["validity"]["value"] == 0.96
    assert parts["completeness"]["value"] == pytest.approx(0.7 * 297 / 300 + 0.3 * 0.75)
    assert parts["uniqueness"]["value"] == 90 / 96
    assert parts["consistency"]["value"] == 81 / 90
    assert parts["timeliness"]["value"] == 0.8
    expected = 100 * (0.35 * 0.96 + 0.25 * 0.918 + 0.15 * 0.9375 + 0.15 * 0.9 + 0.10 * 0.8)
    assert quality.score(parts) == pytest.approx(expected, abs=0.005)


def test_what_is_not_measured_carries_no_weight() -> None:
    parts = quality.dimensions([counts(records=10, stored=10)])
    assert parts["timeliness"]["value"] is None
    assert quality.score(parts) == 100.0


@pytest.mark.parametrize(
    ("validity", "points", "status"),
    [
        (1.0, 95.0, "GOOD"),
        (1.0, 94.99, "OK"),
        (1.0, 90.0, "OK"),
        (1.0, 85.0, "WATCH"),
        (1.0, 84.9, "POOR"),
        (0.89, 99.0, "POOR"),
    ],
)
def test_the_states(validity: float, points: float, status: str) -> None:
    assert quality.status({"validity": {"value": validity}}, points) == status


def test_an_import_is_counted_once_and_its_newest_version_stands(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    rows = [f"Ann {n},ann{n}@example.com,{100_000 + n * 1000},713-555-01{n:02d}" for n in range(30)]
    path.write_text("name,email,value,phone\n" + "\n".join([*rows, "Bad,,1,", "Bad,b@example.com,x,"]) + "\n")
    with memory_database() as database:
        store.seed(database)
        import_file(database, Request(str(path), "csv", True))
        assert quality.count(database) == 1 and quality.count(database) == 0
        (found,) = quality.standing(database)
        assert (found.records, found.rejected, found.missing_cells, found.stored) == (32, 2, 1, 30)
        assert (found.optional_cells, found.optional_filled) == (30, 30)
        report = quality.measure(database)
        assert report["details"]["dimensions"]["validity"]["value"] == 30 / 32
        assert report["status"] == "GOOD" and report["score"] > 95


def test_far_prices_and_heaps_of_equal_ones_are_seen() -> None:
    assert quality._values([100] * 5) == (0, 0), "too few to say"
    assert quality._values([100_000 + n for n in range(40)] + [90_000_000_000]) == (1, 1)
    assert quality._values([500_000] * 30 + list(range(1, 20)))[1] == 30
