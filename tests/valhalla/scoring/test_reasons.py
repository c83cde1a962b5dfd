"""What a call list says of each lead: on a property export, on a list of one kind, on the ten samples."""

from __future__ import annotations

import csv
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from db import Database
from db.clock import DAY, iso
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.samples import ten_leads
from valhalla.leads.call_list import top
from valhalla.leads.promises import add as promise
from valhalla.leads.view import Viewer
from valhalla.program.database import memory_database
from valhalla.scoring import shares
from valhalla.scoring import store as stages
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import reevaluate
from valhalla.scoring.stages.shares import Counts, Shares
from valhalla.scoring.stages.snapshot import Snapshot

Entry = dict[str, Any]

HEADER = [
    "Address",
    "City",
    "State",
    "Zip",
    "APN",
    "Owner Occupied",
    "Owner 1 First Name",
    "Owner 1 Last Name",
    "Mailing Address",
    "Mailing City",
    "Mailing State",
    "Mailing Zip",
    "Property Type",
    "Bedrooms",
    "Total Bathrooms",
    "Building Sqft",
    "Effective Year Built",
    "Last Sale Date",
    "Last Sale Amount",
    "Est. Remaining balance of Open Loans",
    "Est. Value",
    "Est. Equity",
    "Vacant",
    "Pre-Foreclosure",
    "Tax Delinquent",
    "Probate",
    "Mobile",
    "Landline",
]
CITIES = (
    ("Houston", "TX", "770", "713"),
    ("Dallas", "TX", "752", "214"),
    ("Memphis", "TN", "381", "901"),
    ("Atlanta", "GA", "303", "404"),
)
AWAY = (("Los Angeles", "CA", "900"), ("Chicago", "IL", "606"), ("Miami", "FL", "331"))


