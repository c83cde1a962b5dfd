"""Commands on a home with the ten sample leads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from valhalla.cli.entry import run

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def ten_leads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has read the ten sample leads, made once: a test begins with a copy."""
    folder = tmp_path_factory.mktemp("ten")
    assert run(["--home", str(folder / "home"), "ingest", str(ROOT / "examples" / "real_leads.csv")]) == 0
    return folder / "home"


@pytest.fixture
def told(home: Path, ten_leads: Path, command: Callable[..., Any]) -> Callable[..., tuple[int, str, str]]:
    """A function that runs a command on a home with the ten sample leads: (exit code, output, errors)."""
    shutil.copytree(ten_leads, home, dirs_exist_ok=True)
    return lambda *words: astuple(command(*words))


@pytest.fixture
def data(told: Callable[..., Any], command: Callable[..., Any]) -> Callable[..., Any]:
    """The same with --json: the document."""

    def data(*words: object) -> Any:
        answer = command(*words, "--json", code=0)
        assert answer.err == ""
        return answer.json

    return data
