"""The lines of a pass, as docs and scripts of others know them."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.intake.lines import complete, cycle_ends, file_lines, lead_lines
from valhalla.intake.results import FileResult, PassResult
from valhalla.scoring.stages.lead import STAGES, StageResult

AT = 1_790_000_000_000_000


def test_a_lead_is_shown_with_what_each_stage_decided() -> None:
    results = [StageResult(name, f"decision {name}", {}, [], 1, AT) for name, _ in STAGES]
    first, *rest = lead_lines("Ann", "ann@x.com", 500_000_00, results)
    assert first == "[PROCESSING] Ann - ann@x.com - Value: $500,000.00"
    assert rest == [
        f"  [{number}/6] {title}: PROCESSED - decision {name}"
        for number, (name, title) in enumerate(STAGES, 1)
    ]
    assert lead_lines("Ann", "x", None, results)[0].endswith("Value: unknown")


def test_problems_are_named_by_line_and_the_first_ten_of_them() -> None:
    rejects = [{"line": n, "code": "A" if n % 2 else "B", "message": f"m{n}"} for n in range(2, 14)]
    file = FileResult(
        "a.csv",
        rows=14,
        rejected=13,
        offered=1,
        warnings=[{"line": 0, "code": "W", "message": "whole"}, {"line": 3, "code": "W", "message": "row"}],
        rejects=[*rejects, {"line": 14, "code": "BUYER", "message": "buys"}],
        columns=["name", "email"],
        mapping={"name": "name"},
        advice=[{"sentence": "Do so.", "command": "valhalla x"}],
    )
    lines = file_lines(file)
    assert lines[:3] == ["[HEADERS] name, email", "[WARNING] a.csv: whole", "[WARNING] a.csv:3: row"]
    assert lines[3:13] == [f"[REJECTED] a.csv:{n}: m{n}" for n in range(2, 12)]
    assert lines[13].startswith("[OFFERED] 1 row of a.csv about people who buy")
    assert lines[14:] == [
        "[REJECTED] ... 2 more; most of them: 6 B, 6 A",
        "[HINT] Do so. Do it with: valhalla x",
    ]


def test_a_file_that_cannot_be_read_says_only_so() -> None:
    file = FileResult("a.csv", error={"code": "X", "message": "no"}, warnings=[{"line": 1, "message": "w"}])
    assert file_lines(file) == ["[ERROR] no"]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ({"rows": 4, "rejected": 1, "new": 2, "updated": 1}, ["4", "3", "1", "75.0%"]),
        ({"rows": 4, "rejected": 3, "offered": 2, "new": 1}, ["4", "1", "1", "2", "50.0%"]),
        ({}, ["0", "0", "0", "not measured (no record was read)"]),
    ],
)
def test_the_end_of_a_pass_adds_up(file: dict[str, Any], says: list[str]) -> None:
    first, *rest, parts = complete(PassResult([FileResult("a.csv", **file)], 1.0))
    assert first == "[INGESTION COMPLETE]"
    assert [line.partition(": ")[2] for line in rest] == says
    assert parts == (
        f"  Of the valid ones: {file.get('new', 0)} new, {file.get('updated', 0)} updated, 0 unchanged, 0 duplicate"
    )


def test_what_could_not_be_read_is_said_at_the_end() -> None:
    bad = FileResult("b.csv", error={"code": "X", "message": "no"})
    assert complete(PassResult([bad], 1.0))[0] == "[INGESTION INCOMPLETE] 1 list could not be imported"
    assert complete(PassResult([bad, bad], 1.0))[0].endswith("2 lists could not be imported")
    assert cycle_ends(1, AT, PassResult([FileResult("a", rows=10)], 0.25)).endswith(
        "[OK] Cycle 1: 10 leads in 0.25s"
    )
    assert cycle_ends(2, AT, PassResult([bad], 0)).endswith(
        "[ERROR] Cycle 2: 0 leads in 0.00s; 1 file could not be read"
    )
