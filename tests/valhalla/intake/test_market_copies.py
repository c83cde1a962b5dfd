"""A market is copied to another as one decision, and undone whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db import Database, audit, verifying
from jobs import JobQueue
from valhalla.audit import decisions
from valhalla.intake.market_copies import apply, undo
from valhalla.intake.records import find_source
from valhalla.intake.source_rules import put_mapping, source_rules
from valhalla.intake.source_settings import Change, all_sources, set_source
from valhalla.program.errors import NotFound, UsageError, ValhallaError
from valhalla.scoring import scripts
from valhalla.scoring import store as stages
from valhalla.scoring.jobs import Reevaluating
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import reevaluate

HOUSTON, DALLAS = "Houston, TX", "Dallas, TX"


@pytest.fixture
def here(database: Database, load: Any) -> Reevaluating:
    set_source(database, "probate", Change(options={"contact": "either"}))
    header = "name,email,value,location\n"
    load(*(f'H {n},h{n}@x.com,150000,"{HOUSTON}"' for n in range(3)), source="probate", header=header)
    load(*(f'D {n},d{n}@x.com,150000,"{DALLAS}"' for n in range(3)), source="csv", header=header)
    change(database, f"markets.{HOUSTON}.fee", 14_000, "")
    change(database, f"markets.{DALLAS}.arv_share", 0.65, "")
    scripts.add(database, "Calm", "Hello {name}", market=HOUSTON)
    return Reevaluating(database, JobQueue(database))


def all_of(database: Database) -> Any:
    """Everything that a copy may change, as people see it, and what was decided."""
    used = [each for each in scripts.all_scripts(database) if each["state"] != "retired"]
    decided = database.sql(
        "SELECT id, packet, mao, script_id, score_base, expected_value FROM lead ORDER BY id"
    )
    return stages.latest_policy(database)[1], all_sources(database), used, decided


def test_rules_scripts_and_sources_are_copied_and_taken_back(here: Reevaluating) -> None:
    database = here.database
    reevaluate(database)
    before = all_of(database)
    made, job = apply(here, HOUSTON, DALLAS, anyway=True, reason="Dallas looks the same")
    assert job is not None and made["proven"] is False
    assert stages.latest_policy(database)[1]["markets"][DALLAS] == {"fee": 14_000, "target": True}
    assert [(each.market, each.state) for each in scripts.of_market(database, DALLAS)] == [
        (DALLAS, "experimental")
    ]
    (copied,) = [each for each in all_sources(database) if each["name"] == f"probate {DALLAS}"]
    assert copied["profile"] == {"contact": "either"} and made["sources"] == [copied["name"]]
    reevaluate(database)
    assert all_of(database)[3] != before[3]
    undo(here, made["id"])
    reevaluate(database)
    assert all_of(database) == before
    told = decisions.listed(database, about="clone")
    assert [each["action"] for each in told] == ["clone.undo", "clone.apply"] and told[1]["id"] == made["id"]
    assert verifying.verify(database).ok
    with pytest.raises(UsageError, match="undone before"):
        undo(here, made["id"])


def test_how_a_person_said_that_columns_are_read_holds_for_the_copy(here: Reevaluating) -> None:
    database = here.database
    with database.write():
        source = find_source(database, "probate")
        assert source is not None
        put_mapping(database, source.id, '["a"]', '{"a": "name"}', accepted=True)
        put_mapping(database, source.id, '["b"]', '{"b": "name"}', accepted=False)
    made, _ = apply(here, HOUSTON, DALLAS, anyway=True)
    rules = source_rules(database, "probate")
    assert source_rules(database, made["sources"][0]) == rules and rules[1] == {'["a"]': {"a": "name"}}


def test_what_is_not_proven_is_not_copied_and_nothing_is_changed(here: Reevaluating) -> None:
    entries = audit.head(here.database).entries
    with pytest.raises(ValhallaError, match="no outcome has been recorded"):
        apply(here, HOUSTON, DALLAS)
    with pytest.raises(UsageError, match=f"did you mean {HOUSTON}"):
        apply(here, "Huston, TX", DALLAS, anyway=True)
    with pytest.raises(UsageError, match="to itself"):
        apply(here, HOUSTON, HOUSTON, anyway=True)
    with pytest.raises(NotFound):
        undo(here, 1)
    assert audit.head(here.database).entries == entries


def test_rules_that_were_changed_since_are_not_written_over(here: Reevaluating) -> None:
    made, _ = apply(here, HOUSTON, DALLAS, anyway=True)
    change(here.database, f"markets.{DALLAS}.fee", 9_000, "by hand")
    with pytest.raises(UsageError, match="were changed after copy"):
        undo(here, made["id"])


def test_a_source_whose_lists_were_read_stays_and_loses_its_rules(here: Reevaluating, load: Any) -> None:
    made, _ = apply(here, HOUSTON, DALLAS, anyway=True)
    load('N,n@x.com,1000,"Dallas, TX"', source=made["sources"][0], header="name,email,value,location\n")
    undo(here, made["id"])
    (copied,) = [each for each in all_sources(here.database) if each["name"] == made["sources"][0]]
    assert (copied["profile"], copied["files"]) == ({}, 1)


def test_a_decision_says_why_and_from_what(here: Reevaluating) -> None:
    database = here.database
    (newest, *_) = decisions.listed(database, 1, about="policy")
    assert newest["what"] == "changed the policy: markets.Dallas, TX.arv_share" and newest["by"] == "operator"
    whole = decisions.whole(database, newest["id"])
    assert json.loads(whole["inputs"]["changes"]["markets.Dallas, TX.arv_share"][1]) == 0.65
    with pytest.raises(NotFound, match="no decision"):
        decisions.whole(database, 10_000)
