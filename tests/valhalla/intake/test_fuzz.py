"""The whole importer on arbitrary bytes: seconds here, five minutes with VALHALLA_LONG=1."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LONG = os.environ.get("VALHALLA_LONG") == "1"


@pytest.mark.slow
def test_no_bytes_break_the_row_identity_hang_or_take_much_memory(tmp_path: Path) -> None:
    seconds, seed, cases = (300, 20_261_121, 10**9) if LONG else (100, 7, 40)
    command = [sys.executable, str(ROOT / "scripts" / "fuzz_import.py"), "--seconds", str(seconds)]
    command += ["--cases", str(cases)]
    answer = subprocess.run(
        [*command, "--seed", str(seed), "--keep", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=seconds + 120,
    )
    told = json.loads(answer.stdout)
    assert answer.returncode == 0, told
    assert told["cases"] > 30 and told["rows"] > 100 and told["slowest_seconds"] < 10
    assert told["peak_mb"] is None or told["peak_mb"] < 150
