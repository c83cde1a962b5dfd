"""Lines in the file are JSON, masked, traced and rotated."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from valhalla import correlation, logs
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
