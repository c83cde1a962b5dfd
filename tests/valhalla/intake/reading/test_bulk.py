"""The fast path gives what the careful path gives, on lists as they are generated for the benchmarks."""

from __future__ import annotations

import itertools
import random

import pytest

from valhalla.intake.reading import Profile, open_source
from valhalla.intake.reading.blocks import BlockReader
from valhalla.intake.reading.bulk_lists import ListReader
from valhalla.intake.reading.careful import RowReader

CELLS = [
    "", "x", "é", "Jo\u200b", "=1", "-5", "+x", "'=a", '"a ""q"" b"', '"two\nlines"', '"open', 'in"side', ' "spaced" ', "\t",
    "a  b", " lead", "$5", "5,5", "12/31/2025", "vacant", "not vacant", "nan", "1e5", "0", "O'Brien", "\0", "\x07", "ＡＢ", "１２",
    "a@b@c.de", "j..x@example.com", "a@xn--p1ai.xn--p1ai", "9" * 14, "1234567890123.45", "2222222222", "1 713 555 2123",
    "713-555-2123 x5", "713555212.0", "3+", "2,100 sqft", "\\", "\u2028", "😀", "Total", "(713) 555-2123", "+17135552123",
]  # fmt: skip
HEADS = [
    "name,email,value,location,phone,source,address,arv,repairs,list_date,property_type,notes",
    "first name,last name,email,price,city,state,zip,phone,notes",
    "name,email,value,lead id,condition,beds,sqft,address,city,phone",
]
PROFILES = [
    Profile(),
    Profile(contact="either", value_format="us"),
    Profile(country="DE", day_first=True, value_format="eu"),
]
USUAL = {
    "name": "Ann Lee",
    "first name": "Ann",
    "value": "5000",
    "price": "12",
    "phone": "713-555-2123",
    "location": "Houston TX",
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_both_paths_agree(write, read_path, head, profile, end):
    chance = random.Random(f"{head}{profile}")
    rows = []
    for number in range(1500):
        usual = USUAL | {"email": f"lead{number % 400}@example.com"}
        odd = 0.1 if number % 5 == 0 else 0
        rows.append(
            ",".join(
                chance.choice(CELLS) if chance.random() < odd else usual.get(name, "")
                for name in head.split(",")
            )
        )
    path = write(f"{head}\n{chr(10).join(rows)}\n".replace("\n", end))
    fast, careful = read_path(path, profile=profile), read_path(path, profile=profile, slow=True)
    assert fast.rows == careful.rows
    assert len(fast.rows) > 900
    assert fast.rejects == careful.rejects
    assert sorted(fast.warnings) == sorted(careful.warnings)
    assert fast.end == careful.end


@pytest.mark.parametrize("head", [HEADS[1], "name,email,value,location,phone"])
def test_ordinary_rows_take_the_fast_path(write, read_path, monkeypatch, head):
    cells = USUAL | {"email": "ann@example.com"}
    usual = ",".join(cells.get(name, "") for name in head.split(","))
    path = write("\n".join([head, *[usual] * 20]) + "\n")
    monkeypatch.setattr(RowReader, "row", lambda *_: pytest.fail("the row was read by itself"))
    assert len(read_path(path).rows) == 20


def test_both_paths_agree_where_lines_end_in_every_way(write, read_path):
    chance = random.Random(7)
    cells = [cell for cell in CELLS if '"' not in cell and "\n" not in cell]
    text = HEADS[0] + "\n"
    for number in range(3000):
        usual = USUAL | {"email": f"lead{number}@example.com"}
        odd = 0.1 if number % 5 == 0 else 0
        text += ",".join(
            chance.choice(cells) if chance.random() < odd else usual.get(name, "")
            for name in HEADS[0].split(",")
        ) + chance.choice(["\n", "\r\n", "\r", "\r\r", "\r\n\r", "\n\n"])
    path = write(text)
    fast, careful = read_path(path), read_path(path, slow=True)
    assert fast.rows == careful.rows
    assert len(fast.rows) > 2000
    assert fast.rejects == careful.rejects
    assert fast.end == careful.end


def test_carriage_returns_are_not_gone_through_again_for_each_chunk(write, monkeypatch):
    read = []
    block = BlockReader.read

    def noted(self, text, *more):
        read.append(len(text))
        return block(self, text, *more)

    monkeypatch.setattr(BlockReader, "read", noted)
    path = write("name,email,value\n" + "\r" * 20_000)
    with open_source(path) as source:
        while (chunk := source.read(1000, final=True)) is not None:
            assert chunk.blank == 1000
    assert read == [1000] * 20


def test_a_generated_list_gives_its_known_truth(lead_list, read_path):
    path, truth = lead_list(3000)
    reading = read_path(path)
    assert reading.end.records == truth.rows
    assert reading.rows == read_path(path, slow=True).rows


@pytest.mark.parametrize("value", ["0", "0.00", "000", "-0", "0.004"])
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "careful"])
def test_nothing_is_no_price_on_either_path(write, read_path, value, slow):
    path = write(f"name,email,value\nAnn Lee,ann@example.com,{value}\nBob Ray,bob@example.com,1\n")
    reading = read_path(path, slow=slow)
    assert [row.name for row in reading.rows] == ["Bob Ray"]
    assert reading.codes == [(2, "VALUE_NOT_POSITIVE")]
    unpriced = read_path(path, slow=slow, profile=Profile(value="optional"))
    assert [(row.name, row.value) for row in unpriced.rows] == [("Ann Lee", None), ("Bob Ray", 100)]


