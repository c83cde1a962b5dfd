"""The six examples of the documents do what they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def examples(module: Callable[[Path], ModuleType]) -> ModuleType:
    return module(ROOT / "examples" / "csv_ingestion_examples.py")


def test_basic(examples: ModuleType) -> None:
    assert len(examples.basic()) == 10


def test_production(examples: ModuleType, tmp_path: Path) -> None:
    found = examples.production(folder=tmp_path)
    assert (found["total"], found["new"], found["unchanged"]) == (30, 10, 20)
    assert (tmp_path / found["report"]).exists()


def test_custom_file(examples: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Owner;E-Mail;Asking Price\nAnn Ames;ANN@example.com;100000\n", encoding="utf-8")
    assert examples.custom_file(path) == ["Ann Ames: ann@example.com"]
    assert examples.custom_file(tmp_path / "none.csv") == []


def test_class_usage(examples: ModuleType) -> None:
    assert examples.class_usage() == (10, 10, 0)


def test_batch(examples: ModuleType, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        shutil.copy(examples.SAMPLE, tmp_path / name)
    (tmp_path / "c.csv").write_text("", encoding="utf-8")
    assert examples.batch(tmp_path) == {"a.csv": 10, "b.csv": 10}


def test_custom_rule(examples: ModuleType) -> None:
    leads = examples.custom_rule()
    assert 0 < len(leads) < 10 and all(lead["location"].endswith("TX") for lead in leads)


def test_the_file_runs_as_a_program(examples: ModuleType) -> None:
    assert examples.main() == 0
