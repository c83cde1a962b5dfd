"""Running the program as a person does: a process of its own, real files, real exit codes."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from valhalla.cli import entry

ROOT = Path(__file__).parents[2]


@dataclass
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def sample() -> Path:
    return ROOT / "examples" / "real_leads.csv"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def inside(
    home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """The same as ``valhalla`` in this process, which takes a third of the time, and ``run`` without pages. For what a command
    does and says; a process of its own is for exit codes, signals, outputs and locks."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    monkeypatch.chdir(elsewhere)

    def run(*arguments: object, **environment: str) -> Answer:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO())
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                code = entry.run(["--home", str(home), *map(str, arguments)])
            except SystemExit as left:
                code = int(left.code or 0)
        said = capfd.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def valhalla(home: Path, tmp_path: Path) -> Callable[..., Answer]:
    """Run ``valhalla ARGS`` on the test's home, from a folder without lists."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)

    def run(*arguments: object, home: Path = home, cwd: Path = elsewhere, **environment: str) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "valhalla", "--home", str(home), *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            cwd=cwd,
            env={**os.environ, **environment},
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
