"""Running the program as a person does: a process of its own, real files, real exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sample() -> Path:
    return ROOT / "examples" / "real_leads.csv"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def inside(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]
) -> Callable[..., Any]:
    """The same as ``valhalla`` in this process, which takes a third of the time, and ``run`` without pages. For what a command
    does and says; a process of its own is for exit codes, signals, outputs and locks."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return partial(command, "--home", home)


@pytest.fixture
def valhalla(home: Path, tmp_path: Path, answer: Any) -> Callable[..., Any]:
    """Run ``valhalla ARGS`` on the test's home, from a folder without lists."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)

    def run(*arguments: object, home: Path = home, cwd: Path = elsewhere, **environment: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "valhalla", "--home", str(home), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=cwd,
            env={**os.environ, **environment},
            timeout=120,
        )
        return answer(done.returncode, done.stdout, done.stderr)

    return run
