"""Lists as they really arrive: one broken thing each, and nothing around it is lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from valhalla.intake.reading import Profile, SourceError, open_source

HEAD = "name,email,value,location,notes\n"


def good(number: int) -> str:
    return f"Lead {number},lead{number}@example.com,{1000 + number},Houston TX,note\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_every_encoding_gives_the_same_leads(read, encoding):
    text = HEAD + "José Núñez,jose@example.com,500000,Houston TX,señal\n" + "".join(map(good, range(60)))
    reading = read(text.encode(encoding))
    assert reading.rows[0].name == "José Núñez"
    assert reading.rows[0].extras == '["señal"]'
    assert len(reading.rows) == 61
    assert [row.line for row in reading.rows] == list(range(2, 63))
    assumed = [code for _, code in ((w.line, w.code) for w in reading.source.warnings)]
    assert assumed == (["ENCODING_ASSUMED"] if encoding == "cp1252" else [])


def test_bytes_that_are_no_utf8_in_a_utf8_file_cost_their_row_only(read):
    text = (
        HEAD
        + good(1)
        + "Zoë,zoe@example.com,5,,\n"
        + "Bád,bad@example.com,5,,\n"
        + good(2)
        + "Ñu,n@example.com,5,,\n"
    )
    reading = read(text.encode().replace("Bád".encode(), b"B\xe1d"))
    assert reading.codes == [(4, "ENCODING")]
    assert "\\xe1" in reading.rejects[0].message
    assert reading.rejects[0].raw.startswith("B\\xe1d,bad@")
    assert [row.line for row in reading.rows] == [2, 3, 5, 6]
    assert [w.code for w in reading.source.warnings] == ["ENCODING_MIXED"]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_delimiters_are_found_and_can_be_declared(read, delimiter):
    text = (HEAD + good(1)).replace(",", delimiter)
    assert read(text).source.delimiter == delimiter
    assert len(read(f"sep={delimiter}\n{text}").rows) == 1
    assert read(f"sep={delimiter}\n{text}").rows[0].line == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_the_lines_they_count(read, end):
    text = HEAD + good(1) + '"Quoted, Name",q@example.com,7,,"one\ntwo"\n' + "X,,5,,\n"
    reading = read(text.replace("\n", end))
    assert [row.line for row in reading.rows] == [2, 3]
    assert reading.rows[1].extras == f'["one{end}two"]'.replace("\r", "\\r").replace("\n", "\\n")
    assert reading.codes == [(5, "MISSING_EMAIL")]


def test_mixed_line_ends(read):
    lines = [good(number).rstrip("\n") for number in range(6)]
    reading = read(
        HEAD.rstrip("\n")
        + "\r\n"
        + lines[0]
        + "\n"
        + lines[1]
        + "\r"
        + lines[2]
        + "\r\n"
        + "\r".join(lines[3:])
    )
    assert [row.name for row in reading.rows] == [f"Lead {number}" for number in range(6)]
    assert [row.line for row in reading.rows] == list(range(2, 8))


def test_an_unclosed_quote_is_reported_at_its_line_and_costs_nothing_else(read):
    many = "".join(map(good, range(3000)))
    reading = read(HEAD + good(1) + 'Open,open@example.com,5,"Houston TX,x\n' + many)
    assert reading.codes == [(3, "UNCLOSED_QUOTE")]
    assert len(reading.rows) == 3001
    assert reading.rejects[0].raw == 'Open,open@example.com,5,"Houston TX,x'


def test_an_unclosed_quote_before_quoted_rows(read):
    quoted = 'Lead,lead@example.com,5,"Houston, TX",x\n'
    reading = read(HEAD + 'Open,open@example.com,5,"Houston, TX,x\n' + quoted * 3)
    assert reading.codes == [(2, "UNCLOSED_QUOTE")]
    assert [row.line for row in reading.rows] == [3, 4, 5]


def test_text_after_a_closing_quote(read):
    reading = read(HEAD + good(1) + '"A"b,a@example.com,5,,\n' + good(2))
    assert reading.codes == [(3, "QUOTE_SYNTAX")]
    assert len(reading.rows) == 2


def test_spaces_around_quotes_are_forgiven(read):
    reading = read(HEAD + 'Ann, "a@example.com" ,5, "Houston, TX" ,x\n')
    assert reading.rows[0].email == "a@example.com"
    assert reading.rows[0].market == "Houston, TX"


def test_quotes_that_open_again_and_again_take_no_time(read):
    reading = read(HEAD + 'a","b\n' * 20_000 + good(1))
    assert len(reading.rejects) == 20_000
    assert len(reading.rows) == 1


def test_nul_bytes(read):
    reading = read(HEAD + good(1) + "A\0nn,a@example.com,5,,\n" + good(2))
    assert reading.codes == [(3, "NUL_BYTE")]
    assert len(reading.rows) == 2


def test_a_cell_over_one_mebibyte(read):
    reading = read(HEAD + good(1) + f"Big,b@example.com,5,,{'x' * (1 << 20)}y\n" + good(2))
    assert reading.codes == [(3, "FIELD_TOO_LARGE")]
    assert len(reading.rejects[0].raw) <= 1 << 18
    assert len(reading.rows) == 2


def test_a_line_without_end_is_skipped_in_bounded_memory(write):
    path = write(HEAD + good(1))
    with path.open("ab") as file:
        for _ in range(20):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + good(2).encode())
    with open_source(path) as source:
        chunks = list(source.chunks(final=True))
    assert [(r.line, r.code) for chunk in chunks for r in chunk.rejected] == [(3, "FIELD_TOO_LARGE")]
    assert [row.line for chunk in chunks for row in chunk.accepted] == [2, 4]


def test_two_thousand_columns(read):
    names = ["name", "email", "value"] + [f"c{number}" for number in range(1997)]
    reading = read(",".join(names) + "\n" + "A,a@example.com,5" + ",x" * 1997 + "\n")
    assert len(reading.source.extras) == 1997
    assert reading.rows[0].extras == "[" + ",".join(['"x"'] * 1997) + "]"


def test_short_rows_are_filled_long_rows_are_refused_and_nothing_is_shifted(read):
    reading = read(
        HEAD
        + "Ann,ann@example.com,5\n"
        + "Bob,bob@example.com,5,Houston TX,x,more\n"
        + "Cy,cy@example.com,5,Houston TX,x,,\n"
    )
    assert [(row.name, row.warnings) for row in reading.rows] == [("Ann", "CELLS_MISSING"), ("Cy", None)]
    assert reading.codes == [(3, "CELLS_TOO_MANY")]
    assert reading.noted == [(2, "CELLS_MISSING")]


def test_a_value_split_at_its_thousands_comma_shifts_nothing(read):
    reading = read(
        "name,email,value,location,phone,notes\n"
        "Ann,ann@example.com,378,600,Houston TX,713-555-0101,\n"
        "Bob,bob@example.com,$1,250,000.00,Houston TX,713-555-0102\n"
        "Cy,cy@example.com,5,Houston TX,713-555-0103,,\n"
    )
    assert reading.codes == [(2, "CELLS_TOO_MANY"), (3, "CELLS_TOO_MANY")]
    assert [row.name for row in reading.rows] == ["Cy"]


def test_blank_and_comma_only_lines_are_counted_apart(read):
    reading = read(HEAD + "\n" + good(1) + ",,,,\n" + "  , ,,,\n" + good(2) + "\n\n")
    assert reading.blank == 5
    assert reading.end.records == 2
    assert [row.line for row in reading.rows] == [3, 6]


def test_preamble_totals_and_repeated_header(read):
    reading = read(
        "Lead report\nmade on,2026-01-05\n\n" + HEAD + good(1) + HEAD + good(2) + "Total,,2003,,\n"
    )
    assert [row.line for row in reading.rows] == [5, 7]
    assert reading.codes == [(6, "HEADER_REPEATED"), (8, "TOTALS_ROW")]
    assert [(w.line, w.code) for w in reading.source.warnings] == [(4, "PREAMBLE_SKIPPED")]


def test_invisible_characters_go_from_the_fields_and_stay_in_the_extras(read):
    reading = read(HEAD + "A\u200bnn,\u202aann@example.com\u202c,\u200e500,Houston TX,k\u200beep\n")
    row = reading.rows[0]
    assert (row.name, row.email, row.value, row.extras) == (
        "Ann",
        "ann@example.com",
        50_000,
        '["k\u200beep"]',
    )
    assert row.warnings == "INVISIBLE_CHARACTERS"


def test_formulas_are_named_and_numbers_are_not(read):
    reading = read(
        HEAD + "Ann,a@example.com,5,,=1+2\nBob,b@example.com,5,,+17135550123\nCy,c@example.com,5,,-12.50\n"
    )
    assert [row.warnings for row in reading.rows] == ["FORMULA_CELL", None, None]


def test_the_apostrophe_of_our_own_export_is_taken_off(read):
    reading = read(HEAD + "'=Ann,a@example.com,5,,'=kept\n")
    assert reading.rows[0].name == "=Ann"
    assert reading.rows[0].extras == '["\'=kept"]'


def test_header_only_is_a_list_without_rows(read):
    reading = read(HEAD)
    assert (reading.rows, reading.rejects, reading.blank) == ([], [], 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY_FILE"),
        (b"\n\n  \n", "EMPTY_FILE"),
        (b"\xef\xbb\xbf", "EMPTY_FILE"),
        (b"<!DOCTYPE html><html><table><tr><td>name", "NOT_CSV"),
        (b"  <html>", "NOT_CSV"),
        (b"%PDF-1.7", "NOT_CSV"),
        (b"\x1f\x8b\x08", "NOT_CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "NOT_READABLE"),
        (bytes(range(256)) * 20, "NOT_CSV"),
        (b"PK\x03\x04 but no archive", "NOT_READABLE"),
        (b"John Smith,john@example.com,500000\nAnn,ann@example.com,5\n", "NO_HEADER"),
        (b"colour,size\nred,5\n", "MISSING_COLUMN"),
    ],
)
def test_files_that_are_no_lists(write, content, code):
    with pytest.raises(SourceError) as caught:
        open_source(write(content))
    assert caught.value.code == code
    assert caught.value.message.endswith((".", "?"))
    assert "\n" not in caught.value.message


def test_missing_files_folders_and_pipes(tmp_path: Path):
    with pytest.raises(SourceError, match=r"The file '.*nothing\.csv' was not found\.") as caught:
        open_source(tmp_path / "nothing.csv")
    assert caught.value.code == "NOT_FOUND"
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SourceError, match="is a folder") as caught:
        open_source(tmp_path / "folder.csv")
    assert caught.value.code == "NOT_READABLE"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(SourceError, match="not a regular file"):
            open_source(tmp_path / "pipe.csv")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs permissions that bind")
def test_unreadable_file(write):
    path = write(HEAD)
    path.chmod(0)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert caught.value.code == "NOT_READABLE"


def test_a_phone_list_needs_its_profile(read, write):
    text = "owner,phone,price\nAnn Lee,(713) 555-2123,100\nBob,12,100\nCy,,100\n"
    with pytest.raises(SourceError, match="No column for email"):
        open_source(write(text), Profile(rules="documents"))
    reading = read(text, profile=Profile(rules="documents", contact="phone"))
    assert [row.phone_key for row in reading.rows] == [17135552123]
    assert reading.codes == [(3, "PHONE_FORMAT"), (4, "MISSING_PHONE")]


def test_either_contact(read):
    text = "name,email,phone,value\nA,a@example.com,,1\nB,,713-555-2123,1\nC,bad@,713-555-2123,1\nD,bad@,,1\nE,,12,1\n"
    reading = read(text, profile=Profile(contact="either"))
    assert [(row.name, row.email, row.warnings) for row in reading.rows] == [
        ("A", "a@example.com", None),
        ("B", None, None),
        ("C", None, "EMAIL_UNUSABLE"),
    ]
    assert reading.codes == [(5, "EMAIL_FORMAT"), (6, "MISSING_CONTACT")]


def test_required_extra_columns(read, write):
    profile = Profile(required=("Parcel",))
    reading = read("name,email,value,parcel\nA,a@example.com,1,77\nB,b@example.com,1,\n", profile=profile)
    assert [row.name for row in reading.rows] == ["A"]
    assert reading.rejects[0][:4] == (3, "parcel", "MISSING_FIELD", "Missing fields in lead data: ['parcel']")
    with pytest.raises(SourceError, match="No column called Parcel"):
        open_source(write("name,email,value\n"), profile)


def test_our_own_reject_file_comes_back(read):
    text = (
        "_reject,_line,_reason,_field,name,email,value,notes\n"
        "17,4,Missing fields,email,Ann,ann@example.com,5,'=x\n"
        "18,9,Invalid email,email,Bob,bob@,5,y\n"
    )
    reading = read(text)
    assert reading.source.extras == ["notes"]
    assert reading.rows[0].extras == '["=x"]'
    with open_source(reading.source.path) as source:
        chunk = source.read(final=True)
    assert chunk is not None
    assert chunk.fixes == {2: 17, 3: 18}


def test_a_row_with_too_many_cells_may_end_in_a_quoted_line_break(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(
        b"name,email,value,notes\r\n"
        b'Ann,ann@example.com,43,200,"Key in\r\nlockbox"\r\n'
        b"Ben,ben@example.com,5000,\r\n"
    )
    with open_source(path) as source:
        chunk = source.read(final=True)
    assert chunk is not None
    assert [(reject.line, reject.code) for reject in chunk.rejected] == [(2, "CELLS_TOO_MANY")]
    assert [(row.line, row.name) for row in chunk.accepted] == [(4, "Ben")]
