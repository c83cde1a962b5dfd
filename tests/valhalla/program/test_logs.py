"""Lines in the file are JSON, masked, traced and rotated."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from valhalla.program import correlation, logs
from valhalla.program.errors import UsageError
from valhalla.sandbox import StructuredLogger


def lines(folder: Path, name: str = logs.LOG_NAME) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def test_all_loggers_write_masked_json_with_the_correlation_id(tmp_path: Path) -> None:
    handler = logs.to_file(tmp_path, instance=True)
    try:
        with correlation.using("abc-1"):
            StructuredLogger().log_action("sent", email="jane@example.com", amount=5)
            logging.getLogger("jobs").warning("job %d failed for jane@example.com", 7)
            try:
                raise OSError("token=s3cret")
            except OSError:
                logging.getLogger("valhalla.x").exception("it broke")
    finally:
        logs.stop(handler)
    sent, job, broke = lines(tmp_path)
    assert (sent["action"], sent["email"], sent["amount"]) == ("sent", "j***@example.com", 5)
    assert job["action"] == "job 7 failed for j***@example.com" and job["level"] == "warning"
    assert broke["error"] == "OSError: token=[secret]"
    assert {each["correlation_id"] for each in (sent, job, broke)} == {"abc-1"}


def test_the_log_rotates_and_a_command_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 2_000)
    handler = logs.to_file(tmp_path, instance=True)
    for number in range(100):
        logging.getLogger("valhalla").info("line %d", number)
    logs.stop(handler)
    assert (tmp_path / "valhalla.log.1").exists() and (tmp_path / "valhalla.log").stat().st_size <= 2_000
    assert lines(tmp_path)[-1]["action"] == "line 99"
    handler = logs.to_file(tmp_path, instance=False)
    logging.getLogger("valhalla").info("command")
    logs.stop(handler)
    assert lines(tmp_path, logs.COMMANDS_NAME)[0]["action"] == "command"


def test_a_command_leaves_a_line_without_its_words(tmp_path: Path) -> None:
    end = logs.of_command(tmp_path, "dnc add")
    logging.getLogger("jobs").warning("job 3 failed for jane@example.com")
    end(0)
    logs.of_command(tmp_path, "leads add")(2, UsageError("Jane Doe is not a number"))
    logs.of_command(tmp_path, "ingest")(0)
    job, added, failed, done = lines(tmp_path, logs.COMMANDS_NAME)
    assert job["action"] == "job 3 failed for j***@example.com"
    assert (added["action"], added["command"], added["exit_code"], added["level"]) == (
        *("command", "dnc add", 0, "info"),
    )
    assert (failed["exit_code"], failed["error"], failed["level"]) == (2, "UsageError", "warning")
    assert "Jane" not in (tmp_path / logs.COMMANDS_NAME).read_text(encoding="utf-8")
    assert (done["exit_code"], done["level"]) == (0, "info")
    assert logging.getLogger("valhalla").propagate
    assert not [
        each for each in logging.getLogger("valhalla").handlers if isinstance(each, logging.FileHandler)
    ]


def test_a_handler_of_others_does_not_keep_our_lines_from_theirs(tmp_path: Path) -> None:
    ours, theirs = logs.to_file(tmp_path, instance=False), logging.NullHandler()
    logging.getLogger("valhalla").addHandler(theirs)
    try:
        logs.stop(ours)
        assert logging.getLogger("valhalla").propagate
    finally:
        logging.getLogger("valhalla").removeHandler(theirs)


def test_a_quiet_command_does_not_load_what_makes_the_lines() -> None:
    code = (
        "import sys, tempfile, pathlib\nfrom valhalla.program import logs\n"
        "logs.of_command(pathlib.Path(tempfile.mkdtemp()), 'ingest')(0)\n"
        "assert 'structlog' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_console_is_for_people_and_masked(capsys: pytest.CaptureFixture[str]) -> None:
    shown = io.StringIO()
    handler = logs.to_console(shown)
    try:
        with correlation.using("abc-1"):
            StructuredLogger().log_action("sent", email="jane@example.com", amount=5)
            logging.getLogger("jobs").error("job %d failed", 7)
    finally:
        logs.stop(handler)
    sent, job = shown.getvalue().splitlines()
    assert re.match(r"\d\d:\d\d:\d\d \[info +\] sent +", sent) and "\x1b" not in sent
    assert "email=j***@example.com" in sent and "amount=5" in sent and sent.endswith("id=abc-1")
    assert "[error" in job and "job 7 failed" in job


def test_the_console_can_have_json_lines_too() -> None:
    shown = io.StringIO()
    handler = logs.to_console(shown, readable=False)
    logging.getLogger("db").warning("slow")
    logs.stop(handler)
    assert json.loads(shown.getvalue())["action"] == "slow"


def test_a_log_that_cannot_be_written_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    end = logs.of_command(tmp_path / "logs", "ingest")
    logging.getLogger("jobs").warning("noted nowhere")
    end(0)
    assert capsys.readouterr().err == ""


def test_log_that_cannot_be_closed_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = logs.to_file(tmp_path, instance=True)

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(handler, "close", full)
    logs.stop(handler)
    said = capsys.readouterr().err
    assert said == f"{tmp_path / logs.LOG_NAME} could not be written to its end: No space left on device\n"
