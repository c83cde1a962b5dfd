"""Files made to stop an import, while another one goes on: a small one of each kind here, 500 with VALHALLA_LONG=1."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from valhalla.intake.reading import source
from valhalla.intake.reading.jsonfile import Document
from valhalla.program import settings

ROOT = Path(__file__).resolve().parents[3]
LONG = os.environ.get("VALHALLA_LONG") == "1"


def test_no_hostile_file_takes_a_minute_or_200_mb_or_holds_up_another_import() -> None:
    count, seed, share = (500, 20_261_128, 1.0) if LONG else (33, 16, 0.01)
    answer = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / "hostile_files.py"),
            "--count",
            str(count),
            "--seed",
            str(seed),
            "--share",
            str(share),
        ],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=7_200 if LONG else 600,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    figures = json.loads(answer.stdout)
    assert figures["files"] == count and figures["problems"] == []
    assert figures["slowest_seconds"] <= 60 and figures["peak_mb"] <= 200
    assert figures["other_lists"] > 0 and figures["other_slowest_seconds"] < 300


def test_lines_without_a_record_add_no_entry_to_the_chain(desk: Any) -> None:
    settings.save(desk.database, "import.chunk_rows", "100")
    found = desk.read(desk.write("blank.csv", "Ann,ann@example.com,5,,\n" + "\n" * 3_000))
    assert (found.new, found.blank) == (1, 3_000)
    entries = desk.database.value("SELECT count(*) FROM audit WHERE action = 'import.chunk'")
    assert entries == 1


def test_nothing_of_a_document_that_was_given_up_stays(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """ijson's parsers hold their file in a way that the collector cannot see."""
    monkeypatch.setattr(source, "EMPTY_CELLS", 10_000)
    keys = ",".join(f'"k{number}":1' for number in range(500))
    lead = f'{{"name":"Ann","email":"ann@example.com","value":1,{keys}}}'
    found = desk.read(desk.write("keys.json", f"[{lead}{',{}' * 3_000}]", header=""))
    assert found.error is not None and found.error["code"] == "TOO_LARGE"
    for thread in threading.enumerate():
        if thread.name == "reading":
            thread.join()
    gc.collect()
    assert not [left for left in gc.get_objects() if isinstance(left, source.Source | Document)]
