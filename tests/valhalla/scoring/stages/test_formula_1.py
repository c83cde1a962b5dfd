"""Decisions of version 0.1 are explained byte for byte as they were: explanations that it wrote, made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from valhalla.leads.view import stage_json
from valhalla.scoring.stages import Context, StoredLead, redecide
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.policy import completed, validated
from valhalla.scoring.stages.snapshot import Snapshot

WRITTEN = json.loads((Path(__file__).parents[3] / "fixtures" / "formula_1.json").read_text(encoding="utf-8"))


def context_of(written: dict[str, Any], now: int = 0) -> Context:
    policy = completed(json.loads(WRITTEN["policies"][written["policy"]]))
    snapshot = Snapshot.from_json(WRITTEN["snapshots"][written["snapshot"]])
    return Context(
        written["columns"]["policy_version"], policy, written["columns"]["snapshot_id"], snapshot, now
    )


def lead_of(written: dict[str, Any], details: str | None = None) -> StoredLead:
    """As a file of today has it: columns that are newer are empty."""
    newer = dict.fromkeys(StoredLead._fields)
    return StoredLead.from_columns({**newer, **written["columns"], "details": details})


@pytest.mark.parametrize("written", WRITTEN["leads"])
def test_an_explanation_of_version_0_1_is_the_same_byte_for_byte(written: dict[str, Any]) -> None:
    lead = lead_of(written, '{"estimated_value": 100, "equity": 90}')
    found = [stage_json(result) for result in explain(lead, context_of(written))]
    assert json.dumps(found, ensure_ascii=False) == written["stages"]


@pytest.mark.parametrize("written", WRITTEN["leads"])
def test_and_the_decision_too(written: dict[str, Any]) -> None:
    lead = lead_of(written)
    assert redecide(lead, context_of(written, lead.decision.decided_at)) == lead.decision


def test_policies_and_snapshots_of_version_0_1_are_read_and_written_as_they_are() -> None:
    for text in WRITTEN["policies"]:
        policy = completed(json.loads(text))
        assert json.dumps(validated(policy), ensure_ascii=False, separators=(",", ":")) == text
    for text in WRITTEN["snapshots"]:
        assert Snapshot.from_json(text).to_json() == text
