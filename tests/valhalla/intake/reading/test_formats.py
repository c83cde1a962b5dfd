"""JSON, lines of JSON, workbooks, single leads, and files that are something else than their name says."""

from __future__ import annotations

import datetime
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from valhalla.intake.reading import Position, Profile, SourceError, open_source
from valhalla.intake.reading.archive import BLOCK
from valhalla.intake.reading.single import read_lead
from valhalla.intake.reading.tables import raw_cells
from valhalla.scoring.stages.row import Row

LEADS = [
    {"name": "Ann", "email": "a@example.com", "value": 500000, "notes": "vacant", "beds": 3},
    {"name": "Bob", "email": "b@example.com", "value": 12.5, "late": {"x": [1]}},
    {"name": "Cy", "email": None, "value": "5"},
    {"name": "Di", "email": "d@example.com", "value": 1e5, "flag": True},
]


def check(reading, lines):
    assert [(row.name, row.value, row.line) for row in reading.rows] == [
        ("Ann", 50_000_000, lines[0]),
        ("Bob", 1250, lines[1]),
        ("Di", 10_000_000, lines[3]),
    ]
    assert reading.codes == [(lines[2], "MISSING_EMAIL")]
    assert reading.source.extras == ["notes", "late", "flag"]
    assert reading.rows[1].extras == json.dumps(["", '{"x":[1]}', ""], separators=(",", ":"))
    assert reading.rows[0].distress == "vacant"
    assert raw_cells(reading.rejects[0].raw)[:3] == ["Cy", "", "5"]


@pytest.mark.parametrize("wrap", [lambda leads: leads, lambda leads: {"meta": {"n": 1}, "items": leads}])
@pytest.mark.parametrize("indent", [None, 2])
def test_json_documents(read, wrap, indent):
    text = json.dumps(wrap(LEADS), indent=indent).replace("100000.0", "100000")
    reading = read(text, "leads.json")
    assert reading.source.format == "json"
    check(reading, (1, 2, 3, 4))


def test_json_lines(read):
    text = "\n".join(json.dumps(lead) for lead in LEADS).replace("100000.0", "100000")
    reading = read("\ufeff" + text, "leads.jsonl")
    assert reading.source.format == "jsonl"
    check(reading, (1, 2, 3, 4))


def test_json_lines_that_are_broken_cost_their_line(read):
    good = json.dumps(LEADS[0])
    reading = read(f"{good}\n{{broken\n\n[1]\n{good}\r\n", "leads.jsonl")
    assert reading.codes == [(2, "RECORD_SYNTAX"), (4, "RECORD_SYNTAX")]
    assert [row.line for row in reading.rows] == [1, 5]
    assert reading.blank == 1


def test_json_lines_resume_and_append(write, read_path):
    lines = [
        json.dumps({"name": f"N{n}", "email": f"n{n}@example.com", "value": n + 1}) + "\n" for n in range(20)
    ]
    path = write("".join(lines[:12]) + lines[12][:20], "leads.jsonl")
    first = read_path(path, chunk=5, final=False)
    assert len(first.rows) == 12
    path.write_text("".join(lines), encoding="utf-8")
    second = read_path(path, start=first.end, final=False)
    assert [row.name for row in first.rows + second.rows] == [f"N{n}" for n in range(20)]


@pytest.mark.parametrize(
    "text", ["[{", '[{"name": "A"}', '{"items": [{"name": NaN}]}', '{"a": 1,\n"b": 2}', "[\n{]"]
)
def test_broken_json(read, text):
    with pytest.raises(SourceError) as caught:
        read(text, "leads.json")
    assert caught.value.code in ("JSON_SYNTAX", "MISSING_COLUMN")


def test_json_numbers_nobody_meant(read):
    reading = read('[{"name": "A", "email": "a@example.com", "value": 1e5}]', "leads.json")
    assert reading.codes == [(1, "VALUE_FORMAT")]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Lead report"])
    sheet.append([])
    sheet.append(["Name", "Email", "Asking Price", "Phone", "List Date", "Notes"])
    sheet.append(["Ann", "a@example.com", 500000.0, 7135552123, datetime.datetime(2026, 1, 5), "x"])
    sheet.append(["Bob", None, 5, None, None, None])
    sheet.append([None])
    sheet.append(["Cy", "c@example.com", 5.25])
    book.create_sheet("Other").append(["more"])
    path = tmp_path / "leads.xlsx"
    book.save(path)
    return path


