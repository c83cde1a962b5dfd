"""Commands on a home with the ten sample leads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.cli.entry import run


@pytest.fixture
def told(
    home: Path, sample_leads: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """A function that runs a command on a home with the ten sample leads: (exit code, output, errors)."""
    assert run(["ingest", str(sample_leads)]) == 0
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
