"""Commands on a home with the ten sample leads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
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
def told(
    home: Path, ten_leads: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """A function that runs a command on a home with the ten sample leads: (exit code, output, errors)."""
    shutil.copytree(ten_leads, home, dirs_exist_ok=True)
    capfd.readouterr()

    def told(*words: object) -> tuple[int, str, str]:
        try:
            code = run([str(word) for word in words])
        except SystemExit as left:
            code = int(left.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return told


@pytest.fixture
def data(told: Callable[..., tuple[int, str, str]]) -> Callable[..., Any]:
    """The same with --json: the document."""

    def data(*words: object) -> Any:
        code, out, err = told(*words, "--json")
        assert (code, err) == (0, ""), err
        return json.loads(out)

    return data
