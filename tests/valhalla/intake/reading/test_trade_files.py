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
    told = [each.message for each in source.warnings if each.code == "MORE_SHEETS"]
    assert told == [
        'this is sheet "Leads"; "More leads" is a list of its own',
        'passed over, for want of column names: "READ ME"',
    ]
    assert source.contents.lists == ["Leads", "More leads"]
    with open_source(f"{tmp_path / 'a.xlsx'} » More leads") as other:
        chunk = other.read(final=True)
    assert chunk is not None and [(row.name, row.line) for row in chunk.accepted] == [("Jo of More leads", 3)]
    with pytest.raises(SourceError, match='no sheet "Gone"'):
        open_source(f"{tmp_path / 'a.xlsx'} » Gone")


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_in_", "/").replace("_csv", ".csv"), text)
    return path


def test_the_list_in_an_archive_is_read_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    rows = "".join(f"Ann {n},713-555-{n:04},{n} Oak St\n" for n in range(1, 301))
    path = packed(
        tmp_path / "a.zip", october_in_leads_csv=f"Owner,Phone,Property Address\n\n{rows}", photo="x"
    )
    with open_source(path) as source:
        first = source.read(100, final=True)
        assert first is not None and first.records > 0
        place, digest = source.position, source.digest()
        assert place.offset == path.stat().st_size and not source.appendable
    with open_source(path, start=place) as source:
        assert source.digest() == digest
        rest = [row for chunk in source.chunks(70, final=True) for row in chunk.accepted]
    assert [row.line for row in (*first.accepted, *rest)] == list(range(3, 303))


def test_every_list_of_an_archive_is_found_and_what_is_none_is_named(tmp_path: Path) -> None:
    head = "Owner Name,Phone,Property Address\n"
    path = packed(
        tmp_path / "a.zip", a_csv=head + "Ann,713-555-0101,1 Oak St\n", b_csv=head + "Bob,713-555-0102,2 Oak St\n",
        **{"__MACOSX/._a.csv": "x", "readme.txt": "Dear customer\nthank you\n", "logo.png": "x"},
    )  # fmt: skip
    with open_source(path) as source:
        assert source.contents.lists == ["a.csv", "b.csv"]
        assert {name for name, _ in source.contents.passed} == {"readme.txt", "logo.png"}
    with open_source(f"{path} » b.csv") as source:
        assert [row.name for chunk in source.chunks(final=True) for row in chunk.accepted] == ["Bob"]


def test_an_archive_without_a_list_is_named_with_what_is_in_it(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", **{"photo.jpg": "x", "more/plan.pdf": "x"})
    with pytest.raises(
        SourceError, match=r"a zip archive with photo\.jpg, more/plan\.pdf in it, none of which is a list"
    ):
        open_source(path)


def test_an_archive_in_an_archive_is_not_unpacked(tmp_path: Path) -> None:
    packed(tmp_path / "in.zip", a_csv="Owner,Phone\n")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "in.zip", "list.csv")
    with pytest.raises(SourceError, match="an archive in an archive"):
        open_source(tmp_path / "a.zip")


def test_a_list_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valhalla.intake.reading.source.ZIP_LIMIT", 1 << 20)
    path = packed(tmp_path / "a.zip", a_csv="Owner,Phone\n" + "Ann,713-555-0101\n" * 100_000)
    with pytest.raises(SourceError, match="unpacks to more than 1 MB"):
        open_source(path)


def test_an_old_workbook_is_read_sheet_by_sheet() -> None:
    path = Path(__file__).parents[3] / "fixtures" / "lists" / "old.xls"
    with open_source(path) as source:
        assert source.contents.lists == ["North", "South"]
        (chunk,) = source.chunks(final=True)
    (row,) = chunk.accepted
    assert (row.name, row.phone_key, row.location, row.line) == (
        "Jo North",
        19735550131,
        "Newark, NJ 07102",
        4,
    )
    assert [each.code for each in chunk.rejected] == ["TOTALS_ROW"]
    with open_source(f"{path} » South") as source:
        (chunk,) = source.chunks(final=True)
    assert [row.name for row in chunk.accepted] == ["Sam South"]


def test_a_damaged_old_workbook_is_one_sentence(tmp_path: Path) -> None:
    whole = (Path(__file__).parents[3] / "fixtures" / "lists" / "old.xls").read_bytes()
    for size in (600, 3_000, len(whole) - 700):
        (tmp_path / "a.xls").write_bytes(whole[:size])
        with pytest.raises(SourceError) as caught:
            open_source(tmp_path / "a.xls").close()
        assert "\n" not in caught.value.message and caught.value.code in ("NOT_READABLE", "EMPTY_FILE")


PAGE = """<html><head><style>td {{}}</style></head><body><table><tr><td>menu</td></tr></table>
<table border=1><tr><th>Owner&nbsp;Name</th><th>Phone</th><th>Property Address</th></tr>
<tr><td>O&#39;Neil,<br>Pat</td><td>973-555-0131</td><td>1 Oak St<td></tr>
<tr><td colspan=2>Jo Roe<td>2 Oak St</table></body></html>"""


