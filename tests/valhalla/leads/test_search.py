"""Search: by words and numbers, complete although the index comes later."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.intake.by_hand import add_lead
from valhalla.intake.undo import undo_import
from valhalla.leads import indexing, notes, search
from valhalla.leads.outcomes import Outcome, record, undo


def index(desk: Any, steps: int = 1000) -> None:
    for _ in range(steps):
        with desk.database.write():
            if not indexing.index_some(desk.database, 3):
                return


def found(desk: Any, query: str) -> list[int]:
    return sorted(search.search(desk.database, query, 100).lead_ids)


ROWS = (
    "José Ames,jose@example.com,1,713-555-2101,Houston TX\n"
    "Ben O'Bold,ben@work.example,2,(214) 555-2102,Dallas TX\n"
    "Zoë Cole,zoe@example.com,3,,Houston TX\n"
)


@pytest.mark.parametrize("indexed", [0, 1, 1000])
@pytest.mark.parametrize(
    ("query", "leads"),
    [
        ("houston", [1, 3]),
        ("HOUS am", [1]),
        ("bold", [2]),
        ("ben@work.example", [2]),
        ("214-555-2102", [2]),
        ("+1 (214) 555 2102", [2]),
        ("nobody", []),
        ('" OR *', []),
        ("", []),
    ],
)
def test_words_and_numbers(desk: Any, query: str, leads: list[int], indexed: int) -> None:
    desk.take("a.csv", ROWS)
    index(desk, indexed)
    assert found(desk, query) == leads


def test_accents_do_not_matter_once_it_is_indexed(desk: Any) -> None:
    desk.take("a.csv", ROWS)
    index(desk)
    assert (found(desk, "jose"), found(desk, "zoe cole")) == ([1], [3])


def test_extra_columns_are_found(desk: Any) -> None:
    desk.take("a.csv", "Ann,ann@example.com,1,probate\n", header="name,email,value,type\n")
    index(desk)
    assert found(desk, "probate") == [1]


@pytest.mark.parametrize("indexed", [0, 1000])
def test_what_was_said_in_a_call_is_found(desk: Any, indexed: int) -> None:
    desk.take("a.csv", ROWS)
    index(desk, indexed)
    noted = notes.add(desk.database, 1, "daughter Quenby handles it")
    called = record(desk.database, Outcome(2, "contacted", desk.database.clock(), note="wife is Morwenna"))
    assert (found(desk, "quenby"), found(desk, "morw")) == ([1], [2])
    notes.remove(desk.database, noted.id)
    undo(desk.database, called.id)
    assert (found(desk, "quenby"), found(desk, "morw")) == ([], [])


def test_it_says_how_much_it_knows(desk: Any) -> None:
    assert search.percent(desk.database) == 100
    desk.take("a.csv", ROWS)
    assert search.percent(desk.database) == 0
    index(desk)
    assert search.percent(desk.database) == 100


def test_a_change_moves_the_words_and_the_number(desk: Any) -> None:
    desk.take("a.csv", ROWS)
    index(desk)
    add_lead(desk.database, {"name": "Ben Gold", "email": "ben@work.example", "value": 5})
    add_lead(
        desk.database, {"name": "Ben Gold", "email": "ben@work.example", "value": 5, "phone": "713-555-2177"}
    )
    index(desk)
    assert (found(desk, "bold"), found(desk, "gold")) == ([], [2])
    assert (found(desk, "2145552102"), found(desk, "7135552177")) == ([], [2])
    assert desk.database.sql("SELECT lead_id FROM lead_phone WHERE phone_key = 12145552102") == []


def test_removed_leads_are_not_found(desk: Any) -> None:
    desk.take("a.csv", ROWS)
    index(desk)
    undo_import(desk.database, 1)
    index(desk)
    assert found(desk, "houston") == []
    assert desk.database.value("PRAGMA integrity_check") == "ok"


def test_leads_with_long_texts_are_taken_few_at_a_time(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_TEXT", 25)
    lines = (f"Lead {n},lead{n}@example.com,{n + 1},parcel note{n}\n" for n in range(9))
    desk.take("a.csv", "".join(lines), header="name,email,value,notes\n")
    assert found(desk, "parcel") == [*range(1, 10)], "without the index"
    steps = []
    while (left := search.behind(desk.database)) > 0:
        steps.append(left)
        with desk.database.write():
            assert indexing.index_some(desk.database, 1_000)
    assert steps == [9, 7, 5, 3, 1]
    assert found(desk, "note7 parcel") == [8]