TRADE_CELLS = [
    *CELLS, "N/A", "-", "150k", "$1,234", "1,234.50", "$52,003", "0", "12%", "0.62", "62", "Yes", "No", "X", "DNC", "wrong number", "Mobile",
    "landline", "7135552123; 7135552124", "p:+17135552123", "9.735550114E+09", "7135552123.0", "713/555-2123 or 713 555 2124", "5551212",
    "ann@x.com; bob@x.com", "Ann <ann@x.com>", "ann@x.com", "12 Oak St", "12 Oak St #4", "PO Box 12", "Houston", "TX", "77018", "2138", "K1A 0B1",
    "Houston, TX 77018", "DAPHNE AL 36526", "310 000 $", "289 900,00 $", "Investor", "seller", "Total", "Page 1 of 1", "Owner 1 First Name", "vacant land", "Tax Delinquent, Probate",
    "litigator", "do not call", "123-45-678", "1980", "2.5", "1,850 sqft", "10/02/2010", "44000", "Acme LLC", '"say ""hi"""', "back\\slash",
]  # fmt: skip
TRADE_HEADS = [
    (
        "Owner 1 First Name,Owner 1 Last Name,Owner 2 First Name,Owner 2 Last Name,Address,Unit,City,State,Zip,County,APN,Mailing Address,"
        "Mailing Unit,Mailing City,Mailing State,Mailing Zip,Property Type,Bedrooms,Total Bathrooms,Building Sqft,Year Built,Last Sale Date,"
        "Last Sale Amount,Est. Value,Est. Equity,Est. Loan-to-Value,Vacant,Probate,Lists,Phone 1,Phone 1 Type,Phone 1 DNC,Phone 2,Phone 2 Type,"
        "Phone 3,Email 1,Email 2,Litigator,Notes"
    ),
    "Contact ID,Name,Phone,Email,Interested In,Disposition,Company,Asking Price,Address,Location,List Date,Condition",
    "Full Name,Mobile,Landline,Asking,ARV,Repairs,Years Owned,Do Not Call,Tags",
    "Name,Property Address,Mailing Address 1,Mailing Address 2,Mailing City State Zip,Phone 1,Phone 1 TCPA,Phone 2,Phone 2 TCPA,Email,Amount Due",
]
TRADE_USUAL = {
    "Owner 1 First Name": "Ann", "Owner 1 Last Name": "Lee", "Name": "Ann Lee", "Full Name": "Ann Lee", "City": "Houston", "State": "TX",
    "Zip": "77018", "County": "Harris", "Phone 1": "(713) 555-2123", "Phone 1 Type": "Mobile", "Phone": "713-555-2123", "Est. Value": '"$152,000"',
    "Est. Equity": '"$52,003"', "Est. Loan-to-Value": "66%", "Last Sale Date": "10/02/2010", "Last Sale Amount": '"$36,000"', "Vacant": "Yes",
    "Mailing Address": "9 Elm Ave", "Mailing City": "Dallas", "Mailing State": "TX", "Property Type": "Condo", "Bedrooms": "3", "Mobile": "2145552000",
    "Asking": '"$99,000"', "Years Owned": "12", "Litigator": "No", "Lists": '"Probate, Absentee"', "Email 1": "ann@example.com",
}  # fmt: skip