def test_a_page_called_xls_is_read_as_its_table(tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_text(PAGE, encoding="utf-8")
    with open_source(tmp_path / "a.xls") as source:
        assert source.format == "html"
        assert [(each.line, each.code) for each in source.warnings] == [(0, "CONTENT_NOT_NAME")]
        (chunk,) = source.chunks(final=True)
    assert [(row.name, row.phone, row.address) for row in chunk.accepted] == [
        ("O'Neil, Pat", "973-555-0131", "1 Oak St"), ("Jo Roe", None, "2 Oak St"),
    ]  # fmt: skip


def test_the_xml_of_excel_2003_is_read(tmp_path: Path) -> None:
    cells = "".join(
        f'<Cell><Data ss:Type="String">{each}</Data></Cell>' for each in ("Owner Name", "Phone", "Email")
    )
    row = (
        '<Row ss:Index="3"><Cell><Data>Ann</Data></Cell><Cell ss:Index="3"><Data>a@x.com</Data></Cell></Row>'
    )
    (tmp_path / "a.xls").write_text(
        f'<?xml version="1.0"?><Workbook xmlns:ss="x"><Worksheet><Table><Row>{cells}</Row>{row}</Table></Worksheet></Workbook>'
    )
    with open_source(tmp_path / "a.xls") as source:
        (chunk,) = source.chunks(final=True)
    assert [(row.name, row.email, row.line) for row in chunk.accepted] == [("Ann", "a@x.com", 3)]


CARDS = """BEGIN:VCARD
VERSION:3.0
N:Lee;Ann;Mae;;
FN:Ann Mae Lee
ORG:Lee Homes LLC;Sales
TEL;TYPE=CELL:+1 713 555 0101
item1.TEL;TYPE=HOME,VOICE:(713) 555-0102
TEL;TYPE=FAX:713-555-0109
EMAIL;TYPE=INTERNET:ann@example.com
ADR;TYPE=HOME:;;1 Oak St;Houston;TX;77002;USA
NOTE:wants to sell\\, vacant
  since May
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Mu=C3=B1oz;Jos=C3=A9;;;
TEL;CELL:7135550103
END:VCARD
"""


def test_contacts_of_a_phone_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_text(CARDS, encoding="utf-8", newline="")
    with open_source(tmp_path / "a.vcf") as source:
        (chunk,) = source.chunks(final=True)
    ann, jose = chunk.accepted
    assert (ann.name, ann.phone, ann.email, ann.address) == (
        "Ann Mae Lee", "+1 713 555 0101", "ann@example.com", "1 Oak St",
    )  # fmt: skip
    assert ann.location == "Houston, TX 77002" and "wants to sell, vacant since May" in (ann.extras or "")
    assert "713-555-0109" in (ann.extras or "") and "5550109" not in (ann.details or "").replace("-", "")
    assert (jose.name, jose.phone_key) == ("José Muñoz", 17135550103)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.gsheet", b'{"url":"https://docs.google.com/open?id=1x","doc_id":"1x"}', "Google sheet"),
        ("a.jpg", b"\xff\xd8\xff\xe0JFIF", "a picture"),
        ("a.heic", b"\0\0\0\x18ftypheic", "a picture"),
        ("a.pdf", b"%PDF-1.7", "a PDF document"),
        ("a.html", b"<html><body><p>no table</p></body></html>", "a web page without the table of a list"),
    ],
)
def test_what_is_no_list_is_called_by_its_name(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=said) as caught:
        open_source(tmp_path / name)
    assert caught.value.code == "NOT_CSV" and caught.value.message.count(". ") == 0


@pytest.mark.parametrize(
    ("member", "said"),
    [("Index/Document.iwa", "a Numbers document"), ("word/document.xml", "a Word document"), ("xl/workbook.bin", "a binary workbook")],
)  # fmt: skip
def test_documents_that_are_archives_are_called_by_their_names(
    tmp_path: Path, member: str, said: str
) -> None:
    path = packed(tmp_path / "a.zip", **{member: "x"})
    with pytest.raises(SourceError, match=said):
        open_source(path)


def test_a_workbook_with_a_password_is_called_that(tmp_path: Path) -> None:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + "EncryptedPackage".encode("utf-16-le")
    (tmp_path / "a.xlsx").write_bytes(head + bytes(1_000))
    with pytest.raises(SourceError, match="protected with a password"):
        open_source(tmp_path / "a.xlsx")


def test_a_dialers_list_of_calls_makes_no_leads(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "Contact Name,Phone,Disposition,Call Date,Call Duration,Agent\n"
        "Ann Lee,713-555-0101,No Answer,2026-11-20 10:00,00:12,Sy\nBob Roe,713-555-0102,Voicemail,2026-11-20 10:01,00:40,Sy\n",
        encoding="utf-8",
    )
    with pytest.raises(SourceError, match="valhalla outcome import") as caught:
        open_source(path)
    assert caught.value.code == "CALL_RESULTS"
    path.write_text(
        "Owner,Phone,Last Call Result,Call Duration,Property Address\nAnn Lee,713-555-0101,No Answer,12,1 Oak St\n",
        encoding="utf-8",
    )
    with open_source(path) as source:
        (chunk,) = source.chunks(final=True)
    assert len(chunk.accepted) == 1, "a list of houses with what came of calls is one of leads"


@pytest.mark.parametrize(
    ("last", "codes"),
    [("Exported by Dana", ["TOTALS_ROW"]), ("9 Elm St,,,Houston,TX", []), ("9 Elm St,,,,", [])],
    ids=["a line under the list", "a house", "a house alone"],
)
def test_a_line_under_the_list_in_a_single_cell_is_no_lead(
    tmp_path: Path, last: str, codes: list[str]
) -> None:
    row = "1 Oak St,Ann Lee,713-555-0101,Houston,TX\n"
    path = tmp_path / "a.csv"
    path.write_text(f"Property Address,Owner Name,Phone,City,State\n{row}{last}\n", encoding="utf-8")
    with open_source(path) as source:
        (chunk,) = source.chunks(final=True)
    assert [reject.code for reject in chunk.rejected] == codes
