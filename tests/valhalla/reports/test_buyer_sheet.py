"""The sheet for buyers: what belongs on it, and nothing of the seller."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.leads import deals
from valhalla.program import settings
from valhalla.program.errors import NotFound
from valhalla.program.home import Home
from valhalla.reports import paper
from valhalla.reports.buyer_sheet import gather, lines, page
from valhalla.reports.buyer_sheet_files import make_files
from valhalla.reports.buyer_sheet_pdf import pdf

HEADER = (
    "Owner Name,Email,Phone 1,Property Address,Property City,Property State,Property Zip,Mailing Address,Mailing City,"
    "Mailing State,Mailing Zip,Asking Price,ARV,Repairs,Beds,Sqft,Year Built,Loan Balance,Notes,List\n"
)
CANARIES = (
    "Zebedee",
    "Quillonby",
    "zq@canary.example",
    "5550177",
    "99 Hideaway",
    "Nowhereville",
    "131,313",
    "88,888",
)
LINE = (
    "Zebedee Quillonby,zq@canary.example,713-555-0177,12 Oak St,Houston,TX,77002,99 Hideaway Ln,Nowhereville,TX,77999,"
    "131313,250000,40000,3,1450,1962,88888,divorce Zebedee says hurry,canary list probate"
)


@pytest.fixture
def under_contract(database: Database, load: Callable[..., int], tell: Callable[..., Any]) -> Database:
    load(LINE, header=HEADER)
    tell(1, "contract", days_ago=2)
    terms = deals.typed_terms(database, buyer_price="139,000", earnest="2,323", note="Zebedee keeps the dog")
    deals.set_terms(database, 1, terms)
    for name, value in (("my.name", "Ann Lee"), ("my.phone", "713-555-0100"), ("my.company", "Lee Homes")):
        settings.save(database, name, value)
    return database


def test_it_says_what_a_buyer_needs(under_contract: Database) -> None:
    sheet = gather(under_contract, 1)
    said = "\n".join(lines(sheet))
    for word in (
        "12 Oak St",
        "Houston",
        "250,000",
        "40,000",
        "139,000",
        "1,450",
        "1962",
        "Ann Lee",
        "713-555-0100",
    ):
        assert word in said and word in page(sheet), word
    assert "Assignment of contract" in page(sheet)
    with pytest.raises(NotFound):
        gather(under_contract, 99)


def test_nothing_of_the_seller_the_script_or_the_spread_is_on_it(
    under_contract: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "fonts", lambda: None)  # letters as they are, to be searched
    sheet = gather(under_contract, 1)
    home = Home(tmp_path)
    files = make_files(home, 1, sheet, ["html", "pdf"])
    drawn = pdf(sheet)
    parts = [zlib.decompress(each) for each in re.findall(rb"stream\r?\n(x.+?)\r?\nendstream", drawn, re.S)]
    assert any(b"12 Oak St" in part for part in parts)
    everything = [json.dumps(sheet), page(sheet), files[0].read_text(encoding="utf-8")]
    everything += [part.decode("latin-1") for part in (drawn, *parts)]
    script = (
        under_contract.value("SELECT body FROM script WHERE state = 'promoted' OR state = 'active'")
        or "may I ask"
    )
    secret = [*CANARIES, "2,323", "dog", "probate", "divorce", "spread", "canary list", script[:30]]
    for text in everything:
        for word in secret:
            assert word.casefold() not in text.casefold(), word
    assert len(files) == 2 and "Zebedee" not in files[0].name


def test_a_price_that_is_not_set_is_what_the_policy_leaves_a_buyer(
    database: Database, load: Callable[..., int]
) -> None:
    load(
        'Ann,a@x.com,150000,"Houston, TX",7135550100,12 Oak St,250050,40000,2026-09-20,',
        "Bob,b@x.com,1,,,,,,,",
    )
    assert gather(database, 1)["price_cents"] == 13_500_000, "70 % of the ARV less repairs, in round figures"
    bare = gather(database, 2)
    assert bare["price_cents"] is None and "on request" in page(bare)
    assert pdf(bare).startswith(b"%PDF") and "None" not in page(bare)
