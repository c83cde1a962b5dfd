"""Removing leads: nothing of them is left, and nothing is read that is not theirs."""

from __future__ import annotations

from array import array
from typing import Any

import apsw
import pytest

from valhalla.leads import merge
from valhalla.leads import remove as removing

HEADER = "lead_id,name,email,value,phone\n"
ANN = "A1,Ann Ames,ann@example.com,100000,713-555-2101\n"
BEN = "B1,Ben Bold,ben@example.com,200000,214-555-2102\n"


def remove(desk: Any, *lead_ids: int) -> None:
    with desk.database.references_unchecked(), desk.database.write():
        removing.remove_leads(desk.database, lead_ids)


def keys(desk: Any) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = desk.database.sql("SELECT lead_id, count(*) FROM lead_key GROUP BY lead_id")
    return rows


def test_every_key_of_a_lead_goes_with_it(desk: Any) -> None:
    desk.take("a.csv", ANN + BEN, header=HEADER)
    assert keys(desk) == [(1, 2), (2, 2)], "the list's own id and the address"
    remove(desk, 1)
    assert keys(desk) == [(2, 2)]
    assert desk.database.sql("PRAGMA foreign_key_check") == []
    assert desk.take("b.csv", ANN, header=HEADER)[0] == 1, "who was removed is new again"


def test_keys_that_a_merge_moved_there_and_back_go_too(desk: Any) -> None:
    desk.take("a.csv", ANN + BEN, header=HEADER)
    merge.merge(desk.database, 1, 2)
    assert keys(desk) == [(1, 4)]
    merge.unmerge(desk.database, 2)
    assert keys(desk) == [(1, 2), (2, 2)]
    remove(desk, 2)
    assert keys(desk) == [(1, 2)]


def test_the_identity_that_leads_were_made_with_is_the_only_key_that_is_not_learnt(desk: Any) -> None:
    desk.take("a.csv", ANN + BEN, header=HEADER)
    desk.take("b.csv", "Cid Cole,cid@example.com,1,,\n")
    merge.merge(desk.database, 1, 2)
    plain = "SELECT count(*) FROM lead_key AS k LEFT JOIN lead AS l ON l.id = k.lead_id WHERE k.learnt = 0"
    assert desk.database.value(plain) > 0
    assert desk.database.value(f"{plain} AND l.identity IS NOT k.key") == 0


def test_numbers_are_forgotten_by_the_index_also_where_it_lags_behind(desk: Any) -> None:
    desk.take("a.csv", "Ann,ann@example.com,1,713-555-2101,\nBen,ben@example.com,1,713-555-2101,\n")
    desk.index()
    assert len(merge.possible(desk.database, 10)) == 1
    desk.take("a.csv", "Ann,ann@example.com,1,713-555-2199,\nBen,ben@example.com,1,713-555-2101,\n")
    remove(desk, 1)
    assert desk.database.sql("SELECT phone_key, lead_id FROM lead_phone") == [(17135552101, 2)]
    assert merge.possible(desk.database, 10) == []
    remove(desk, 2)
    assert desk.database.sql("SELECT * FROM lead_phone") == []
    assert desk.database.sql("SELECT * FROM duplicate") == []


def test_a_possible_duplicate_goes_with_either_of_the_two(desk: Any) -> None:
    desk.take("a.csv", "".join(f"N {n},n{n}@example.com,1,713-555-210{n // 2},\n" for n in range(4)))
    desk.index()
    pairs = [tuple(lead["id"] for lead in pair["leads"]) for pair in merge.possible(desk.database, 10)]
    assert pairs == [(1, 2), (3, 4)]
    remove(desk, 1)
    remove(desk, 4)
    assert desk.database.sql("SELECT * FROM duplicate") == []


@pytest.mark.parametrize("gone", [[1], [1, 2], [1, 3]])
def test_no_table_is_read_from_beginning_to_end(desk: Any, gone: list[int]) -> None:
    """The leads of a long list are removed a few hundred at a time."""
    desk.take("a.csv", ANN + BEN + "C1,Cid Cole,cid@example.com,1,\n", header=HEADER)
    tables = {name for (name,) in desk.database.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    ran: list[str] = []
    connection = desk.database.connection()
    with desk.database.references_unchecked(), desk.database.write():
        connection.exec_trace = lambda cursor, text, params: ran.append(text) or True
        removing.remove_leads(desk.database, gone)
        connection.exec_trace = None
        scans = [
            (text, step[3])
            for text in ran
            for step in connection.execute(f"EXPLAIN QUERY PLAN {text}", _some(text))
            if step[3].startswith("SCAN") and step[3].split()[1] in tables and "VIRTUAL" not in step[3]
        ]
    assert len(ran) > 10 and scans == []


def _some(text: str) -> Any:
    numbers = apsw.carray(array("q", [1]))
    if ":" in text:
        return {"first": 1, "last": 1, "numbers": numbers}
    return (numbers,) if "carray" in text else (1,) * text.count("?")
