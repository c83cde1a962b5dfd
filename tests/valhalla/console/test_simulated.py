"""Made-up data is always the same and never looks like anything else."""

from __future__ import annotations

import json

from valhalla.console.simulated import SimulatedFederation, SimulatedMemory

NOW = 1_767_813_148_000


def test_the_same_seed_gives_the_same_course() -> None:
    for kind in (SimulatedFederation, SimulatedMemory):
        first, second, other = kind(7), kind(7), kind(8)
        courses = [[each.step(NOW + 2_500 * n) for n in range(20)] for each in (first, second, other)]
        assert courses[0] == courses[1] != courses[2]


def test_every_name_says_that_it_is_simulated() -> None:
    federation = SimulatedFederation()
    for _ in range(50):
        frame = federation.step(NOW)
        assert all(peer["id"].startswith("simulated") for peer in frame["peers"])
        assert all(event["peer"].count("simulated-") == 2 for event in frame["sync_traffic"])
    memory = SimulatedMemory()
    assert all(log["message"].startswith("simulated") for log in memory.step(NOW)["logs"])
    assert all("simulated" in each["execution_id"] for each in memory.quarantine())


def test_it_keeps_to_what_is_possible() -> None:
    federation, memory = SimulatedFederation(), SimulatedMemory()
    for step in range(2_000):
        mesh, engine = federation.step(NOW + step), memory.step(NOW + step)
        assert 0 <= mesh["network_health"] <= 100
        assert len(mesh["sync_traffic"]) <= 10
        assert 0 < engine["consolidation_rate"] <= engine["ingestion_rate"]
        assert 0 <= engine["dedup_rate"] <= 100
        assert len(engine["confidence_deltas"]) == 50
        json.dumps([mesh, engine], allow_nan=False)


def test_the_history_ends_at_now_and_has_all_its_steps() -> None:
    memory = SimulatedMemory()
    memory.step(NOW)
    history = memory.history(NOW)
    assert [each["at"] for each in history] == [NOW - NOW % 10_000 - 10_000 * n for n in range(59, -1, -1)]
