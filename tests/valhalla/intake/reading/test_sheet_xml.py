"""Sheets: Excel's limits, gaps that are counted and not walked, and the same cells as openpyxl reads."""

from __future__ import annotations

import datetime
import io
import random
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest
from openpyxl.styles.numbers import BUILTIN_FORMATS

from valhalla.intake.reading import SourceError, open_source, source
from valhalla.intake.reading.tables import text_of
from valhalla.intake.reading.xlsx import Workbook


@pytest.fixture
def made(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("hostile_files")


@pytest.fixture
def book(tmp_path: Path, made: ModuleType) -> Callable[..., Path]:
    """Writes a workbook whose sheet has the column names and these rows."""

    def write(rows: str, **others: str) -> Path:
        path = tmp_path / "leads.xlsx"
        path.write_bytes(made.packed(dict(made.parts(made.HEAD + rows)) | others))
        return path

    return write


def refused(path: Path) -> str:
    with pytest.raises(SourceError) as caught, open_source(path) as opened:
        for _ in opened.chunks(final=True):
            pass
    assert caught.value.code == "TOO_LARGE"
    return caught.value.message


@pytest.mark.parametrize("number", ["2000000000", "1048577", "1e9"])
def test_a_row_below_the_last_one_of_excel_is_refused_at_once(
    book: Callable[..., Path], made: ModuleType, number: str
) -> None:
    path = book(f'<row r="{number}">{made.LEAD}</row>')
    assert path.stat().st_size < 2_000
    began = time.process_time()
    message = refused(path)
    assert (
        'Sheet "Leads"' in message
        and "at most 1,048,576 rows" in message
        and "save the sheet as CSV" in message
    )
    assert time.process_time() - began < 2.0


def test_rows_that_the_sheet_leaves_out_are_counted_and_not_walked(
    book: Callable[..., Path], made: ModuleType
) -> None:
    path = book(f'<row r="1048576">{made.LEAD}</row>')
    began = time.process_time()
    with open_source(path) as opened:
        chunks = list(opened.chunks(100, final=True))
    assert time.process_time() - began < 2.0
    assert len(chunks) == 1 and chunks[0].blank == 1_048_574
    assert [(row.line, row.name) for row in chunks[0].accepted] == [(1_048_576, "Ann Ames")]


@pytest.mark.parametrize("column", ["ZZZ", "XFE"])
def test_a_column_beyond_the_last_one_of_excel_is_refused(book: Callable[..., Path], column: str) -> None:
    message = refused(
        book("".join(f'<row r="{n}"><c r="{column}{n}"><v>1</v></c></row>' for n in range(2, 1_202)))
    )
    assert "row 2" in message and "at most 16,384 columns (XFD)" in message


def test_cells_far_to_the_right_are_kept_as_few_as_they_are(
    book: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "EMPTY_CELLS", 2_000_000)
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(2, 20_000))
    assert "cells are empty" in refused(book(rows))


def test_a_short_text_that_stands_in_many_cells_is_not_held_many_times(
    book: Callable[..., Path], made: ModuleType
) -> None:
    shared = f'<sst xmlns="{made.MAIN}"><si><t>{"x" * 500_000}</t></si></sst>'
    row = "<row>" + '<c t="s"><v>0</v></c>' * 3 + "</row>"
    assert "MiB of text" in refused(book(row * 1_000, **{made.SHARED: shared}))
    with open_source(
        book("<row>" + '<c t="s"><v>0</v></c>' * 300 + "</row>", **{made.SHARED: shared})
    ) as opened:
        chunk = opened.read(final=True)
    assert chunk is not None
    assert [(reject.line, reject.code) for reject in chunk.rejected] == [(2, "FIELD_TOO_LARGE")]


def test_a_cell_that_is_not_what_it_says_costs_no_other(book: Callable[..., Path], made: ModuleType) -> None:
    odd = '<c t="n"><v>five</v></c><c t="d"><v>someday</v></c><c t="b"><v>maybe</v></c>'
    with open_source(book(f"<row>{made.LEAD}</row><row>{odd}</row><row>{made.LEAD}</row>")) as opened:
        chunk = opened.read(final=True)
    assert chunk is not None
    assert [row.line for row in chunk.accepted] == [2, 4]
    assert chunk.rejected[0].raw == "five,someday,maybe"


FORMATS = [
    *BUILTIN_FORMATS.values(),
    "dd/mm/yyyy", "[h]:mm:ss", "[mm]:ss", '0.00" days"', "[$-409]d-mmm-yy;@", "yyyy", "#,##0.00_);[Red](#,##0.00)", "\\d0", "General",
]  # fmt: skip


def random_value(chance: random.Random) -> Any:
    return chance.choice([
        None, "", " ", "text", "Zo\u00eb \U0001f3e0", "line\nbreak", "'=1+1", 5, -3, 0, 10**14, 10**18, 1.5, 1e300, 0.1 + 0.2, 44_927.25, True, False,
        datetime.datetime(2026, 1, 5, 13, 30, 15), datetime.date(2026, 1, 5), datetime.time(9, 30), datetime.timedelta(hours=30), "_x005F_a", "#N/A",
    ])  # fmt: skip


@pytest.mark.filterwarnings("ignore:Cell .* is marked as a date")
@pytest.mark.parametrize("seed", range(12))
def test_the_same_cells_as_openpyxl(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    book = openpyxl.Workbook()
    sheet = book.active
    book.epoch = chance.choice([openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH])
    for row in range(1, 40):
        for column in range(1, 12):
            if chance.random() < 0.6:
                cell = sheet.cell(row * chance.choice([1, 1, 3]), column * chance.choice([1, 1, 1, 9]))
                cell.value = random_value(chance)
                if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
                    cell.number_format = chance.choice(FORMATS)
    sheet["B2"] = "=1+1"
    book.create_sheet("Other", chance.choice([0, 1]))
    path = tmp_path / "leads.xlsx"
    book.save(path)
    theirs = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)["Sheet"]
    theirs.reset_dimensions()
    expected = {}
    for number, values in enumerate(theirs.iter_rows(values_only=True), 1):
        cells = [text_of(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            expected[number] = cells
    with open(path, "rb", buffering=0) as file:
        found = {number: cells for number, cells in Workbook(file, path).rows() if cells}
    assert found == expected


def test_a_row_that_names_one_column_without_end_is_refused(book: Callable[..., Path]) -> None:
    message = refused(book("<row>" + '<c r="A1"><v>1</v></c>' * 20_000 + "</row>"))
    assert "more than 16,384 cells in row 2" in message


def test_an_error_about_a_list_is_one_line_whatever_its_name() -> None:
    assert (
        SourceError("NOT_CSV", "The file a\nb\u2028c.csv is not text.").message
        == "The file a\ufffdb\ufffdc.csv is not text."
    )
