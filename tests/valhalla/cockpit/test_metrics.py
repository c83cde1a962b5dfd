"""Metrics: what the file has, in Prometheus' format, without a session and without a person in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from db import Database
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.governor import GovernorEnforcer


def read(client: httpx.Client) -> dict[str, float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
    return {
        ",".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def until(client: httpx.Client, name: str, value: float) -> dict[str, float]:
    """The metrics once ``name`` is ``value``: it is counted in the background."""
    for _ in range(200):
        found = read(client)
        if found.get(name) == value:
            break
    return found


def test_values_are_read_when_asked_without_a_session(
    visitor: httpx.Client, database: Database, people: Callable[[int], int], clock: Any
) -> None:
    before = until(visitor, "valhalla_leads", 0)
    assert before["valhalla_leads"] == 0 and before["valhalla_state,stopped"] == 1
    clock.advance(1)  # leads are counted once a minute
    people(3)
    AlertSystem(database=database).alert("risk:R1", "Ann Lee <ann@example.com> is late", "error")
    governor = GovernorEnforcer(database=database)
    governor.set_limit("effect.webhook", 1)
    for _ in range(2):
        governor.check_limit("effect.webhook")
    read(visitor)  # has them counted again
    now = until(visitor, "valhalla_leads", 3)
    assert now["valhalla_leads"] == 3 and now["valhalla_records_total,new"] == 3
    assert now["valhalla_alerts,error"] == 1 and now["valhalla_live"] == 0
    assert now["valhalla_governor_denied_total,effect.webhook"] == 1
    assert now["valhalla_audit_entries_total"] > before["valhalla_audit_entries_total"]


def test_nobody_is_in_them(visitor: httpx.Client, people: Callable[[int], int]) -> None:
    people(3)
    text = visitor.get("/metrics").text
    for word in ("example.com", "Person", "713555", "Houston"):
        assert word not in text


def test_two_cockpits_do_not_share_a_registry(visitor: httpx.Client) -> None:
    counted = until(visitor, "valhalla_leads", 0).keys()
    assert read(visitor).keys() == counted
