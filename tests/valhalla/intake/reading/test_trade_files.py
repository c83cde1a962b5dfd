"""Files as people send them: a list on the second sheet, an archive, a workbook with a password."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from valhalla.intake.reading import SourceError, open_source


def test_the_sheet_with_column_names_is_read_and_the_note_is_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    note = book.active
    assert note is not None
    note.title = "READ ME"
    note.append(["How to use this file"])
    for title in ("Leads", "More leads"):
        sheet = book.create_sheet(title)
        sheet.append(["Absentee list"])
        sheet.append(["Owner Name", "Phone", "Property Address"])
        sheet.append([f"Jo of {title}", "973-555-0131", "1 Oak St"])
    book.save(tmp_path / "a.xlsx")
    with open_source(tmp_path / "a.xlsx") as source:
        chunk = source.read(final=True)
    assert chunk is not None and [row.name for row in chunk.accepted] == ["Jo of Leads"]
    (warning,) = [each for each in source.warnings if each.code == "MORE_SHEETS"]
    assert warning.message == 'only sheet "Leads" was read, not READ ME, More leads'


def test_an_archive_is_named_with_what_is_in_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("october/leads.csv", "name\n")
    with pytest.raises(SourceError, match=r"a zip archive with october/leads\.csv in it; unpack it first"):
        open_source(tmp_path / "a.zip")


def test_a_workbook_with_a_password_is_called_that(tmp_path: Path) -> None:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + "EncryptedPackage".encode("utf-16-le")
    (tmp_path / "a.xlsx").write_bytes(head + bytes(1_000))
    with pytest.raises(SourceError, match="protected with a password"):
        open_source(tmp_path / "a.xlsx")