def export_rows(count: int, seed: int = 42) -> list[list[object]]:
    """A property export: no e-mail, no asking price; estimated value, loans, last sale, flags and numbers."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        city, state, code, area = chance.choice(CITIES)
        worth = chance.randrange(60, 480) * 1000
        owed = 0 if chance.random() < 0.3 else int(worth * chance.uniform(0.05, 0.98))
        away = chance.random() < 0.45
        mail = chance.choice(AWAY) if away else (city, state, code)
        street = f"{number + 100} {chance.choice(('Oak St', 'Maple Ave', 'Cedar Ln', 'Pine St'))}"
        flags = ["Yes" if chance.random() < share else "" for share in (0.15, 0.12, 0.2, 0.08)]
        sold = date(2026, 8, 1) - timedelta(days=chance.randrange(300, 12_000))
        phones = [
            f"({area}) {chance.randrange(200, 999)}-{chance.randrange(10_000):04}"
            if chance.random() < share
            else ""
            for share in (0.8, 0.4)
        ]
        rows.append([
            street, city, state, f"{code}{chance.randrange(100):02}", f"{chance.randrange(10**9):09}", "No" if away else "Yes",
            chance.choice(("Jose", "Linda", "Mary", "James")), chance.choice(("Garcia", "Smith", "Lee", "Clark")),
            f"{chance.randrange(10, 99)} Sunset Blvd" if away else street, mail[0], mail[1], f"{mail[2]}01", "Single Family Residential",
            chance.choice((2, 3, 4)), chance.choice((1, 2)), chance.randrange(800, 2600), chance.randrange(1940, 2010),
            f"{sold:%m/%d/%Y}", f"${worth // 2:,}", f"${owed:,}", f"${worth:,}", f"${worth - owed:,}", *flags, *phones,
        ])  # fmt: skip
    return rows


class Desk(NamedTuple):
    """A home and what its call list says."""

    database: Database

    def entries(self, limit: int = 1_000) -> list[Entry]:
        view = Viewer.now(self.database)
        return [view.entry(record, rank) for rank, record in enumerate(top(self.database, view, limit), 1)]

    def whole(self, lead: int) -> Entry:
        view = Viewer.now(self.database)
        return view.whole(view.record(lead))


def read(
    database: Database, path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = HEADER
) -> Desk:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    import_file(database, Request(str(path)))
    shares.refresh(database)
    return Desk(database)


@pytest.fixture
def empty() -> Iterator[Database]:
    with memory_database() as database:
        stages.seed(database)
        yield database


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with memory_database() as database:
        stages.seed(database)
        yield read(database, tmp_path_factory.mktemp("export") / "export.csv", export_rows(600))


@pytest.fixture(scope="module")
def entries(export: Desk) -> list[Entry]:
    return export.entries()


def asks(sentence: str) -> bool:
    return sentence.endswith(("?", ": ask"))


def test_scores_of_an_export_are_spread(export: Desk) -> None:
    scores = [score for (score,) in export.database.sql("SELECT score FROM lead")]
    assert max(scores) - min(scores) >= 60
    assert len(set(scores)) >= 50


def test_the_order_of_rows_changes_no_score_and_no_place_in_the_list(
    export: Desk, entries: list[Entry], empty: Database, tmp_path: Path
) -> None:
    rows = export_rows(600)
    random.Random(3).shuffle(rows)
    other = read(empty, tmp_path / "other.csv", rows)
    assert sorted(other.database.sql("SELECT address, score_base, score FROM lead")) == sorted(
        export.database.sql("SELECT address, score_base, score FROM lead")
    )
    said = ("name", "phone", "score", "reasons", "reason_codes")
    assert [[each[key] for key in said] for each in other.entries()] == [
        [each[key] for key in said] for each in entries
    ]


def test_few_printed_reasons_are_shared_and_neighbours_differ(entries: list[Entry]) -> None:
    held = Counter(code for each in entries for code in each["reason_codes"])
    printed = [
        (code, sentence)
        for each in entries
        for code, sentence in zip(each["reason_codes"], each["reasons"], strict=True)
    ]
    shared = [code for code, sentence in printed if not asks(sentence) and held[code] * 4 > len(entries)]
    assert len(shared) <= 0.05 * len(printed)
    first = [each["reason_codes"] for each in entries[:50]]
    assert all(one != other for one, other in itertools.pairwise(first))
    assert all(len(each["reasons"]) == 3 for each in entries)
    assert not any("phone" in sentence.lower() for _, sentence in printed)


def test_nothing_counts_that_everybody_has(export: Desk) -> None:
    points: dict[str, set[float]] = {}
    for (lead,) in export.database.sql("SELECT id FROM lead ORDER BY identity LIMIT 100"):
        for line in export.whole(lead)["stages"][5]["numbers"]["contributions"]:
            points.setdefault(line["name"], set()).add(line["points"])
    assert {name for name, seen in points.items() if len(seen) == 1 and seen != {0}} == set()


def test_a_reason_says_how_many_share_it_and_by_which_snapshot(export: Desk, entries: list[Entry]) -> None:
    whole = export.whole(entries[0]["id"])
    named = whole["reasons_from"]
    assert named["callable"] == named["counted"] == len(entries)
    body = export.database.value("SELECT body FROM model_snapshot WHERE id = ?", (named["snapshot"],))
    kept = Snapshot.from_json(body).shares
    assert kept == shares.in_force(export.database).shares and kept is not None
    known = dict(kept.codes)
    for each in entries[:40]:
        for code, sentence in zip(each["reason_codes"], each["reasons"], strict=True):
            if not asks(sentence):
                said = (
                    f"{known[code]} of {len(entries)}" if code in known else f"the only one of {len(entries)}"
                )
                assert said in sentence


def test_better_than_how_many(entries: list[Entry]) -> None:
    scores = [each["score"] for each in entries]
    for each in (entries[0], entries[100], entries[-1]):
        below = sum(score < each["score"] for score in scores)
        assert each["better_than"] == below * 100 // len(scores)


def test_the_parts_are_the_score(entries: list[Entry]) -> None:
    for each in entries[:50]:
        assert [part["of"] for part in each["score_parts"]] == [40, 25, 15, 20]
        assert abs(sum(part["points"] for part in each["score_parts"]) - each["score"]) <= 0.5


def everyone_probate(count: int, **columns: list[str]) -> tuple[list[str], list[list[str]]]:
    header = ["Owner Name", "Property Address", "City", "State", "Zip", "Probate", "Phone", *columns]
    return header, [
        [f"Ann Lee {n}", f"{n + 1} Oak St", "Houston", "TX", "77018", "Yes", f"713-555-{2000 + n}", *more]
        for n, more in enumerate(zip(*columns.values(), strict=True) if columns else [()] * count)
    ]


@pytest.mark.parametrize("dated", [True, False])
def test_a_list_that_is_all_probate_says_something_else_of_each(
    empty: Database, tmp_path: Path, dated: bool
) -> None:
    sold = [f"{date(2025, 1, 1) - timedelta(days=97 * n):%m/%d/%Y}" for n in range(60)]
    header, rows = everyone_probate(60, **({"Last Sale Date": sold} if dated else {}))
    found = read(empty, tmp_path / "probate.csv", rows, header).entries()
    assert len(found) == 60 and len({tuple(each["reasons"]) for each in found}) == 60
    first = [each["reasons"][0] for each in found]
    assert all("robate" in sentence or "Owned for" in sentence for sentence in first)
    assert all("owned for" in sentence.lower() or asks(sentence) for sentence in first)
    held = Counter(code for each in found for code in each["reason_codes"])
    for each in found:
        for code, sentence in zip(each["reason_codes"], each["reasons"], strict=True):
            assert asks(sentence) or held[code] * 4 <= len(found)


def test_the_ten_samples_have_ten_different_sets_of_reasons(empty: Database, tmp_path: Path) -> None:
    path = tmp_path / "real_leads.csv"
    path.write_bytes(ten_leads())
    import_file(empty, Request(str(path)))
    assert not shares.refresh(empty), "under twenty leads no share is asked"
    found = Desk(empty).entries()
    assert len(found) == 10
    for said in ("reasons", "reason_codes"):
        assert len({tuple(each[said]) for each in found}) == 10
    assert all(each["better_than"] is None for each in found)
    assert not any(" of 10 " in sentence for each in found for sentence in each["reasons"])


def test_shares_stay_the_whole_day_and_are_counted_again_on_the_next(
    database: Database, clock: Any, tmp_path: Path
) -> None:
    desk = read(database, tmp_path / "a.csv", export_rows(40))
    first = desk.whole(1)["reasons_from"]
    read(database, tmp_path / "b.csv", export_rows(43)[40:])
    assert desk.whole(1)["reasons_from"] == first
    clock.advance(1)
    assert shares.refresh(database) and not shares.refresh(database)
    second = desk.whole(1)["reasons_from"]
    assert second["day"] > first["day"] and second["callable"] > first["callable"]


@pytest.mark.parametrize("large", [10, 1_000])
def test_of_many_leads_a_sample_is_counted(export: Desk, monkeypatch: pytest.MonkeyPatch, large: int) -> None:
    database = export.database
    whole = shares.count(database, stages.look(database, database.clock()))
    monkeypatch.setattr(shares, "MOST", 150)
    monkeypatch.setattr(shares, "LARGE", large)
    found = shares.count(database, stages.look(database, database.clock()))
    assert 100 <= found.counted <= 200 < whole.counted == whole.callable
    assert abs(found.callable - whole.callable) < 50
    share = dict(whole.codes)["probate"] / whole.counted
    assert abs(dict(found.codes)["probate"] / found.counted - share) < 0.08
    said = Counts(found)
    assert said.sampled and said.count("probate") == dict(found.codes)["probate"]


def test_what_was_promised_is_why_now(database: Database, clock: Any, tmp_path: Path) -> None:
    desk = read(database, tmp_path / "a.csv", export_rows(3))
    promise(database, 1, "callback", clock() + DAY)
    now = desk.whole(1)
    assert now["reason_codes"][2] == f"promise:callback:{iso(clock() + DAY)[:10]}"
    assert now["reasons"][2].startswith("You promised to call back on Sep 22 at ")


def test_a_home_of_version_0_1_keeps_its_formula_until_a_person_switches(
    database: Database, tmp_path: Path
) -> None:
    change(database, "formula", 1, "as version 0.1 made it")
    desk = read(database, tmp_path / "a.csv", export_rows(30))
    before = desk.whole(1)
    assert "formula" not in before["stages"][5]["numbers"] and before["score_parts"] == []
    assert len(before["reasons"]) == len(before["reason_codes"]) == 3
    assert shares.in_force(database).shares is None
    change(database, "formula", 2, "four parts")
    assert reevaluate(database).decided == 30
    after = desk.whole(1)
    assert after["stages"][5]["numbers"]["formula"] == 2
    assert after["reasons_from"] is not None


def test_nobody_is_better_than_all() -> None:
    """The best lead of many may not be among those that were counted."""
    counted = [0] * 101
    counted[40] = 100
    best = Shares(0, 5_000, 100, (), tuple(counted))
    assert (best.better_than(40), best.better_than(41)) == (0, 99)
