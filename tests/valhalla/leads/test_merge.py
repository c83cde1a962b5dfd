"""Two leads become one by a person's word, and two again."""

from __future__ import annotations

from typing import Any

import pytest

from db.clock import MINUTE
from valhalla.leads import do_not_contact, merge, outcomes, suppression
from valhalla.leads.outcomes import Outcome
from valhalla.program.errors import NotFound, UsageError, ValhallaError

ANN = "Ann Ames,ann@example.com,100000,713-555-2101,\n"
ANN2 = "Ann Ames,ann@work.example,90000,(713) 555-2101,Houston TX\n"


def dump(desk: Any) -> Any:
    return [
        desk.database.sql(text)
        for text in (
            "SELECT id, identity, name, email, phone, value, location, lists, suppressed, status FROM lead ORDER BY id",
            "SELECT key, lead_id FROM lead_key ORDER BY key",
            "SELECT lead_id, file_id, fingerprint FROM sighting ORDER BY 1, 2",
            "SELECT lead_id, fingerprint FROM overtaken ORDER BY 1, 2",
            "SELECT id, lead_id FROM outcome ORDER BY id",
        )
    ]


def test_one_phone_with_two_addresses_is_a_possible_duplicate_and_nothing_more(desk: Any) -> None:
    desk.take("a.csv", ANN + "Ben,ben@example.com,1,214-555-2102,\n")
    desk.take("b.csv", ANN2)
    desk.index()
    (pair,) = merge.possible(desk.database, 10)
    assert pair["phone"] == "+17135552101" and [lead["id"] for lead in pair["leads"]] == [1, 3]
    assert len(desk.leads()) == 3
    merge.keep_apart(desk.database, 3, 1)
    desk.index()
    assert merge.possible(desk.database, 10) == []


def test_a_number_that_everybody_has_says_nothing(desk: Any) -> None:
    desk.take("a.csv", "".join(f"L {n},l{n}@example.com,1,713-555-2101,\n" for n in range(60)))
    desk.index()
    assert merge.possible(desk.database, 100) == []


def test_a_merge_and_its_undo_leave_everything_as_it_was(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", ANN2)
    desk.take("c.csv", ANN2)
    outcomes.record(desk.database, Outcome(2, "contacted", desk.database.clock()))
    before = dump(desk)
    merge.merge(desk.database, 1, 2)
    assert desk.leads("location, lists, suppressed") == [
        ("Houston TX", 3, None),
        ("Houston TX", 2, "merged into lead 1"),
    ]
    assert desk.database.sql("SELECT DISTINCT lead_id FROM lead_key") == [(1,)]
    assert desk.database.sql("SELECT lead_id FROM outcome") == [(1,)]
    assert merge.unmerge(desk.database, 2) == {"kept": 1, "merged": 2, "stays": []}
    assert dump(desk) == before
    assert desk.database.sql("PRAGMA foreign_key_check") == []


def test_lists_that_name_either_find_the_one_that_stays(desk: Any) -> None:
    one, two = desk.write("a.csv", ANN), desk.write("b.csv", ANN2)
    desk.read(one)
    desk.read(two)
    merge.merge(desk.database, 1, 2)
    assert [desk.read(path, again=True).unchanged for path in (one, two)] == [1, 1]
    assert desk.take("b.csv", ANN2.replace("90000", "80000")) == (0, 0, 1, 0, 0)
    assert desk.leads("email, value / 100")[0] == ("ann@example.com", 100000), "its own contact stays its own"
    assert desk.take("a.csv", ANN.replace("100000", "95000")) == (0, 1, 0, 0, 0)


def test_what_changed_since_stays_when_they_are_taken_apart(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", ANN2)
    merge.merge(desk.database, 1, 2)
    desk.take("a.csv", ANN.replace(",\n", ",Dallas TX\n"))
    assert merge.unmerge(desk.database, 2)["stays"] == ["location", "market"]
    assert desk.leads("location") == [("Dallas TX",), ("Houston TX",)]


def test_who_must_not_be_contacted_stays_so_in_a_merge(desk: Any) -> None:
    desk.take("a.csv", ANN + ANN2)
    do_not_contact.add(desk.database, [suppression.entry("ann@work.example")])
    merge.merge(desk.database, 1, 2)
    assert desk.leads("suppressed")[0] == ("do not contact: email",)
    merge.unmerge(desk.database, 2)
    assert desk.leads("suppressed") == [(None,), ("do not contact: email",)]


def test_what_cannot_be(desk: Any) -> None:
    desk.take("a.csv", ANN + ANN2)
    with pytest.raises(UsageError):
        merge.merge(desk.database, 1, 1)
    with pytest.raises(NotFound):
        merge.merge(desk.database, 1, 9)
    with pytest.raises(NotFound):
        merge.unmerge(desk.database, 2)
    merge.merge(desk.database, 1, 2)
    with pytest.raises(ValhallaError, match="lead 2 is merged into lead 1 already"):
        merge.merge(desk.database, 1, 2)


def stands(desk: Any) -> list[tuple[Any, ...]]:
    return desk.database.sql("SELECT status, standing, contacts, suppressed FROM lead ORDER BY id LIMIT 2")


def test_where_the_lead_stands_follows_from_the_outcomes_of_both(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", ANN2)
    now = desk.database.clock()
    for lead, event, ago in (
        (1, "contract", 5),
        (1, "contacted", 3),
        (2, "contacted", 4),
        (2, "interested", 1),
    ):
        outcomes.record(desk.database, Outcome(lead, event, now - ago * MINUTE))
    before = stands(desk)
    merge.merge(desk.database, 1, 2)
    assert stands(desk)[0] == ("contract", "interested", 4, None)
    assert stands(desk)[1][0] == "new", "nothing is left there"
    merge.unmerge(desk.database, 2)
    assert stands(desk) == before


def test_who_opts_out_while_leads_are_one_is_out_on_both_afterwards(desk: Any) -> None:
    desk.take("a.csv", ANN)
    desk.take("b.csv", ANN2.replace("713) 555-2101", "713) 555-2199"))
    merge.merge(desk.database, 1, 2)
    outcomes.record(desk.database, Outcome(1, "opted_out", desk.database.clock()))
    merge.unmerge(desk.database, 2)
    assert [row[3] is not None for row in stands(desk)] == [True, True]
    assert merge.partners(desk.database, 1) == [2]


def test_who_opted_out_is_out_whatever_number_a_later_list_has(desk: Any) -> None:
    header = "Owner Name,Email,Phone,Property Address,City,State,Zip\n"
    desk.take("a.csv", "Ray Quillon,ray@x.com,713-555-2101,1 A St,Houston,TX,77018\n", header=header)
    outcomes.record(desk.database, Outcome(1, "opted_out", desk.database.clock()))
    later = "Ray Quillon,,713-555-2101,2 B St,Houston,TX,77018\nRay Quillon,ray@x.com,713-555-2188,3 C St,Houston,TX,77018\n"
    assert desk.take("b.csv", later, header=header)[0] == 2
    more = "Ray Quillon,,713-555-2188,4 D St,Houston,TX,77018\n"
    assert desk.take("c.csv", more, header=header)[0] == 1
    assert desk.database.value("SELECT count(DISTINCT person) FROM lead") == 1
    assert desk.database.value("SELECT count(*) FROM lead WHERE suppressed IS NULL") == 0
