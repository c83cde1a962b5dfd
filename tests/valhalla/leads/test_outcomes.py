"""Recording outcomes on real leads, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from db.clock import DAY, HOUR
from db.verifying import verify
from valhalla.intake.other_lists import import_outcomes
from valhalla.leads import do_not_contact, suppression
from valhalla.leads.call_list import top
from valhalla.leads.outcomes import OPTED_OUT, Outcome, record, undo
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import store as stages


def lead(database: Database, number: int) -> tuple[Any, ...]:
    return database.sql(
        "SELECT status, contacts, last_contact, hold_until, suppressed, score FROM lead WHERE id = ?",
        (number,),
    )[0]


def listed(database: Database) -> list[int]:
    viewer = Viewer(
        database,
        database.clock(),
        settings.effective(database) | {"quiet_hours": "00:00-00:00", "timezone": None},
    )
    return [found.lead.id for found in top(database, viewer, 100)]


def test_an_outcome_moves_its_lead_at_once(database: Database, people: Any, tell: Any) -> None:
    people(2)
    recorded = tell(1, "appointment", channel="call", reason="wants to move")
    assert recorded.standing.status == "appointment"
    status, contacts, last, hold, suppressed, score = lead(database, 1)
    assert (status, contacts, last, hold, suppressed) == ("appointment", 1, database.clock(), None, None)
    assert score == lead(database, 2)[-1] + 4, "where the conversation stands counts at once"


def test_what_stood_before_is_kept_with_the_outcome(database: Database, people: Any, tell: Any) -> None:
    people(60)
    variant, script = database.sql("SELECT variant_id, script_id FROM lead WHERE id = 1")[0]
    tell(1, "contacted")
    row = database.sql("SELECT variant_id, script_id, p_close, predicted_at, recorded_by FROM outcome")[0]
    assert row == (variant, script, None, None, "ann"), "nothing was predicted before the first outcome"


def test_who_opted_out_is_in_no_list_until_it_is_taken_back(
    database: Database, people: Any, tell: Any
) -> None:
    people(3)
    recorded = tell(2, "opted_out")
    assert recorded.suppressed == OPTED_OUT
    assert sorted(listed(database)) == [1, 3]
    assert lead(database, 2)[-1] == 0
    undo(database, recorded.id)
    assert sorted(listed(database)) == [1, 2, 3]
    assert lead(database, 2)[:5] == ("new", 0, None, None, None)


@pytest.mark.parametrize("first", ["opted_out", "operator"])
def test_whom_the_operator_put_on_the_list_stays_there_when_an_opt_out_is_taken_back(
    database: Database, people: Any, tell: Any, first: str
) -> None:
    people(2)
    entry = suppression.entry("p2@example.com")
    if first == "operator":
        do_not_contact.add(database, [entry], reason="asked by letter")
    recorded = tell(2, "opted_out")
    if first == "opted_out":
        do_not_contact.add(database, [entry], reason="asked by letter")
    undo(database, recorded.id)
    kept = database.sql("SELECT kind, origin, reason FROM suppression WHERE removed_at IS NULL")
    assert kept == [("email", "operator", "asked by letter")]
    assert database.value("SELECT suppressed FROM lead WHERE id = 2").startswith(suppression.PREFIX)
    assert database.value("SELECT suppressed FROM lead WHERE id = 1") is None
    assert verify(database).ok


def test_a_pause_hides_the_lead_until_it_ends(database: Database, people: Any, tell: Any, clock: Any) -> None:
    people(2)
    tell(1, "paused", until=database.clock() + 3 * DAY)
    assert listed(database) == [2]
    clock.advance(2.9)
    assert listed(database) == [2]
    clock.advance(0.2)
    assert sorted(listed(database)) == [1, 2]


def test_the_next_try_is_not_listed_before_it_is_due(
    database: Database, people: Any, tell: Any, clock: Any
) -> None:
    people(2)
    tell(1, "contacted")
    assert listed(database) == [2], "the second try is two hours later"
    clock.advance(1)
    assert sorted(listed(database)) == [1, 2], "and never on the day of a conversation"
    for _ in range(5):
        tell(1, "contacted")
        clock.advance(8)
    assert lead(database, 1)[1] == 6
    assert listed(database) == [2], "after the ladder a lead rests for thirty days"
    clock.advance(22)
    assert sorted(listed(database)) == [1, 2]


def test_saying_the_same_twice_records_it_once(database: Database, people: Any) -> None:
    people(1)
    given = Outcome(1, "won", database.clock() - HOUR, 900_000)
    first, second = record(database, given), record(database, given)
    assert (first.new, second.new, first.id) == (True, False, second.id)
    assert database.value("SELECT count(*) FROM outcome") == 1


def test_an_outcome_that_is_recorded_late_counts_in_its_true_order(
    database: Database, people: Any, tell: Any
) -> None:
    people(1)
    tell(1, "contacted", days_ago=1)
    tell(1, "lost", days_ago=5)
    assert lead(database, 1)[0] == "contacted"


def test_taking_back_leaves_no_trace_in_what_is_learnt(database: Database, people: Any, tell: Any) -> None:
    people(5)
    before = stages.load(database, database.clock()).snapshot
    mistake = tell(1, "won", amount=1_000_000)
    assert stages.load(database, database.clock()).snapshot != before
    undo(database, mistake.id)
    assert stages.load(database, database.clock()).snapshot == before
    with pytest.raises(UsageError, match="undone before"):
        undo(database, mistake.id)
    with pytest.raises(NotFound):
        undo(database, 99)


def test_everything_is_witnessed_and_no_words_about_people_are(
    database: Database, people: Any, tell: Any
) -> None:
    people(1)
    tell(1, "lost", reason="his cousin Frank buys it")
    undo(database, 1)
    actions = [
        row[0] for row in database.sql("SELECT action FROM audit WHERE action LIKE 'outcome.%' ORDER BY seq")
    ]
    assert actions[-2:] == ["outcome.record", "outcome.undo"]
    assert audit.check_chain(database) == []
    assert not [body for (body,) in database.sql("SELECT body FROM audit") if "Frank" in body]


@pytest.mark.parametrize(
    ("event", "more", "says"),
    [
        ("bought", {}, "not an outcome"),
        ("contacted", {"amount": 5}, "belongs to won"),
        ("won", {"amount": 0}, "above zero"),
        ("won", {"amount": 10**12 + 1}, "below ten billion"),
        ("paused", {}, "until when"),
        ("lost", {"until": 9}, "belongs to paused"),
        ("contacted", {"channel": "pigeon"}, "not a channel"),
        ("contacted", {"days_ago": -1}, "future"),
        ("contacted", {"days_ago": 20_000}, "too far"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    database: Database, people: Any, tell: Callable[..., Any], event: str, more: dict[str, Any], says: str
) -> None:
    people(1)
    entries = audit.head(database).entries
    with pytest.raises(UsageError, match=says):
        tell(1, event, **more)
    with pytest.raises(NotFound):
        tell(77, "contacted")
    assert database.value("SELECT count(*) FROM outcome") == 0
    assert audit.head(database).entries == entries


def test_what_a_person_is_told_is_saved_is_on_the_disk(
    database: Database, people: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(3)
    asked: list[bool] = []
    write = Database.write

    def noting(self: Database, durable: bool = False) -> Any:
        if not self.in_write():
            asked.append(durable)
        return write(self, durable)

    monkeypatch.setattr(Database, "write", noting)
    undo(database, record(database, Outcome(1, "contacted", database.clock())).id)
    path = tmp_path / "crm.csv"
    path.write_text("lead,event,date\n2,contacted,2026-09-01\n", encoding="utf-8")
    import_outcomes(database, path, zone=None)
    assert asked == [True, True, True]
