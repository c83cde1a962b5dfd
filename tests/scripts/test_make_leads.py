"""The generated lists hold exactly what they say, judged by a reading of their own."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"\d+")


def fault_of(row: dict[str | None, Any]) -> str | None:
    """Return the reject code of a row, by rules written down again from the documents, else None."""
    value = row["value"].strip()
    if None in row:
        return "CELLS_TOO_MANY"
    if not row["name"].strip():
        return "MISSING_NAME"
    if not row["email"].strip():
        return "MISSING_EMAIL"
    if not value:
        return "MISSING_VALUE"
    if not re.fullmatch(r"[^@ ]+@[^@ ]+\.[^@ ]+", row["email"].strip()):
        return "EMAIL_FORMAT"
    if value.startswith("$"):
        return "VALUE_CURRENCY"
    if "," in value:
        return "VALUE_GROUPING"
    try:
        number = float(value)
    except ValueError:
        return "VALUE_NOT_NUMBER"
    if not math.isfinite(number):
        return "VALUE_NOT_FINITE"
    return None if number > 0 else "VALUE_NOT_POSITIVE"


def test_the_truth_is_what_a_plain_csv_reader_finds(lead_list: Any) -> None:
    path, truth = lead_list(8_000, seed=3)
    faults: Counter[str] = Counter()
    first: dict[str, dict[str | None, Any]] = {}
    repeats: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, strict=True):
            if code := fault_of(row):
                faults[code] += 1
                continue
            email = row["email"].strip().lower()
            known = first.setdefault(email, row)
            if known is row:
                continue
            if row["value"] != known["value"]:
                repeats["changed"] += 1
            else:
                repeats["exact" if row == known else "spelling"] += 1

    assert truth.rows == 8_000 == truth.valid + truth.rejected
    assert dict(faults) == truth.rejected_by
    assert sum(faults.values()) == truth.rejected
    assert len(first) == truth.leads
    assert dict(repeats) == truth.duplicates
    assert sum(int(row["value"]) for row in first.values()) * 100 == truth.value_cents
    assert path.stat().st_size == truth.bytes


def test_a_list_looks_like_a_real_one(lead_list: Any) -> None:
    path, truth = lead_list(20_000)
    text = path.read_bytes().decode()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert 130 <= truth.bytes / truth.rows <= 155
    assert 0.01 <= truth.rejected / truth.rows <= 0.05
    assert 0.04 <= sum(truth.duplicates.values()) / truth.rows <= 0.06
    assert sum("," in (row["notes"] or "") + row["address"] for row in rows) > 500
    assert sum("\r\n" in (row["notes"] or "") for row in rows) > 20
    assert sum(not row["name"].isascii() for row in rows) > 500
    assert "\n" not in text.replace("\r\n", "")


def test_no_two_leads_share_a_phone(lead_list: Any) -> None:
    path, _ = lead_list(20_000, duplicates=0, bad=0)
    with path.open(encoding="utf-8", newline="") as file:
        phones = ["".join(NUMBER.findall(row["phone"])) for row in csv.DictReader(file)]
    assert {len(phone) for phone in phones} == {10}
    assert len(set(phones)) == 20_000


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(lead_list: Any) -> None:
    (one, truth), (two, again), (three, _) = (lead_list(500, seed=seed) for seed in (5, 5, 6))
    assert one.read_bytes() == two.read_bytes() != three.read_bytes()
    assert asdict(truth) == asdict(again)


def test_lists_of_other_people_have_nobody_in_common(lead_list: Any) -> None:
    one, truth = lead_list(3_000, bad=0)
    two, more = lead_list(1_000, bad=0, first=3_000)
    emails = {
        row["email"].strip().lower()
        for path in (one, two)
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        if row["email"]
    }
    assert len(emails) == truth.leads + more.leads


@pytest.mark.parametrize(("bad", "duplicates", "leads", "rejected"), [(0, 0, 300, 0), (1, 0.05, 0, 300)])
def test_the_shares_may_be_none_or_all(
    lead_list: Any, bad: float, duplicates: float, leads: int, rejected: int
) -> None:
    _, truth = lead_list(300, bad=bad, duplicates=duplicates)
    assert (truth.leads, truth.rejected) == (leads, rejected)


def test_memory_does_not_grow_with_the_rows(lead_list: Any) -> None:
    lead_list(1)  # what is loaded once
    tracemalloc.start()
    try:
        lead_list(2_000)
        small = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        lead_list(10_000)
        large = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert large < small * 1.5 + 1_000_000


def test_the_command_writes_list_and_truth(tmp_path: Path) -> None:
    out, truth = tmp_path / "a list.csv", tmp_path / "truth.json"
    script = ROOT / "scripts" / "make_leads.py"
    command = [sys.executable, str(script), "--rows", "50", "--seed", "9", "--bad", "0.2", "--out", str(out)]
    done = subprocess.run([*command, "--truth", str(truth)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(truth.read_text(encoding="utf-8"))
    assert said["rows"] == 50
    assert said["bytes"] == out.stat().st_size
