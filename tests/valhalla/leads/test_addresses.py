"""One normal form for every spelling of an address, and never one for two."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valhalla.leads import addresses
from valhalla.leads.addresses import Address, may_be_same, normal_address, parse_place, zip5
from valhalla.leads.postal_tables import DIRECTIONS, SUFFIXES, UNITS

tries = settings(max_examples=1_000 if os.environ.get("VALHALLA_LONG") == "1" else 40)

SAME = [
    ("12 N. Oak Street #4", "12 NORTH OAK ST APT 4", "12 n oak st, unit 4", "12 N Oak St. Ste 4", "12 N OAK STREET # 04", "12 N Oak St Apt. #4"),
    ("12 North Oak St", "12 N. Oak Str", "00012 N OAK STREET", "  12  n  oak  st ", "12 N Oak St."),
    ("12 Oak St N", "12 Oak Street North", "12 OAK ST. N."),
    ("12 SW Oak St", "12 Southwest Oak St", "12 S.W. Oak St", "12 South West Oak St"),
    ("41-12 Bell Blvd", "41-12 BELL BOULEVARD", "41 - 12 Bell Blvd", "41–12 Bell Boul"),
    ("12 1/2 Oak St", "12½ Oak St", "12-1/2 Oak St", "12 ½ Oak Street"),
    ("12A Oak St", "12-A Oak St", "12a oak st"),
    ("100 First St", "100 1st Street", "100 1 St", "100 FIRST ST"),
    ("100 Twenty-First Ave", "100 21st Avenue", "100 Twenty First Ave"),
    ("100 W 5th St", "100 West Fifth Street", "100 W 5 St"),
    ("100 St. James Pl", "100 Saint James Place", "100 ST JAMES PL"),
    ("100 Mt Vernon Ave", "100 Mount Vernon Avenue"),
    ("100 Ft. Worth Dr", "100 Fort Worth Drive"),
    ("9 Highway 20", "9 Hwy 20", "9 HWY. 20"),
    ("9 County Road 20", "9 Co Rd 20", "9 CR 20", "9 Cnty. Rd. 20", "9 County Rd #20"),
    ("9 State Route 20", "9 SR 20", "9 St Rt 20", "9 State Rte 20", "9 State Highway 20", "9 State Rd 20"),
    ("9 US Highway 1 S", "9 U.S. Hwy 1 South", "9 US 1 S", "9 US Rte 1 South"),
    ("9 FM 1960 Rd W", "9 Farm to Market 1960 West", "9 FM 1960 W"),
    ("9 Interstate 10", "9 I-10", "9 I 10", "9 IH 10"),
    ("9 Avenue N", "9 AVE N", "9 Ave. N"),
    ("PO Box 118", "P.O. Box 118", "P. O. BOX 0118", "POB 118", "Post Office Box 118", "PO BOX #118"),
    ("RR 2 Box 18", "R.R. 2 Box 18", "Rural Route 2, Box 18", "RFD 2 Box 18"),
    ("9 O'Hara Ct", "9 OHARA COURT", "9 O’Hara Ct", "9 O Hara Ct"),
    ("9 McDonald Dr", "9 Mc Donald Drive", "9 MCDONALD DR"),
    ("9 Peña Blvd", "9 PENA BLVD"),
    ("9 Martin Luther King Jr Blvd", "9 Dr. M.L. King Jr. Blvd", "9 MLK Blvd", "9 Martin Luther King Boulevard", "9 DR MARTIN LUTHER KING JR BLVD"),
    ("9 Winston-Salem Rd", "9 Winston Salem Road"),
    ("9 Oak Lane Dr", "9 Oak Ln Drive"),
    ("9 Oak St Bldg 2 Apt 4", "9 Oak St Apt 4 Building 2", "9 Oak St, Bldg. 2, #4"),
    ("9 Oak St Apt 4B", "9 Oak St 4-B", "9 Oak St # 4 B", "9 Oak St, 4b", "9 Oak St Unit 4B"),
    ("9 Oak St 2nd Floor", "9 Oak St FL 2", "9 Oak St Second Floor", "9 Oak St, Floor 2"),
    ("9 Oak St Rear", "9 Oak St REAR", "9 Oak St Apt Rear"),
    ("9 Oak St Upper", "9 Oak St UPPR", "9 Oak St, Upr"),
    ("9 Rue De St Germaine", "9 Rue De Saint Germaine"),
    ("9 La Salle Ave", "9 LaSalle Ave"),
    ("9 Avenue D Rear", "9 AVE D REAR", "9 Ave D, Rear"),
    ("9 No 1st", "9 N 1st", "9 North First"),
    ("95 Forest Ave # 2", "95 Forest Avenue Apt 2", "95 FOREST AVE 2"),
    ("9 Old Mill Rd 4B", "9 Old Mill Road #4B", "9 OLD MILL RD APT 4B"),
    ("9 State Rd Apt 4", "9 State Road #4"),
    ("9 Forest Rd Apt 4", "9 Forest Road #4"),
    ("9 E Old State Route 20", "9 East Old SR 20"),
    ("9 N Loop 1604 W", "9 North Loop 1604 West", "9 N. LOOP 1604 W."),
    ("9 State Loop 12", "9 Loop 12"),
    ("9 Old Seward Hwy 16", "9 Old Seward Highway #16"),
    ("9 Forest Rd N", "9 Forest Road North"),
    ("350 5th Ave, 34th Floor", "350 5th Avenue Fl 34"),
    ("9 Oak St No 4", "9 Oak St No. 4", "9 Oak St-4", "9 Oak St - 4", "9 Oak St #4"),
    ("9 Oak St - Rear", "9 Oak St (Rear)", "9 Oak St Rear"),
    ("Rt 2 Box 18", "RR 2 Box 18", "Route 2, Box 18"),
    ("9 Avenue of the Americas", "9 Ave of the Americas"),
    ("9 SR9", "9 SR-9", "9 State Route 9"),
    ("2700 West Loop South", "2700 W Loop S"),
    ("9 North Freeway", "9 N Fwy"),
    ("9 State Route 20 Rear", "9 SR 20 REAR", "9 St Rt 20, Rear"),
    ("517.5 Bridge St", "517 1/2 Bridge Street", "517½ BRIDGE ST"),
    ("9 Vermont 122", "9 State Route 122", "9 VT-122"),
    ("9 Edgar D Nixon Ave", "9 Edgar D. Nixon Avenue"),
    ("9 Oak St Apt.4", "9 Oak St Apt 4"),
    ("One Main St", "1 Main Street"),
    ("842 E 1700 S", "842 East 1700 South"),
    ("N6W23001 Bluemound Rd", "n6w23001 Bluemound Road"),
]  # fmt: skip
"""Each line is one address."""

DIFFERENT = [
    ("12 N St NW", "12 North St"),
    ("12 N St NW", "12 N St SW"),
    ("12 N Oak St", "12 S Oak St"),
    ("12 N Oak St", "12 Oak St"),
    ("12 N Oak St", "12 Oak St N"),
    ("12 Oak St", "12 Oak Ave"),
    ("12 Oak St", "12 Oak"),
    ("12 Oak St", "14 Oak St"),
    ("12 Oak St", "12 1/2 Oak St"),
    ("12 Oak St", "12A Oak St"),
    ("12 Oak St", "12 Oak St Apt 1"),
    ("12 Oak St Apt 1", "12 Oak St Apt 11"),
    ("12 Oak St Apt 1", "12 Oak St Bldg 1"),
    ("12 Oak St Apt 1-23", "12 Oak St Apt 12-3"),
    ("12 Oak St Upper", "12 Oak St Lower"),
    ("12 Oak St Fl 1", "12 Oak St Fl 2"),
    ("41-12 Bell Blvd", "4112 Bell Blvd"),
    ("41-12 Bell Blvd", "41-14 Bell Blvd"),
    ("9 Avenue N", "9 Avenue S"),
    ("9 Avenue N", "9 N Ave"),
    ("9 County Road 20", "9 County Road 21"),
    ("9 County Road 20", "9 County Highway 20"),
    ("9 County Road 20", "9 State Road 20"),
    ("9 Highway 20", "9 US Highway 20"),
    ("9 Old Highway 20", "9 Highway 20"),
    ("9 Oak St, Rear House", "9 Oak St"),
    ("9 Oak St, Cottage 2", "9 Oak St"),
    ("9 Oak St Apt 4 & 5", "9 Oak St Apt 4"),
    ("9 Oak St # 1 2", "9 Oak St # 12"),
    ("9 Oak St # 4.5", "9 Oak St # 45"),
    ("9 Oak St Apt 4 Garage", "9 Oak St Apt 4"),
    ("9 1st St", "9 1st Ave"),
    ("9 1st St", "9 11th St"),
    ("9 Oak Court St", "9 Oak St"),
    ("517.5 Bridge St", "5175 Bridge St"),
    ("9 36.1 Rd", "9 361 Rd"),
    ("9 Park Pl", "9 Park Plz"),
    ("9 Spring St", "9 Springs St"),
    ("9 Lake Shore Dr", "9 Lake Dr"),
    ("PO Box 118", "118 Box St"),
    ("PO Box 118", "PO Box 119"),
    ("RR 2 Box 18", "RR 1 Box 18"),
    ("842 E 1700 S", "842 W 1700 S"),
]  # fmt: skip


@pytest.mark.parametrize("spellings", SAME, ids=lambda spellings: spellings[0])
def test_spellings_of_one_address_are_one(spellings: tuple[str, ...]) -> None:
    forms = {spelling: normal_address(spelling, None, "Houston", "TX", "77018") for spelling in spellings}
    assert len(set(forms.values())) == 1, forms
    assert None not in forms.values()


def test_every_street_that_is_counted_in_words_is_the_one_in_digits() -> None:
    first = "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth Fourteenth Fifteenth"
    words = f"{first} Sixteenth Seventeenth Eighteenth Nineteenth".split()
    for tens in ("Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"):
        words += [f"{tens[:-1]}ieth", *(f"{tens}-{word}" for word in words[:9])]
    for number, word in enumerate(words, 1):
        end = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        in_words, in_digits = (
            normal_address(f"7 {name} St", None, "Houston", "TX", "77018")
            for name in (word, f"{number}{end}")
        )
        assert in_words == in_digits and f" {number}{end.upper()} " in str(in_words)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_addresses_are_never_one(one: str, other: str) -> None:
    assert normal_address(one) != normal_address(other)


def test_the_parts_have_names() -> None:
    assert normal_address(
        "12 N. Oak Street #4", city="St. Louis", state="missouri", zip_code="63101-1122"
    ) == Address("12", "N", "OAK", "ST", "", "4", "SAINT LOUIS", "MO", "63101")
    address = normal_address("88 Gilmer St NW, Bldg 2, Atlanta, GA 30303")
    assert address is not None
    assert address.line == "88 GILMER ST NW BLDG 2"
    assert str(address) == "88 GILMER ST NW BLDG 2, ATLANTA, GA 30303"


@pytest.mark.parametrize(
    "text",
    [
        "12 N Oak St, Apt 4, Kansas City, MO 64130-1122",
        "12 N Oak St Apt 4, Kansas City, MO 64130",
        "12 North Oak Street #4, Kansas City, Missouri 64130",
        "12 N OAK ST APT 4 KANSAS CITY MO 64130",
        "12 N Oak St\nApt 4\nKansas City, MO 64130",
        "12 N Oak St # 4, Kansas City MO 64130, USA",
        "12 N Oak St Unit 4; Kansas City; MO; 64130",
        "Apt 4, 12 N Oak St, Kansas City, MO, 64130",
        "Dana Quillon, 12 N Oak St, Apt 4, Kansas City, MO 64130",
        "12 N Oak St., Unit 4, Kansas City, MO 64130, United States",
    ],
)
def test_a_whole_address_in_one_cell(text: str) -> None:
    assert normal_address(text) == Address("12", "N", "OAK", "ST", "", "4", "KANSAS CITY", "MO", "64130")
    assert normal_address(text, None, "Kansas City", "MO", "64130") == normal_address(text)


def test_a_city_after_the_street_is_told_from_it_by_the_cell_with_the_city() -> None:
    assert normal_address("12 Oak St Houston", None, "Houston", "TX", "77018") == normal_address(
        "12 Oak St", None, "Houston", "TX", "77018"
    )
    assert normal_address("12 Houston St", None, "Houston", "TX", "77018") == Address(
        "12", "", "HOUSTON", "ST", "", "", "HOUSTON", "TX", "77018"
    )


@pytest.mark.parametrize("state", ["NY", "CT"])
def test_a_suffix_is_no_state(state: str) -> None:
    assert normal_address("98 Mt Vernon Ct", None, "Mount Vernon", state, "") == Address(
        "98", "", "MOUNT VERNON", "CT", "", "", "MOUNT VERNON", state, ""
    )


@pytest.mark.parametrize(
    ("text", "line", "city"),
    [
        ("1711 8th Street Northwest Washington DC 20001", "1711 8TH ST NW", "WASHINGTON"),
        ("880 H Street #STE 000204 Anchorage AK 99501", "880 H ST # 204", "ANCHORAGE"),
        ("1200 S Street Anchorage AK 99501", "1200 S ST", "ANCHORAGE"),
        ("9 Oak Lane Dr Anchorage AK 99501", "9 OAK LN DR", "ANCHORAGE"),
        ("9 Main St St Louis MO 63101", "9 MAIN ST", "SAINT LOUIS"),
        ("9 Main St North Little Rock AR 72114", "9 MAIN ST", "NORTH LITTLE ROCK"),
        ("9 Oak St Lake City UT 84101", "9 OAK ST", "LAKE CITY"),
        ("9 Park Lake Dr Orlando FL 32801", "9 PARK LAKE DR", "ORLANDO"),
    ],
)
def test_a_street_ends_where_its_suffix_stands(text: str, line: str, city: str) -> None:
    address = normal_address(text)
    assert address is not None
    assert (address.line, address.city) == (line, city)


@pytest.mark.parametrize(
    ("street", "city", "state", "code"),
    [
        ("6452 El Camino Real", "Atascadero", "CA", "93422"),
        ("6420 Via Baron", "Rancho Palos Verdes", "CA", "90275"),
        ("1200 S Street", "Anchorage", "AK", "99501"),
        ("3517 S Street Northwest", "Washington", "DC", "20007"),
        ("9 Houston", "Houston", "TX", "77018"),
    ],
)
def test_cells_say_where_a_street_without_a_suffix_ends(
    street: str, city: str, state: str, code: str
) -> None:
    place = (None, city, state, code)
    assert normal_address(f"{street} {city} {state} {code}", *place) == normal_address(street, *place)


def test_a_zip_after_the_street_is_no_unit() -> None:
    assert normal_address("12 Oak St 77018") == normal_address("12 Oak St", None, None, "TX", "77018")
    assert normal_address("12 County Rd 77018") == Address(
        "12", "", "COUNTY RD 77018", "", "", "", "", "", ""
    )


@pytest.mark.parametrize(
    "more", ["Cottage 2B", "Carriage House", "Rear House", "Upper Level", "Bldg B", "34th Floor"]
)
def test_part_of_a_house_in_one_text_is_not_the_whole(more: str) -> None:
    whole = normal_address("9 Oak St, Houston, TX 77018")
    part = normal_address(f"9 Oak St, {more}, Houston, TX 77018")
    assert whole is not None
    assert part is not None
    assert part.unit != ""
    assert part._replace(unit="") == whole


@pytest.mark.parametrize("city", ["Key West", "Front Royal", "Upper Marlboro", "Stephenville", "Unity"])
def test_a_city_is_no_unit(city: str) -> None:
    address = normal_address(f"9 Oak St, {city}, FL 33040")
    assert address is not None
    assert (address.unit, address.city) == ("", city.upper())


def test_a_cell_with_two_units_is_not_one_of_them() -> None:
    assert normal_address("9 Oak St", "1 2") != normal_address("9 Oak St", "12")
    assert normal_address("9 Oak St", "4 & 5") != normal_address("9 Oak St", "4")
    assert (
        normal_address("9 Oak St", "4 B")
        == normal_address("9 Oak St", "4-B")
        == normal_address("9 Oak St #4B")
    )


def test_the_unit_may_stand_in_a_cell_of_its_own() -> None:
    expected = normal_address("12 Oak St Apt 4")
    for unit in ("4", "#4", "Apt 4", "APT. 4", "Unit #4", "04", "4.0"):
        assert normal_address("12 Oak St", unit) == expected, unit
    assert normal_address("12 Oak St Apt 4", "4") == expected
    assert (
        normal_address("12 Oak St", "") == normal_address("12 Oak St", "N/A") == normal_address("12 Oak St")
    )
    assert normal_address("12 Oak St Apt 4", "Bldg 2") == normal_address("12 Oak St Bldg 2 Apt 4")


@pytest.mark.parametrize("text", [None, "", "  ", ",,", "N/A", "none", "Unknown", "#", "x" * 5_000])
def test_what_is_no_address_is_none(text: str | None) -> None:
    assert normal_address(text, None, "Houston", "TX", "77018") is None


@pytest.mark.parametrize(
    "text", ["0 Oak St", "Oak St", "V/L Oak St", "00 Oak St", "First St", "Lot 4 Oak St"]
)
def test_land_without_a_house_number_has_none(text: str) -> None:
    address = normal_address(text)
    assert address is not None
    assert address.number == ""


def test_canada() -> None:
    place = (None, "Montréal", "Québec", "h3l 1t8")
    expected = Address("225", "", "FLEURY", "RUE", "W", "", "MONTREAL", "QC", "H3L1T8")
    assert normal_address("225 rue Fleury O", *place) == expected
    assert normal_address("225, rue Fleury Ouest, Montréal QC H3L 1T8") == expected
    assert normal_address("225 boul. René-Lévesque E", *place) == normal_address(
        "225 Boulevard Rene Levesque Est", *place
    )
    regina = (None, "Regina", "SK", "S4S 1E5")
    assert normal_address("104-2701 23rd Ave", *regina) == normal_address("2701 23rd Ave Unit 104", *regina)
    assert normal_address("Unit 104 - 2701 23rd Ave, Regina, SK S4S 1E5") == normal_address(
        "104-2701 23rd Ave", *regina
    )


def test_zip_codes() -> None:
    assert zip5("77018-1122") == zip5("770181122") == zip5("77018.0") == zip5(" 77018 ") == "77018"
    assert zip5("7030", "NJ") == zip5("7030.0", "NJ") == zip5("7030-1122", "NJ") == "07030"
    assert zip5("7030", "TX") == zip5("7030") == zip5("00000") == zip5("n/a") == zip5("") == ""
    assert zip5("r3c 1a5") == "R3C1A5"


def test_a_zip_says_the_state_that_a_county_leaves_out() -> None:
    address = normal_address("410 N Ward Ave", None, "Kansas City", "", "64130")
    assert address is not None
    assert address.state == "MO"


def test_places() -> None:
    assert parse_place("Houston, TX 77018-1122") == ("HOUSTON", "TX", "77018")
    assert parse_place("St. Louis MO") == ("SAINT LOUIS", "MO", "")
    assert parse_place("Houston") == ("HOUSTON", "", "")
    assert parse_place("New York, New York") == ("NEW YORK", "NY", "")
    assert parse_place("77018") == ("", "TX", "77018")
    assert parse_place(None) == ("", "", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Oak St", "12 Oak St Apt 4"),
        ("12 Oak St", "12 Oak"),
        ("12 Oak St", "12 N Oak St"),
        ("12 N Oak St", "12 Oak St N"),
        ("12 Oak St Apt 4", "12 Oak St Lot 4"),
        ("12A Oak St", "12 Oak St Apt A"),
        ("41-12 Bell Blvd", "4112 Bell Blvd"),
        ("9 Highway 20", "9 State Highway 20"),
        ("9 Oaklawn Dr", "9 Oak Lawn Dr"),
        ("12 N St", "12 North St"),
        ("9 Castle Hill", "9 Castle Hill Rd"),
    ],
)
def test_what_a_list_left_out_is_offered(one: str, other: str) -> None:
    first = normal_address(one, None, "Houston", "TX", "77018")
    second = normal_address(other, None, "Houston", "TX", "77018")
    assert first is not None
    assert second is not None
    assert may_be_same(first, second)
    assert may_be_same(second, first)
    assert addresses.near_text(first) == addresses.near_text(second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 Oak St Apt 4", "12 Oak St Apt 5"),
        ("12 Oak St", "12 Oak Ave"),
        ("12 N Oak St", "12 S Oak St"),
        ("12 Oak St", "14 Oak St"),
        ("12 Oak St", "12 1/2 Oak St"),
        ("12 N St NW", "12 North St"),
        ("9 Highway 20", "9 Highway 21"),
        ("0 Oak St", "0 Oak St Apt 2"),
    ],
)
def test_neighbours_are_not_even_offered(one: str, other: str) -> None:
    first = normal_address(one, None, "Houston", "TX", "77018")
    second = normal_address(other, None, "Houston", "TX", "77018")
    assert first is not None
    assert second is not None
    assert not may_be_same(first, second)


# -- properties --------------------------------------------------------------------------------------------

_NAMES = ["OAK", "PARK", "MAIN", "5TH", "SAINT JAMES", "CALDER RIDGE", "OAK CREEK", "LAKE", "NORTH", "HIGH POINT", "MARTIN LUTHER KING", "BROADWAY", "COURT"]  # fmt: skip
_written = {
    "5TH": ["5TH", "Fifth", "5"], "SAINT JAMES": ["St James", "St. James", "Saint James"], "OAK CREEK": ["Oak Creek", "OAK CRK"],
    "HIGH POINT": ["High Point", "High Pt"], "MARTIN LUTHER KING": ["MLK", "Martin Luther King Jr", "M.L. King"],
}  # fmt: skip


def _spellings(table: dict[str, str], standard: str) -> list[str]:
    return [word for word, form in table.items() if form == standard]


@st.composite
def spelled(draw: st.DrawFn) -> tuple[tuple[str, ...], str]:
    """The parts of an address, and a spelling of it."""
    number = draw(st.sampled_from(["1", "12", "1412", "41-12", "12 1/2", "12A"]))
    pre = draw(st.sampled_from(["", "N", "SW"]))
    name = draw(st.sampled_from(_NAMES))
    suffix = draw(st.sampled_from(["ST", "AVE", "BLVD", "CT", "LN", "TRL", "HTS", "XING"]))
    post = draw(st.sampled_from(["", "E", "NW"]))
    unit = draw(st.sampled_from(["", "4", "4B", "12", "BLDG 2"]))
    shown = [
        draw(st.sampled_from([number, number.replace(" 1/2", "½"), f"0{number}"])),
        draw(st.sampled_from(_spellings(DIRECTIONS, pre))) if pre else "",
        draw(st.sampled_from(_written.get(name, [name]))),
        draw(st.sampled_from(_spellings(SUFFIXES, suffix))),
        draw(st.sampled_from(_spellings(DIRECTIONS, post))) if post else "",
    ]
    if unit.startswith("BLDG"):
        shown.append(draw(st.sampled_from(["Bldg 2", "Building 2", ", BLDG. #2"])))
    elif unit:
        kind = draw(
            st.sampled_from(
                [*_spellings(UNITS, "APT"), "UNIT", "Ste", "Suite", "#", "Apt #", ", Apt.", "Apt 0"]
            )
        )
        shown.append(f"{kind} {unit}" if not kind.endswith("0") else f"{kind}{unit}")
    text = " ".join(part for part in shown if part).replace(" ,", ",")
    change = draw(st.sampled_from([str, str.upper, str.lower, str.title]))
    return (number, pre, name, suffix, post, unit), change(text)


@given(spelled(), st.sampled_from(["77018", "77018-1122", ""]))
@tries
def test_every_spelling_has_the_same_form(case: tuple[tuple[str, ...], str], code: str) -> None:
    parts, text = case
    address = normal_address(text, None, "Houston", "TX", code)
    assert address == Address(*parts, "HOUSTON", "TX", code[:5])
    assert normal_address(f"{text}, Houston, TX 77018") == Address(*parts, "HOUSTON", "TX", "77018")


@given(spelled(), spelled())
@tries
def test_two_addresses_are_equal_when_their_parts_are(
    one: tuple[tuple[str, ...], str], other: tuple[tuple[str, ...], str]
) -> None:
    assert (normal_address(one[1]) == normal_address(other[1])) == (one[0] == other[0])


@given(spelled())
@tries
def test_the_normal_form_is_its_own(case: tuple[tuple[str, ...], str]) -> None:
    address = normal_address(case[1], None, "Houston", "TX", "77018")
    assert address is not None
    assert normal_address(address.line, None, address.city, address.state, address.zip5) == address
    assert normal_address(str(address)) == address


@given(
    st.text(max_size=60), st.text(max_size=8), st.text(max_size=12), st.text(max_size=6), st.text(max_size=10)
)
@tries
def test_any_text_is_read_without_an_error(text: str, unit: str, city: str, state: str, code: str) -> None:
    first = normal_address(text, unit, city, state, code)
    assert first == normal_address(text, unit, city, state, code)
    if first is not None:
        assert may_be_same(first, first) in (True, False)


_WORDS = st.sampled_from(
    [
        "12",
        "41-12",
        "1/2",
        "N",
        "NORTH",
        "SW",
        "OAK",
        "PARK",
        "ST",
        "STREET",
        "AVE",
        "AVENUE",
        "SAINT",
        "5TH",
        "FIRST",
        "APT",
        "UNIT",
        "#",
        "4",
        "4B",
        "BLDG",
        "REAR",
        "FL",
        "LOT",
        "CT",
        "COURT",
        "COUNTY",
        "ROAD",
        "RD",
        "HWY",
        "US",
        "STATE",
        "ROUTE",
        "9",
        "LAKE",
        "HOUSTON",
        "TX",
        "77018",
        ",",
        "KEY",
        "WEST",
        "BOX",
        "PO",
        "RR",
        "LANE",
        "DR",
        "LA",
        "DE",
        "MC",
        "O",
    ]
)


@given(st.lists(_WORDS, min_size=1, max_size=8).map(" ".join))
@tries
def test_the_quick_way_reads_what_the_careful_one_reads(text: str) -> None:
    place = addresses.Place("HOUSTON", "TX", "77018")
    quick = addresses._plain(text, None, place)
    if quick is not None:
        assert quick == addresses._careful(text, "", place)
