"""How a command ends is what its log says, and what is printed of it."""

from __future__ import annotations

import errno
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import DoNotRetry
from valhalla.cli.entry import INTERRUPTED, run
from valhalla.effects import erasure
from valhalla.intake import importer, passes


def noted(home: Path) -> list[dict[str, Any]]:
    """What commands.log says of the commands that ended."""
    text = (home / "logs" / "commands.log").read_text(encoding="utf-8")
    found = map(json.loads, text.splitlines())
    return [line for line in found if line["action"] == "command"]


def broken(error: BaseException) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_import_that_ends_in_an_unexpected_error_is_no_complete_ingestion(
    home: Path, sample_leads: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importer, "import_file", broken(DoNotRetry("the moon is full")))
    assert run(["ingest", str(sample_leads)]) == 3
    out, err = capfd.readouterr()
    assert "[INGESTION COMPLETE]" not in out
    assert "[INGESTION INCOMPLETE] 1 list could not be imported" in out
    assert str(sample_leads) in err and "the moon is full" in err
    assert [(line["command"], line["exit_code"]) for line in noted(home)] == [("ingest", 3)]


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (RuntimeError("boom"), 1, "RuntimeError"),
        (KeyboardInterrupt(), INTERRUPTED, None),
        (OSError(errno.ENOSPC, "No space left"), 3, "OSError"),
    ],
    ids=["defect", "interrupted", "disk full"],
)
def test_log_has_the_exit_code_of_a_command_that_broke(
    home: Path,
    sample_leads: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    name: str | None,
) -> None:
    monkeypatch.setattr(passes.Importing, "run", broken(error))
    assert run(["ingest", str(sample_leads)]) == code
    (line,) = noted(home)
    assert (line["exit_code"], line.get("error")) == (code, name)


def test_log_has_the_exit_code_that_a_command_answers_with(home: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.csv"
    nothing.write_text("name,email,value\nAnn,not an address,5\n", encoding="utf-8")
    assert run(["ingest", str(nothing)]) == 1
    assert run(["ingest", str(tmp_path / "absent.csv")]) == 3
    assert run(["dnc", "add", "ann@example.com"]) == 0
    assert [(line["command"], line["exit_code"]) for line in noted(home)] == [
        ("ingest", 1),
        ("ingest", 3),
        ("dnc add", 0),
    ]


def test_the_trace_of_a_defect_is_for_others_and_quotes_nobody(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(
        erasure, "named", broken(RuntimeError("no room for 'Jane Canary', jane@canary.example"))
    )
    assert run(["leads", "forget", "jane@canary.example", "--yes"]) == 1
    (trace,) = tmp_path.glob("valhalla-*.txt")
    text, told = trace.read_text(encoding="utf-8"), capfd.readouterr().err
    assert "RuntimeError: no room for" in text and "decisions.py" in text and str(trace) in told
    assert "anary" not in text.replace("@canary.example", "") and "jane" not in text + told
