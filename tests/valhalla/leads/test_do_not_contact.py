"""Do-not-contact: in force for what is known and for what comes."""

from __future__ import annotations

from typing import Any

import pytest

from valhalla.leads.do_not_contact import add, forget, listed, remove
from valhalla.leads.suppression import entry

ANN = "Ann Ames,ann@example.com,100000,713-555-2101,Houston TX\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("ann@example.com", "email"), ("713-555-2101", "phone"), ("example.com", "domain"), ("ample.com", None)],
)
def test_known_leads_and_later_ones_are_marked_and_counted_as_usual(
    desk: Any, text: str, kind: str | None
) -> None:
    desk.take("a.csv", ANN)
    added, leads = add(desk.database, [entry(text)])
    assert (added, leads) == (1, int(kind is not None))
    expected = f"do not contact: {kind}" if kind else None
    assert desk.leads("suppressed, score_base > 0") == [(expected, int(kind is None))]
    assert (
        desk.take(
            "b.csv", "An Other,ann@example.com,5,713-555-2101,\n" + "Bo,bo@example.com,5,713-555-2101,\n"
        )[4]
        == 0
    )
    marks = {row[0] for row in desk.leads("suppressed")}
    assert (marks == {None}) == (kind is None)


def test_a_new_lead_is_marked_on_its_way_in(desk: Any) -> None:
    add(desk.database, [entry("sub.example")])
    assert desk.take("a.csv", "Ann,ann@mail.sub.example,1,,\nBo,bo@notsub.example,1,,\n") == (2, 0, 0, 0, 0)
    assert desk.leads("suppressed") == [("do not contact: domain",), (None,)]


def test_it_survives_reading_again(desk: Any) -> None:
    path = desk.write("a.csv", ANN)
    desk.read(path)
    add(desk.database, [entry("ann@example.com")])
    desk.read(path, again=True)
    desk.take("b.csv", ANN.replace("100000", "90000"))
    assert desk.leads("suppressed") == [("do not contact: email",)]


def test_taken_off_the_list_a_lead_is_open_again_unless_something_else_keeps_it_out(desk: Any) -> None:
    desk.take("a.csv", ANN)
    add(desk.database, [entry("ann@example.com"), entry("713-555-2101")])
    assert remove(desk.database, [entry("713-555-2101")]) == (1, 0)
    assert desk.leads("suppressed") == [("do not contact: email",)]
    assert remove(desk.database, [entry("ann@example.com")]) == (1, 1)
    assert desk.leads("suppressed") == [(None,)] and desk.leads("score_base")[0][0] > 0
    assert remove(desk.database, [entry("ann@example.com")]) == (0, 0)
    assert desk.database.value("SELECT count(*) FROM suppression WHERE removed_at IS NOT NULL") == 2


def test_many_entries_are_looked_for_in_one_walk(desk: Any) -> None:
    desk.take("a.csv", "".join(f"Lead {n},l{n}@example.com,{n + 1},,\n" for n in range(60)))
    added, leads = add(desk.database, [entry(f"l{n}@example.com") for n in range(0, 60, 2)], origin="list")
    assert (added, leads) == (30, 30)


def test_the_chain_holds_no_address(desk: Any) -> None:
    add(desk.database, [entry("ann@example.com")], reason="asked")
    told = " ".join(row[0] for row in desk.database.sql("SELECT body FROM audit"))
    assert "ann@" not in told


def test_of_an_erased_person_the_list_names_nothing(desk: Any) -> None:
    add(desk.database, [entry("ann@example.com")], reason="asked")
    with desk.database.write():
        forget(desk.database, [entry("ann@example.com")], "operator")
    [kept] = listed(desk.database, 10)
    assert (kept.kind, kept.value, kept.origin, kept.reason) == ("email", None, "forgotten", None)
