"""A policy run in shadow says what would change, stores nothing, and is held back where a gate fails; and going back to a version."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database, audit
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import shadow
from valhalla.scoring import store as stages
from valhalla.scoring.policies import change, revert
from valhalla.scoring.reevaluate import reevaluate
from valhalla.scoring.shadow import _auc, proposed, run


def rows(count: int) -> list[str]:
    return [
        f'P {n},p{n}@x.com,{100_000 + n * 1_000},"Houston, TX",713555{n:04d},{n} Main St,{200_000 + n * 1_500},20000,2026-09-20,'
        for n in range(count)
    ]


@pytest.fixture
def many(database: Database, load: Any) -> Database:
    load(*rows(80))
    return database


def decisions(database: Database) -> list[tuple[Any, ...]]:
    columns = (
        "id, variant_id, bucket, script_id, packet, mao, spread, p_close, expected_value, clone, score_base"
    )
    return database.sql(f"SELECT {columns} FROM lead ORDER BY id")


def test_it_says_what_would_change_and_that_is_what_then_changes(many: Database) -> None:
    entries, before = audit.head(many).entries, decisions(many)
    found = run(many, proposed(many, {"packet.fee": 22_000, "score.size": 3}))
    assert audit.head(many).entries == entries and decisions(many) == before, "it only looks"
    change(many, "packet.fee", 22_000, "")
    change(many, "score.size", 3, "")
    reevaluate(many)
    moved = {now[0] for then, now in zip(before, decisions(many), strict=True) if then != now}
    assert found.leads == 80 and found.changed == len(moved) > 0
    assert {each.lead for each in found.movers} <= moved
    offers = {row[0]: row[5] for row in decisions(many)}
    assert all(each.offer_after == offers[each.lead] for each in found.movers)
    assert [each["key"] for each in found.changes] == ["packet.fee", "score.size"]


def test_only_the_newest_are_run_through_and_nothing_proposed_changes_nothing(many: Database) -> None:
    found = run(many, proposed(many), 7)
    assert (found.leads, found.changed, found.entering, found.passed) == (7, 0, 0, True)
    found = run(many, proposed(many, {"packet.fee": 22_000}), 7)
    assert found.leads == 7 and all(each.lead > 73 for each in found.movers)


def test_a_score_that_tells_nobody_apart_is_held_back(
    many: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with many.write():
        many.sql("UPDATE lead SET score_base = 4000 + 10 * id")
    decided = shadow.redecide
    monkeypatch.setattr(
        shadow, "redecide", lambda lead, context: decided(lead, context)._replace(score_base=5_000)
    )
    found = run(many, proposed(many, {"packet.fee": 22_000}))
    assert not found.passed
    assert [gate.name for gate in found.gates if gate.passed is False] == ["still separates leads"]


def test_a_policy_with_a_mistake_is_refused(many: Database) -> None:
    with pytest.raises(UsageError, match=r"packet\.arv_share"):
        proposed(many, {"packet.arv_share": 7})
    with pytest.raises(NotFound, match="no policy version 99"):
        proposed(many, version=99)


def test_ties_count_half_in_the_order_of_closed_and_lost() -> None:
    assert _auc({1: 9, 2: 8, 3: 1, 4: 2}, [1, 2], [3, 4]) == 1.0
    assert _auc({1: 1, 2: 2, 3: 8, 4: 9}, [1, 2], [3, 4]) == 0.0
    assert _auc({1: 5, 2: 5, 3: 5}, [1], [2, 3]) == 0.5


def test_going_back_brings_every_decision_back(many: Database) -> None:
    before = decisions(many)
    change(many, "packet.fee", 22_000, "a try")
    reevaluate(many)
    assert decisions(many) != before
    made = revert(many, 1)
    reevaluate(many)
    assert (made.version, made.reason) == (3, "back to version 1") and decisions(many) == before
    assert stages.policy_at(many, 3) == stages.policy_at(many, 1)
    assert revert(many, 1).changes == [] and stages.latest_policy(many)[0] == 3
    with pytest.raises(NotFound, match="versions are 1 to 3"):
        revert(many, 12)