@pytest.mark.parametrize(
    "profile",
    [Profile(), Profile(country="CA", day_first=True, value_format="eu", required=("notes",))],
    ids=["us", "eu"],
)
@pytest.mark.parametrize("head", TRADE_HEADS, ids=["property", "contacts", "phones", "lines"])
def test_both_paths_agree_on_lists_of_the_trade(write, read_path, head, profile):
    """Row by row and column by column, the same JSON to the byte."""
    if profile.required:
        head = f"{head},Notes" if "Notes" not in head else head
    chance = random.Random(f"{head}{profile}")
    rows = []
    for number in range(400):
        usual = TRADE_USUAL | {
            "Address": f"{number % 300} Oak St",
            "APN": f"{number:09}",
            "Contact ID": f"C-{number}",
        }
        odd = (0.02, 0.02, 0.1, 0.4)[number % 4]
        rows.append(
            ",".join(
                chance.choice(TRADE_CELLS) if chance.random() < odd else usual.get(name, "")
                for name in head.split(",")
            )
        )
    path = write(f"{head}\n{chr(10).join(rows)}\n")
    fast, careful = read_path(path, profile=profile), read_path(path, profile=profile, slow=True)
    for one, other in zip(fast.rows, careful.rows, strict=True):
        assert one == other
    assert fast.rejects == careful.rejects
    assert sorted(fast.warnings) == sorted(careful.warnings)
    assert fast.end == careful.end
    assert isinstance(fast.source._reader._blocks.bulk, ListReader)


def test_both_paths_know_people_by_whatever_is_there(write, read_path):
    parts = {
        "Owner Name": "Ann Lee",
        "Phone 1": "713-555-2123",
        "Email 1": "ann@example.com",
        "Address,City,State,Zip": "12 Oak St,Houston,TX,77018",
        "APN": "123-45-678",
        "Mailing Address,Mailing City,Mailing State,Mailing Zip": "9 Elm Ave,Dallas,TX,75201",
    }
    rows = [
        ",".join(
            cells if there else "," * cells.count(",")
            for cells, there in zip(parts.values(), present, strict=True)
        )
        for present in itertools.product((True, False), repeat=len(parts))
    ]
    path = write("\n".join([",".join(parts), *rows]) + "\n")
    fast, careful = read_path(path), read_path(path, slow=True)
    assert fast.rows == careful.rows and fast.rejects == careful.rejects
    assert len(fast.rows) > 40 and isinstance(fast.source._reader._blocks.bulk, ListReader)


@pytest.mark.parametrize(
    ("profile", "other"),
    [(Profile(), {}), (Profile(), {"Est. Value": '"$152,000.50"'}), (Profile(value_format="eu"), {"Est. Value": '"152.000,50"', "Est. Equity": "52.003", "Last Sale Amount": "36.000"})],
    ids=["us", "cents", "eu"],
)  # fmt: skip
def test_ordinary_rows_of_a_list_of_the_trade_take_the_fast_path(
    write, read_path, monkeypatch, profile, other
):
    head = TRADE_HEADS[0]
    usual = ",".join((TRADE_USUAL | other).get(name, "") for name in head.split(","))
    path = write("\n".join([head, *[usual] * 20]) + "\n")
    monkeypatch.setattr(RowReader, "row", lambda *_: pytest.fail("the row was read by itself"))
    assert len(read_path(path, profile=profile).rows) == 20
