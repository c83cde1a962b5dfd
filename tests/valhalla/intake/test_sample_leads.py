"""The sample leads: known as such, and gone with the first real list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from valhalla.intake import sample_leads
from valhalla.intake.samples import ten_leads
from valhalla.leads import notes, outcomes
from valhalla.leads.outcomes import Outcome


def test_sample_leads_leave_with_the_first_real_list(desk: Any, whole: Callable[[], None]) -> None:
    database = desk.database
    path = desk.folder / "real_leads.csv"
    path.write_bytes(ten_leads())
    desk.read(path, sample_leads.SOURCE)
    assert sample_leads.present(database) and not sample_leads.overtaken(database)
    notes.add(database, 1, "tried a note")
    outcomes.record(database, Outcome(2, "interested", database.clock()))
    desk.take("mine.csv", "Ann,ann@example.com,100000,713-555-2101,\n")
    assert sample_leads.overtaken(database)
    assert sample_leads.leave(database) == {"leads": 10}
    assert desk.leads("name") == [("Ann",)] and not sample_leads.present(database)
    assert database.value("SELECT count(*) FROM note") == database.value("SELECT count(*) FROM outcome") == 0
    whole()


def test_somebody_whom_a_real_list_names_too_stays(desk: Any, whole: Callable[[], None]) -> None:
    path = desk.folder / "real_leads.csv"
    path.write_bytes(ten_leads())
    desk.read(path, sample_leads.SOURCE)
    desk.take("mine.csv", "Marcus Whitfield,marcus.whitfield@example.com,5,713-555-0142,\n")
    desk.take("more.csv", "Ann,ann@example.com,100000,713-555-2101,\n")
    sample_leads.leave(desk.database)
    assert [name for (name,) in desk.leads("name")] == ["Marcus Whitfield", "Ann"]
    whole()


def test_a_list_of_the_same_people_under_another_source_is_a_real_one(desk: Any) -> None:
    path = desk.folder / "real_leads.csv"
    path.write_bytes(ten_leads())
    desk.read(path)
    assert not sample_leads.present(desk.database)
