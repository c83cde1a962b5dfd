"""Lists of leads as files for spreadsheets."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook

from valhalla.intake.reading.careful import undo_apostrophe
from valhalla.leads.export import safe_cell, write_workbook


@pytest.mark.parametrize(
    "text",
    ["=1+1", "@SUM(A1)", "-2+3+cmd", "+A1", "\t=1", "＝1+1", "＠SUM(A1)", "＋A1", "－2+3+cmd", "﹦1", "⁼1"],
)
def test_what_could_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == "'" + text
    assert undo_apostrophe(safe_cell(text)) == text


@pytest.mark.parametrize("text", ["+17135550123", "-500.25", "Ann", "(713) 555-0100", "a=b"])
def test_numbers_and_phones_stay(text: str) -> None:
    assert safe_cell(text) == text


def test_a_workbook_holds_numbers_as_numbers_and_nothing_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    rows = [("=HYPERLINK(1)", 150_000, None, "+17135550123"), ("bell\x07", 1.5, "#N/A", "'")]
    assert write_workbook(path, ("name", "value", "note", "phone"), rows) == 2
    sheet = load_workbook(path).active
    assert sheet is not None
    cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert cells[0] == [("'=HYPERLINK(1)", "s"), (150_000, "n"), (None, "n"), ("+17135550123", "s")]
    assert cells[1][0] == ("bell\ufffd", "s")
    assert cells[1][2] == ("#N/A", "s"), "a text, not an error of the sheet"
    assert sheet.freeze_panes == "A2"
