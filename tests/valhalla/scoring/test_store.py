"""Policy, seed and snapshots in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from db import Database, audit
from valhalla.program.database import memory_database
from valhalla.scoring.stages import decide
from valhalla.scoring.stages.policy import FIRST_POLICY, PolicyError, set_key
from valhalla.scoring.store import (
    Unknown,
    at,
    latest_policy,
    load,
    policy_at,
    policy_history,
    save_policy,
    seed,
)

ADD_LEAD = """INSERT INTO lead (id, identity, fingerprint, name, value, source, market, created_at, updated_at, packet, clone,
              variant_id, score_base, score, policy_version, snapshot_id, decided_at)
              VALUES (?, ?, 1, 'x', 1, ?, ?, 0, 0, 'READY', 'NOT YET', ?, 0, 0, 1, 1, 0)"""
ADD_OUTCOME = """INSERT INTO outcome (lead_id, event, at, amount, recorded_at, recorded_by, variant_id)
       VALUES (?1, ?2, ?3, ?4, 0, ?5, (SELECT variant_id FROM lead WHERE id = ?1))"""


@pytest.fixture
def database(lab: Any) -> Iterator[Database]:
    database = memory_database()
    database.clock = lambda: lab.NOW
    seed(database)
    yield database
    database.close_all()


def outcome(
    database: Database, lead: int, event: str, when: int, amount: int | None = None, who: str = "ann"
) -> None:
    with database.write():
        database.sql(ADD_OUTCOME, (lead, event, when, amount, who))


def test_a_new_file_gets_a_policy_scripts_and_an_experiment_once(lab: Any, database: Database) -> None:
    seed(database)
    assert [(v.version, v.reason) for v in policy_history(database)] == [(1, "the default policy")]
    context = load(database, lab.NOW)
    assert context.policy == FIRST_POLICY
    assert context.snapshot.experiment is not None
    assert [variant.name for variant in context.snapshot.experiment.variants] == ["patient", "direct"]
    assert {decide(lab.PLAIN._replace(identity=i), context).script_id for i in range(30)} == {1, 2}
    assert audit.check_chain(database) == []


def test_an_unseeded_file_says_so(lab: Any) -> None:
    database = memory_database()
    with pytest.raises(Unknown, match="no policy yet"):
        load(database, lab.NOW)
    database.close_all()


def test_a_snapshot_is_stored_only_when_it_is_new(lab: Any, database: Database) -> None:
    first = load(database, lab.NOW)
    second = load(database, lab.NOW + 3 * lab.DAY)
    assert first.snapshot_id == second.snapshot_id
    assert database.one("SELECT count(*) FROM model_snapshot") == (1,)


def test_nothing_new_reuses_the_context(lab: Any, database: Database) -> None:
    first = load(database, lab.NOW)
    second = load(database, lab.NOW + 1, first)
    assert second.segments is first.segments
    assert (first.now, second.now) == (lab.NOW, lab.NOW + 1)


def test_outcomes_are_counted(lab: Any, database: Database) -> None:
    context = load(database, lab.NOW)
    now, day = lab.NOW, lab.DAY
    with database.write():
        for i, (source, market) in enumerate(
            [("a", "M"), ("a", "M"), ("a", None), ("b", "M"), ("b", "M")], 1
        ):
            database.sql(ADD_LEAD, (i, i, source, market, 1 if i % 2 else 2))
    outcome(database, 1, "contacted", now - 5 * day)
    outcome(database, 1, "won", now - day, 8_000_00)  # closed
    outcome(database, 2, "contacted", now - 200 * day)  # old enough: not closed
    outcome(database, 3, "contacted", now - day)  # not mature
    outcome(database, 4, "won", now - 9 * day, 9_000_00, "bob")
    outcome(database, 4, "lost", now - 8 * day)  # fell through
    outcome(database, 5, "paused", now - 300 * day)  # no work
    learnt = load(database, now, context).snapshot
    assert learnt.sources == (("a", (2, 1)), ("b", (1, 0)))
    assert learnt.segments == (("a", "M", (2, 1)), ("b", "M", (1, 0)))
    assert (learnt.deals, learnt.fees) == (1, 8_000_00)
    play = dict(learnt.plays)["M"]
    assert (play.matured, play.closes, play.paid, play.sources, play.reps) == (
        3,
        1,
        1,
        (("a", 1),),
        (("ann", 1),),
    )
    arms = dict(learnt.arms)
    assert (arms[1].exposed, arms[1].matured, arms[1].conversions, arms[1].days) == (2, 1, 1, 4)
    assert (arms[2].exposed, arms[2].matured, arms[2].conversions) == (2, 2, 1)


def test_maturing_is_learnt_with_the_days(lab: Any, database: Database) -> None:
    with database.write():
        load(database, lab.NOW)
        database.sql(ADD_LEAD, (1, 1, "a", "M", 1))
    outcome(database, 1, "contacted", lab.NOW)
    early = load(database, lab.NOW)
    late = load(database, lab.NOW + 91 * lab.DAY, early)
    assert (early.snapshot.sources, late.snapshot.sources) == ((), (("a", (1, 0)),))
    assert late.snapshot_id != early.snapshot_id


def test_a_decision_can_be_explained_with_what_it_knew(lab: Any, database: Database) -> None:
    then = load(database, lab.NOW)
    decision = decide(lab.PLAIN, then)
    save_policy(database, set_key(FIRST_POLICY, "packet.fee", 1), "cheaper", "ann")
    assert decide(lab.PLAIN, load(database, lab.NOW, then)) != decision
    assert decide(lab.PLAIN, at(database, decision.policy_version, decision.snapshot_id, lab.NOW)) == decision
    with pytest.raises(Unknown, match="no model snapshot 99"):
        at(database, 1, 99)
    with pytest.raises(Unknown, match="no policy version 99"):
        at(database, 99, decision.snapshot_id)


def test_a_policy_change_is_a_new_version_and_witnessed(database: Database) -> None:
    changed = set_key(FIRST_POLICY, "packet.arv_share", 0.72)
    assert save_policy(database, changed, "hot market", "ann") == 2
    assert save_policy(database, changed, "again", "ann") == 2
    assert latest_policy(database) == (2, changed)
    assert policy_at(database, 1) == FIRST_POLICY
    actor, body = database.sql(
        "SELECT actor, body FROM audit WHERE action = 'policy.set' ORDER BY seq DESC LIMIT 1"
    )[0]
    assert actor == "ann"
    assert '"packet.arv_share":["0.7","0.72"]' in body
    assert audit.check_chain(database) == []


def test_a_policy_with_a_mistake_is_not_stored(database: Database) -> None:
    with pytest.raises(PolicyError):
        save_policy(database, {**FIRST_POLICY, "packet": {}}, "no", "ann")
    assert latest_policy(database)[0] == 1


def test_a_policy_of_another_program_gets_the_keys_of_this_one(database: Database) -> None:
    change = "json_set(json_remove(body, '$.calling', '$.score.half_life_days'), '$.score.gone', 1)"
    with database.write():
        database.sql(f"UPDATE policy SET body = {change}")
    assert latest_policy(database)[1] == FIRST_POLICY
