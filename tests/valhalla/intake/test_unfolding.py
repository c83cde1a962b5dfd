"""Leads of version 0.1 that stand for several houses of one owner are taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from db import Database
from db.verifying import verify
from valhalla.cockpit import frame
from valhalla.effects import erasure
from valhalla.intake import unfolding
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.undo import Hooks, undo_import
from valhalla.leads import merge, notes, outcomes
from valhalla.leads.outcomes import Outcome
from valhalla.leads.view import Viewer
from valhalla.program.database import open_database
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring.stages.explanation import explain

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "folded" / "schema-0015.sql"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fixture, brought up to date once."""
    path = tmp_path_factory.mktemp("folded") / "valhalla.db"
    connection = apsw.Connection(str(path))
    connection.execute(FIXTURE.read_text(encoding="utf-8"))
    connection.close()
    with open_database(path):
        pass
    return path


@pytest.fixture
def home(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "valhalla.db"
    path.write_bytes(migrated.read_bytes())
    with open_database(path) as database:
        yield database


def houses(database: Database) -> dict[str, dict[str, str]]:
    """By owner: house and status."""
    found: dict[str, dict[str, str]] = {}
    for name, address, status in database.sql("SELECT name, address, status FROM lead ORDER BY id"):
        found.setdefault(name, {})[address] = status
    return found


def run(database: Database, hooks: Hooks | None = None) -> dict[str, int]:
    return unfolding.unfold(database, unfolding.begin(database), hooks)


def dump(database: Database) -> list[Any]:
    return [
        database.sql(text)
        for text in (
            "SELECT * FROM lead ORDER BY id",
            "SELECT key, lead_id FROM lead_key ORDER BY key",
            "SELECT * FROM sighting ORDER BY 1, 2",
            "SELECT * FROM outcome ORDER BY id",
        )
    ]


AFTER = {
    "Ann Lee": {"1 A St": "new", "2 B St": "new", "3 C St": "contacted"},
    "Bob Ray": {"9 D St": "new"},
    "Cy Dee": {"11 A St": "contacted", "12 B St": "appointment"},
    "Eve Fox": {"1 E St": "contract", "2 E St": "new"},
    "Gus Hay": {"1 G St": "new", "2 G St": "contacted"},
    "Ida Joy": {"1 I St": "opted_out", "2 I St": "new"},
    "Kay Low": {"1 K Street": "new"},
    "May Nox": {"1 M St": "new"},
}


WHERE = [
    ("Ann Lee", "3 C St", 1, 1, 2),
    ("Ann Lee", "1 A St", 1, 1, 0),
    ("Ann Lee", "2 B St", 1, 1, 0),
    ("Bob Ray", "9 D St", 1, 1, 5),
    ("Cy Dee", "12 B St", 1, 3, 2),
    ("Cy Dee", "11 A St", 1, 2, 0),
    ("Eve Fox", "1 E St", 1, 2, 3),
    ("Eve Fox", "2 E St", 1, 3, 3),
    ("Gus Hay", "2 G St", 1, 3, 4),
    ("Gus Hay", "1 G St", 1, 2, 0),
    ("Ida Joy", "1 I St", 1, 2, 5),
    ("Ida Joy", "2 I St", 1, 3, 5),
    ("Kay Low", "1 K Street", 2, 2, 6),
    ("May Nox", "1 M St", 1, 2, 7),
]
"""By owner and number: house, lists, and file and line by which it is known; 0: none, as the next reading of the file finds it."""


def test_each_house_is_known_by_the_list_that_named_it(home: Database) -> None:
    run(home)
    text = "SELECT name, address, lists, file_id, line, fingerprint FROM lead ORDER BY name, id"
    assert [tuple(row[:5]) for row in home.sql(text)] == WHERE
    assert all((line == 0) == (fingerprint == 0) for *_, line, fingerprint in home.sql(text))
    assert home.sql("SELECT lead_id, file_id, line FROM sighting") == [(7, 3, 6)]


def test_each_house_becomes_a_lead_with_the_work_that_was_done_for_it(home: Database) -> None:
    seen = dump(home)
    told = unfolding.preview(home)
    assert dump(home) == seen, "a preview changes nothing"
    assert (told["leads"], told["houses"], told["unsure"]) == (5, 6, 1)
    ann = next(each for each in told["found"] if each["name"] == "Ann Lee")
    assert [(each["address"], each["stays"], each["work"]) for each in ann["houses"]] == [
        ("1 A St", False, 0),
        ("2 B St", False, 0),
        ("3 C St", True, 1),
    ]
    done = run(home)
    assert (done["leads"], done["houses"]) == (5, 6)
    assert houses(home) == AFTER
    assert home.sql("SELECT id, address FROM lead WHERE id = 4") == [(4, "1 E St")], (
        "the contract stays where it was"
    )
    assert home.value("SELECT count(DISTINCT person) FROM lead WHERE name = 'Ann Lee'") == 1
    assert home.value("SELECT count(*) FROM lead WHERE name = 'Ida Joy' AND suppressed IS NULL") == 0
    assert home.sql("SELECT value, arv, beds FROM lead WHERE address = '2 B St'") == [
        (20_000_000, None, None)
    ], "what a blank cell may have left standing of another house is not known"
    assert home.sql("SELECT value, arv, beds FROM lead WHERE address = '1 A St'") == [
        (10_000_000, 20_000_000, 3)
    ]
    assert verify(home).ok
    assert home.sql("PRAGMA foreign_key_check") == []
    assert unfolding.preview(home)["leads"] == 0
    viewer = Viewer.now(home)
    for (number,) in home.sql("SELECT id FROM lead"):
        whole = viewer.whole(viewer.record(number))
        assert len(whole["stages"]) == 6


def test_what_is_not_several_houses_keeps_its_decision_word_for_word(home: Database) -> None:
    viewer = Viewer.now(home)
    untouched = [2, 7, 8]
    before = {number: viewer.record(number).lead for number in untouched}
    said = {number: explain(lead, viewer.context(lead)) for number, lead in before.items()}
    run(home)
    viewer = Viewer.now(home)
    assert {number: viewer.record(number).lead for number in untouched} == before
    assert {number: explain(lead, viewer.context(lead)) for number, lead in before.items()} == said


def test_taking_it_back_puts_everything_where_it_was(home: Database) -> None:
    before = dump(home)
    done = run(home)
    assert unfolding.undo(home, done["unfolding"]) == {"unfolding": done["unfolding"], "leads": 5, "kept": 0}
    assert dump(home) == before
    assert verify(home).ok
    assert unfolding.preview(home)["leads"] == 5, "it can be done again"
    assert run(home)["leads"] == 5
    assert houses(home) == AFTER


def test_a_house_that_somebody_has_worked_with_since_stays(home: Database) -> None:
    done = run(home)
    (b,) = home.sql("SELECT id FROM lead WHERE address = '2 B St'")[0]
    notes.add(home, b, "blue door")
    assert unfolding.undo(home, done["unfolding"])["kept"] == 1
    assert houses(home)["Ann Lee"] == {"3 C St": "contacted", "2 B St": "new"}
    assert verify(home).ok
    with pytest.raises(UsageError, match="already"):
        unfolding.undo(home, done["unfolding"])


def test_it_continues_wherever_it_was_interrupted(home: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfolding, "SMALLEST", 1)
    monkeypatch.setattr(unfolding, "BATCH", 1)

    class Stop(Exception):
        pass

    def stop(_: object = None) -> None:
        raise Stop

    number = unfolding.begin(home)
    assert unfolding.begin(home) == number, "one run at a time"
    for _ in range(20):
        try:
            unfolding.unfold(home, number, Hooks(between=stop))
            break
        except Stop:
            pass
    assert houses(home) == AFTER
    for _ in range(20):
        try:
            assert unfolding.undo(home, number, hooks=Hooks(between=stop))["leads"] == 5, (
                "all, not only the last"
            )
            break
        except Stop:
            pass
    assert len(home.sql("SELECT id FROM lead")) == 8
    assert verify(home).ok


def test_work_of_which_nothing_says_for_which_house_waits_for_a_person(home: Database) -> None:
    done = run(home)
    (asked,) = unfolding.unsure(home, 10)
    assert (asked["lead"], asked["name"], asked["pieces"]) == (5, "Gus Hay", 1)
    assert frame.waiting(home)["decisions"] == 1
    (other,) = asked["houses"]
    assert other["address"] == "1 G St"
    with pytest.raises(UsageError, match="not one of these houses"):
        unfolding.assign(home, asked["id"], 1)
    assert unfolding.assign(home, asked["id"], other["lead"]) == 1
    assert houses(home)["Gus Hay"] == {"1 G St": "contacted", "2 G St": "new"}
    assert frame.waiting(home)["decisions"] == 0
    with pytest.raises(NotFound):
        unfolding.assign(home, asked["id"], 5)
    unfolding.undo(home, done["unfolding"])
    assert houses(home)["Gus Hay"] == {"2 G St": "contacted"}
    assert verify(home).ok


@pytest.mark.parametrize("ids", [False, True], ids=["plain", "ids"])
def test_lists_that_are_read_again_find_each_house(home: Database, tmp_path: Path, ids: bool) -> None:
    run(home)
    before = houses(home)
    if ids:
        text = (
            "lead id,name,email,value,address,city,state,zip,arv,beds\n"
            "2,Ann Lee,ann@example.com,200000,2 B St,Houston,TX,77018,250000,3\n"
            "1,Ann Lee,ann@example.com,100000,1 A St,Houston,TX,77018,200000,3\n"
            "3,Ann Lee,ann@example.com,300000,3 C St,Houston,TX,77018,400000,4\n"
        )
    else:
        text = (
            "name,email,value,address,location\n"
            'Eve Fox,eve@example.com,100000,1 E St,"Houston, TX 77018"\n'
            'Eve Fox,eve@example.com,250000,2 E Street,"Houston, TX 77018"\n'
            'Cy Dee,cy@example.com,100000,11 A St,"Houston, TX 77018"\n'
        )
    path = tmp_path / "again.csv"
    path.write_text(text, encoding="utf-8")
    import_file(home, Request(str(path), "csv"))
    assert home.value("SELECT new FROM import ORDER BY id DESC LIMIT 1") == 0
    after = houses(home)
    assert {name: len(each) for name, each in after.items()} == {
        name: len(each) for name, each in before.items()
    }
    if ids:
        assert home.value("SELECT beds FROM lead WHERE address = '2 B St'") == 3, "blanks are filled"


def test_merged_leads_are_left_alone_and_an_undone_import_brings_no_house_back(home: Database) -> None:
    merge.merge(home, 3, 8)
    done = run(home)
    assert done["leads"] == 4
    assert houses(home)["Cy Dee"] == {"12 B St": "contacted"} or len(houses(home)["Cy Dee"]) == 1
    undo_import(home, 3)
    found = houses(home)
    assert found["Eve Fox"] == {"1 E St": "contract"}, "the house that only the undone list named is gone"
    assert verify(home).ok


def test_erasing_a_person_leaves_nothing_of_what_was_taken_apart(home: Database) -> None:
    run(home)
    erasure.forget(home, [1])
    assert "Ann Lee" not in houses(home)
    for table in ("unfolded", "lead_history"):
        column = "body" if table == "unfolded" else "before"
        assert home.value(f"SELECT count(*) FROM {table} WHERE {column} LIKE '%ann@example%'") == 0
        assert home.value(f"SELECT count(*) FROM {table} WHERE {column} LIKE '%3 C St%'") == 0
    assert verify(home).ok


def test_an_outcome_recorded_later_stays_with_its_house(home: Database) -> None:
    done = run(home)
    (b,) = home.sql("SELECT id FROM lead WHERE address = '2 E St'")[0]
    outcomes.record(home, Outcome(b, "contacted", home.clock()))
    assert houses(home)["Eve Fox"] == {"1 E St": "contract", "2 E St": "contacted"}
    assert unfolding.undo(home, done["unfolding"])["kept"] == 1
    assert houses(home)["Eve Fox"]["2 E St"] == "contacted"
