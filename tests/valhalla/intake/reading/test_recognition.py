"""Which column is what: against a table written by hand, and under every change of case, separator and order."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valhalla.intake.reading import mapping
from valhalla.intake.reading.header import PARTS, STORED
from valhalla.intake.reading.profile import Contact, Profile
from valhalla.intake.reading.recognition import EMAILS, PHONES, Recognition, recognise

TABLE = Path(__file__).with_name("recognised.txt")
SEVERAL = {"flag", "tags"}
Column = tuple[str, str, list[str]]


def _lists() -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    columns: list[Column] = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            columns = found.setdefault(line[3:], [])
        elif line and not line.startswith("#"):
            name, field, *cells = (part.strip() for part in re.split(r" ?\| ?", line))
            columns.append((name, field, [cell.replace("\\n", "\n") for cell in cells]))
    return found


LISTS = _lists()


def _read(columns: list[Column]) -> Recognition:
    rows = max(len(cells) for _, _, cells in columns)
    samples = [[cells[row] if row < len(cells) else "" for _, _, cells in columns] for row in range(rows)]
    return recognise([name for name, _, _ in columns], samples)


def _expected(columns: list[Column]) -> dict[str, str]:
    return {name: field for name, field, _ in columns if field[0] not in "-?"}


def _asked(columns: list[Column]) -> dict[str, str]:
    return {name: field[1:] for name, field, _ in columns if field[0] == "?"}


@pytest.mark.parametrize("name", LISTS)
def test_every_column_is_what_the_table_says(name: str) -> None:
    columns = LISTS[name]

    found = _read(columns)

    assert found.mapping == _expected(columns)
    assert {doubt.header: doubt.field for doubt in found.doubts} == _asked(columns)
    assert found.documents == any(column.casefold() == "value" for column, _, _ in columns)
    assert found.listings == name.startswith("listings")
    assert found.buyers == name.startswith("buyers")


def _twisted(columns: list[Column], seed: int) -> list[Column]:
    """Other order (phones, e-mails and what belongs to them keep theirs), other case, ``Phone 1`` as ``Tel 1``."""
    chance = random.Random(seed)
    kept = [
        each
        for each in columns
        if re.search("phone|mobile|cell|home|landline|tel|mail|type|dnc|number", each[0], re.I)
    ]
    free = [each for each in columns if each not in kept]
    chance.shuffle(free)
    cut = chance.randrange(len(free) + 1)
    case = chance.choice((str.upper, str.lower, str.title))
    return [
        (case(re.sub(r"\bPhone (\d)", r"Tel \1", name)), field, cells)
        for name, field, cells in free[:cut] + kept + free[cut:]
    ]


@pytest.mark.parametrize("name", [name for name in LISTS if name != "city after the mailing address"])
def test_order_and_case_make_no_difference(name: str) -> None:
    for seed in range(3):
        columns = _twisted(LISTS[name], seed)

        assert _read(columns).mapping == _expected(columns)


@pytest.mark.parametrize("name", LISTS)
def test_separators_make_no_difference(name: str) -> None:
    for separator in ("_", "-", ".", "  ", ""):
        columns = [(re.sub(r"[ _]", separator, column), field, cells) for column, field, cells in LISTS[name]]

        assert _read(columns).mapping == _expected(columns), separator


@pytest.mark.parametrize("name", [name for name, columns in LISTS.items() if _read(columns).documents])
def test_the_documents_shape_is_recognised_as_ever(name: str) -> None:
    header = [column for column, _, _ in LISTS[name]]

    found = _read(LISTS[name]).mapping

    assert {column: field for column, field in found.items() if field in STORED + PARTS} == mapping.recognise(
        header
    )


NAMES = (
    "name,email,Value ($),budget,Owner,Full Name,first name,last name,phone,Mobile,Mail Address,mail,amount,Price,city,State,zip,"
    "location,Address,ARV,Sale Price,lead id,Notes,Vacant,Phone 2,Email 2,Mailing Address,Date"
)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(NAMES.split(",")),
        unique=True,
        max_size=12,
    )
)
def test_a_column_called_value_brings_the_documents_rules(others: list[str]) -> None:
    header = [*others, "value"]

    found = recognise(header, [])

    assert found.documents
    assert found.doubts == ()
    assert {
        column: field for column, field in found.mapping.items() if field in STORED + PARTS
    } == mapping.recognise(header)
    once = [field for field in found.mapping.values() if field not in SEVERAL]
    assert len(once) == len(set(once))


NO_NUMBERS = {
    "dates": ["2026-10-02", "10/4/2026", "20261009", "2026-08-30 16:20:11", "1-Oct-26", "Oct 3, 2026", "2026-10-05T09:12:44-05:00"],
    "years": ["1958", "1941", "2024", "1902"],
    "ZIPs": ["77018", "07030", "98118", "75034", "10021", "7102", "07102-1234"],
    "postal codes": ["R3C 4T3", "V6B1A1", "M5V 2T6"],
    "parcels": ["064-001-000-0007", "162-02-811-014", "29-410-12-01-00-0-00-000", "1012-04", "2210-11", "A-19"],
}  # fmt: skip


@settings(deadline=None)
@given(
    name=st.sampled_from(
        [
            "Column 7",
            "Number",
            "Phone",
            "Tel 1",
            "Mobile",
            "Contact",
            "Email",
            "Amount",
            "Price",
            "Asking Price",
            "Budget",
            "Property",
            "X",
        ]
    ),
    kind=st.sampled_from(sorted(NO_NUMBERS)),
    data=st.data(),
)
def test_dates_years_zips_and_parcels_are_no_phone_value_or_email(
    name: str, kind: str, data: st.DataObject
) -> None:
    cells = data.draw(
        st.lists(st.sampled_from(NO_NUMBERS[kind]), min_size=4, max_size=12, unique=len(NO_NUMBERS[kind]) > 6)
    )
    samples = [[f"Ann Lee {number}", cell] for number, cell in enumerate(cells)]

    found = recognise(["Owner Name", name], samples)

    assert found.mapping.get(name) not in ("phone", "email", "value")
    if kind != "ZIPs":  # of bare five-digit numbers called a price a person may be asked
        assert found.proposed.get(name) not in ("phone", "email", "value")


@settings(deadline=None)
@given(
    header=st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from([name for columns in LISTS.values() for name, _, _ in columns]),
        ),
        max_size=14,
    ),
    rows=st.lists(
        st.lists(
            st.one_of(
                st.text(max_size=8),
                st.sampled_from(
                    [cell for columns in LISTS.values() for _, _, cells in columns for cell in cells]
                ),
            ),
            max_size=14,
        ),
        max_size=5,
    ),
)
def test_any_header_and_rows_give_each_field_at_most_once(header: list[str], rows: list[list[str]]) -> None:
    found = recognise(header, rows)

    once = [field for field in found.proposed.values() if field not in SEVERAL]
    assert len(once) == len(set(once))
    assert all(doubt.header not in found.mapping for doubt in found.doubts)
    if header and len(set(header)) == len(header):
        assert set(found.mapping) <= set(header)


def test_of_a_thousand_columns_ten_phones_and_six_addresses_are_taken() -> None:
    header = [f"Phone {number}" for number in range(1, 31)] + [f"Email {number}" for number in range(1, 31)]
    header += [f"contact_{number}_note_{part}" for number in range(1, 100) for part in range(10)]
    row = ["(713) 555-0142"] * 30 + ["a@example.com"] * 30 + ["some words here"] * 990

    found = recognise(header, [row] * 50)

    fields = list(found.mapping.values())
    assert [field for field in fields if field.startswith("phone")] == [
        "phone",
        *(f"phone_{n}" for n in range(2, PHONES + 1)),
    ]
    assert [field for field in fields if field.startswith("email")] == [
        "email",
        *(f"email_{n}" for n in range(2, EMAILS + 1)),
    ]


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        (["(713) 555-0142", "call first", "(713) 555-0144"], "phone"),
        (["a@example.com", "has none", "b@example.com"], "email"),
    ],
)
def test_a_column_of_which_two_of_three_cells_fit_is_asked_about(cells: list[str], field: str) -> None:
    name = field.title()

    found = recognise(
        ["Owner Name", name], [[f"Ann Lee {number}", cell] for number, cell in enumerate(cells)]
    )

    assert name not in found.mapping
    assert [(doubt.header, doubt.field, doubt.cells) for doubt in found.doubts] == [
        (name, field, tuple(cells))
    ]
    assert found.doubts[0].question.endswith("?")
    assert name in found.doubts[0].question
    assert found.proposed[name] == field


def test_of_a_bare_price_that_may_be_a_zip_a_person_is_asked() -> None:
    found = recognise(["Name", "Price"], [["Ann Lee", "77018"], ["Bob Ray", "98118"]])

    assert found.mapping == {"Name": "name"}
    assert found.proposed == {"Name": "name", "Price": "value"}


def test_one_name_in_every_row_beside_different_phones_is_one_of_us() -> None:
    rows = [["Mel Broker", f"(713) 555-01{number}"] for number in range(40, 44)]

    assert recognise(["Owner", "Phone"], rows).mapping == {"Phone": "phone"}
    assert recognise(["Owner", "Phone"], rows[:1]).mapping == {"Owner": "name", "Phone": "phone"}


def test_a_budget_is_asked_about_unless_the_list_says_who_buys() -> None:
    rows = [["Ann Lee", "(713) 555-0142", "$250,000", "buy"]]

    assert recognise(["Name", "Phone", "Budget", "Note"], rows).proposed["Budget"] == "value"
    assert "Budget" not in recognise(["Name", "Phone", "Budget", "Interested In"], rows).proposed


def test_cells_that_are_long_or_strange_do_not_hold_it_up() -> None:
    cells = [
        "1" + " " * 5_000 + "x",
        "1, " * 3_000,
        "$" + "1 - " * 3_000,
        "a@" * 3_000,
        ". " * 3_000,
        "(" * 3_000,
        "9" * 5_000,
    ]
    names = [
        "Price",
        "Phone",
        "Email",
        "Name",
        "Address",
        "Zip",
        "Date",
        "Tags",
        "Type",
        "(" * 3_000,
        "ownername" * 300,
    ]

    found = recognise(names, [[cell] * len(names) for cell in cells])

    assert "email" not in found.mapping.values()


def test_the_documents_name_every_field() -> None:
    text = (Path(__file__).parents[4] / "docs" / "importing.md").read_text(encoding="utf-8")
    table = text.split("### Lists of the trade")[1].split("\n## ")[0]
    found = {field for columns in LISTS.values() for _, field, _ in columns if field[0] not in "-?"}

    named = {re.sub(r"_\d+(?=$|_)", "", field) for field in re.findall(r"`([a-z_0-9]+)`", table)}

    assert {re.sub(r"_\d+(?=$|_)", "", field) for field in found} <= named


@pytest.mark.parametrize(
    ("cells", "mapped"),
    [
        (["$165,000", "make me an offer"], True),
        (["$165,000", "make me an offer", "no idea"], False),
        (["make me an offer", "no idea"], False),
    ],
)
def test_a_price_is_one_where_half_of_the_cells_are_amounts(cells: list[str], mapped: bool) -> None:
    found = recognise(
        ["Name", "Asking Price"], [[f"Ann {number}", cell] for number, cell in enumerate(cells)]
    )

    assert ("Asking Price" in found.mapping) == mapped
    assert found.doubts == ()


def test_an_address_that_is_cut_into_pieces_is_named_in_order() -> None:
    header = ["Street Name", "Street Number", "Street Suffix", "City", "Owner Name"]
    rows = [["Calder Ridge", "1412", "Ln", "Houston", "Ann Lee"]]

    assert recognise(header, rows).street == ("Street Number", "Street Name", "Street Suffix")
    assert "address" not in recognise(header, rows).proposed.values()
    assert recognise([*header, "Property Address"], [[*rows[0], "1412 Calder Ridge Ln"]]).street == ()
    assert recognise(header[:1] + header[2:], []).street == ()


@pytest.mark.parametrize("contact", ["email", "either", "phone"])
def test_no_proposal_contradicts_the_table(contact: Contact) -> None:
    """What is proposed for a list that lacks something, under the documents' rules: the column is that, or nothing is said."""
    for name, columns in LISTS.items():
        header = [column for column, _, _ in columns]
        rows = max(len(cells) for _, _, cells in columns)
        samples = [[cells[row] if row < len(cells) else "" for _, _, cells in columns] for row in range(rows)]
        known = mapping.recognise(header)
        is_really = {column: re.sub(r"_\d+$", "", field.lstrip("?")) for column, field, _ in columns}

        for column, field in mapping.suggest(header, samples, Profile(contact=contact)).items():
            assert column in known or is_really[column] == field, f"{name}: {column} as {field}"
