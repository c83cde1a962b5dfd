"""Deciding again on the leads that new knowledge concerns, and only on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread
from typing import Any

import pytest

from db import Database, audit, verifying
from jobs.testing import Bench
from valhalla.leads.outcomes import undo
from valhalla.scoring import experiments
from valhalla.scoring import store as stages
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import Hooks, reevaluate
from valhalla.scoring.stages import Context, Decision, StoredLead, redecide
from valhalla.scoring.stages.lead import COLUMNS, SHOWN, STORED
from valhalla.scoring.stages.pipeline import redecide_columns


def leads(database: Database) -> list[StoredLead]:
    rows = database.sql(f"SELECT {COLUMNS} FROM lead ORDER BY id")
    return [StoredLead.from_columns(dict(zip((*STORED, *SHOWN), row, strict=True))) for row in rows]


def assert_settled(database: Database) -> None:
    """Every lead is as the stages decide today."""
    context = stages.load(database, database.clock())
    for lead in leads(database):
        fresh = redecide(lead, context)
        assert lead.decision._replace(decided_at=0, score=0) == fresh._replace(decided_at=0, score=0)


def test_nothing_new_concerns_nobody(database: Database, people: Any) -> None:
    people(3)
    entries = audit.head(database).entries
    assert reevaluate(database).to_json() == {"leads": 0, "of": 0, "decided": 0}
    assert audit.head(database).entries == entries


def test_an_outcome_concerns_every_lead_that_shares_its_rate(
    database: Database, people: Any, tell: Any
) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(8)
    tell(3, "won", amount=1_000_000)
    done = reevaluate(database)
    assert (done.leads, done.decided) == (8, 8)
    assert all(lead.decision.p_close for lead in leads(database))
    assert_settled(database)
    assert audit.check_chain(database) == []


def test_taking_the_outcome_back_brings_the_decisions_back(
    database: Database, people: Any, tell: Any
) -> None:
    people(8)
    before = [lead.decision for lead in leads(database)]
    mistake = tell(3, "won")
    reevaluate(database)
    undo(database, mistake.id)
    reevaluate(database)
    assert [lead.decision._replace(snapshot_id=0, decided_at=0) for lead in leads(database)] == [
        decision._replace(snapshot_id=0, decided_at=0) for decision in before
    ]


def test_a_policy_for_one_market_leaves_the_others_alone(database: Database, load: Any) -> None:
    load(
        'Ann,a@x.com,150000,"Houston, TX",7135550100,1 Main St,300000,30000,,',
        'Bob,b@x.com,150000,"Dallas, TX",2145550100,1 Main St,300000,30000,,',
    )
    change(database, "markets.Houston, TX.fee", 20_000, "busy")
    assert reevaluate(database).decided == 1
    houston, dallas = leads(database)
    assert (houston.decision.policy_version, dallas.decision.policy_version) == (2, 1)
    assert houston.decision.mao == dallas.decision.mao - 10_000_00  # type: ignore[operator]


@pytest.mark.parametrize("key", ["calling.call_now_from", "promotion.days", "packet.opening_share"])
def test_a_policy_that_decides_nothing_stored_concerns_nobody(
    database: Database, people: Any, key: str
) -> None:
    people(2)
    change(database, key, 0.8 if key.endswith("share") else 40, "x")
    assert reevaluate(database).decided == 0


def test_a_policy_for_all_concerns_all(database: Database, people: Any) -> None:
    people(3)
    change(database, "score.size", 3, "size matters")
    assert reevaluate(database).decided == 3
    assert_settled(database)


def test_stopping_an_experiment_takes_its_variants_away(database: Database, people: Any) -> None:
    people(20)
    assert {lead.decision.variant_id for lead in leads(database)} == {1, 2}
    experiments.stop(database, "opener")
    reevaluate(database)
    assert {lead.decision.variant_id for lead in leads(database)} == {None}
    assert {lead.decision.script_id for lead in leads(database)} == {1}


def test_new_weights_leave_assigned_leads_where_they_are(database: Database, people: Any) -> None:
    people(30)
    before = [lead.decision.variant_id for lead in leads(database)]
    experiments.weigh(database, "opener", {"patient": 0})
    reevaluate(database)
    assert [lead.decision.variant_id for lead in leads(database)] == before


def test_it_goes_on_where_it_was_stopped(
    database: Database, people: Any, tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(10)
    tell(1, "won")
    monkeypatch.setattr("valhalla.scoring.reevaluate.BATCH", 4)

    class Stop(Exception):
        pass

    def stop() -> None:
        raise Stop

    with pytest.raises(Stop):
        reevaluate(database, Hooks(between=stop))
    assert sum(lead.decision.p_close is not None for lead in leads(database)) == 4
    assert reevaluate(database).decided == 6
    assert_settled(database)


def test_a_lead_that_changes_meanwhile_is_read_again(database: Database, people: Any, tell: Any) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(3)
    tell(1, "won")
    asked = []

    def fence(progress: dict[str, int]) -> None:
        if not asked:  # as if an import had changed the lead between reading and writing
            database.sql("UPDATE lead SET phone_key = NULL WHERE id = 2")
            database.sql("UPDATE lead_generation SET value = value + 1")
        asked.append(progress)

    reevaluate(database, Hooks(fence=fence))
    assert_settled(database)


def meanwhile(monkeypatch: pytest.MonkeyPatch, write: Callable[[], object]) -> list[int]:
    """Have another thread write when a batch has been read and is not stored yet. The leads that are decided on."""
    seen: list[int] = []

    def decide(row: Sequence[Any], context: Context) -> Decision:
        if not seen:
            other = Thread(target=write)
            other.start()
            other.join()
        seen.append(row[0])
        return redecide_columns(row, context)

    monkeypatch.setattr("valhalla.scoring.reevaluate.redecide_columns", decide)
    return seen


@pytest.mark.parametrize("changed", ["lists = 4", "file_id = NULL"])
def test_what_another_thread_writes_meanwhile_stays_and_is_witnessed(
    database: Database, people: Any, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    people(6)
    change(database, "score.size", 3, "size matters")

    def write() -> None:
        with database.write():
            database.sql(f"UPDATE lead SET {changed} WHERE id = 2")

    seen = meanwhile(monkeypatch, write)
    assert reevaluate(database).decided == 6
    assert database.value(f"SELECT {changed.replace('=', 'IS')} FROM lead WHERE id = 2") == 1
    assert seen.count(2) == 2
    assert_settled(database)
    verdict = verifying.verify(database)
    assert verdict.ok, verdict.problems


def test_what_others_write_elsewhere_has_nothing_decided_twice(
    database: Database, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(6)
    change(database, "score.size", 3, "size matters")
    seen = meanwhile(monkeypatch, lambda: change(database, "promotion.days", 9, "it decides nothing"))
    assert reevaluate(database).decided == 6
    assert seen == [1, 2, 3, 4, 5, 6]
    assert verifying.verify(database).ok


def test_many_causes_make_one_job_that_shows_its_progress(database: Database, people: Any, tell: Any) -> None:
    change(database, "outcome.shown_from", 1, "few leads will do")
    people(5)
    now = database.clock()
    bench = Bench(database)
    bench.clock.at = now
    after: list[int] = []
    jobs = Reevaluating(database, bench.queue, lambda: after.append(1))
    tell(1, "won")
    first, second = jobs.ask(), jobs.ask()
    assert first == second
    (job,) = bench.run()
    assert (job.state, job.result, after) == ("done", {"leads": 5, "of": 5, "decided": 5}, [1])
    assert job.priority < 0
    assert jobs.ask() != first
    bench.close()