def test_workbooks(workbook, read_path):
    reading = read_path(workbook, profile=Profile(rules="documents"))
    assert [(row.name, row.value, row.line, row.phone_key, row.warnings) for row in reading.rows] == [
        ("Ann", 50_000_000, 4, 17135552123, None),
        ("Cy", 525, 7, None, None),
    ]
    assert reading.rows[0].list_date == 1_767_571_200_000_000
    assert reading.codes == [(5, "MISSING_EMAIL")]
    assert reading.blank == 1
    assert [w.code for w in reading.source.warnings] == ["MORE_SHEETS", "PREAMBLE_SKIPPED"]


def test_workbooks_resume(workbook, read_path):
    whole = read_path(workbook)
    with open_source(workbook) as source:
        first = source.read(2)
    assert first is not None
    rest = read_path(workbook, start=Position.from_json(first.end.to_json()))
    assert first.accepted + rest.rows == whole.rows
    assert rest.end == whole.end


def test_a_workbook_renamed_csv_is_read_as_what_it_is(workbook, read_path):
    other = workbook.rename(workbook.with_suffix(".csv"))
    reading = read_path(other)
    assert len(reading.rows) == 3
    assert "CONTENT_NOT_NAME" in [w.code for w in reading.source.warnings]


def test_a_workbook_that_unpacks_to_too_much(tmp_path: Path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (51 << 20))
    assert path.stat().st_size < 200_000
    with pytest.raises(SourceError, match="up to 50 MB") as caught:
        open_source(path)
    assert caught.value.code == "TOO_LARGE"


@pytest.mark.parametrize("before", [0, BLOCK - 4, BLOCK, 3 * BLOCK - 8])
def test_a_document_type_is_found_wherever_it_stands(workbook, before):
    with zipfile.ZipFile(workbook, "a") as archive:
        archive.writestr("xl/more.xml", " " * before + "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>")
    with pytest.raises(SourceError, match="document type") as caught:
        open_source(workbook)
    assert caught.value.code == "NOT_READABLE"


@pytest.mark.parametrize(("name", "code"), [("readme.txt", "NOT_CSV"), ("xl/workbook.xml", "NOT_READABLE")])
def test_other_archives(tmp_path: Path, name, code):
    path = tmp_path / "leads.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert caught.value.code == code


def test_one_lead_without_a_file():
    row, warnings, _ = read_lead({"Name": "Ann", "email": "A@Example.com", "value": 5})
    assert isinstance(row, Row)
    assert (row.email, row.value, warnings) == ("a@example.com", 500, [])
    reject, _, _ = read_lead({"name": "Ann", "value": "5"})
    assert not isinstance(reject, Row)
    assert reject.message == "Missing fields in lead data: ['email']"
    reject, _, _ = read_lead({"name": "Ann", "email": "a@", "value": "5"}, Profile())
    assert not isinstance(reject, Row)
    assert reject.message == "Invalid email format: a@"
    reject, _, _ = read_lead({})
    assert not isinstance(reject, Row)
    assert reject.message == "Missing fields in lead data: ['name', 'email', 'value']"


def test_objects_in_json_are_columns(write, read_path) -> None:
    record = {
        "owner": {"first": "Ray", "last": "Tell"},
        "property": {"address": {"street": "1 Kiln Rd", "city": "Boise", "state": "ID"}},
        "phones": [
            {"number": "208-555-2361", "type": "mobile"},
            {"number": "208-555-2362", "type": "landline"},
        ],
        "emails": ["a@example.com", "b@example.com"],
        "tags": ["vacant"],
    }
    for name, text in (("a.json", json.dumps([record])), ("a.jsonl", json.dumps(record) + "\n")):
        reading = read_path(write(text, name))
        (row,) = reading.rows
        found = (row.name, row.address, row.location, row.email, row.phone, row.distress)
        assert found == ("Ray Tell", "1 Kiln Rd", "Boise, ID", "a@example.com", "208-555-2361", "vacant"), (
            name
        )
        assert reading.source.mapping["phones 2 number"] == "phone_2"
