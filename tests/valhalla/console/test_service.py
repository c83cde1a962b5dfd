"""The console as a whole, and the functions of the ARK documents."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from valhalla import console
from valhalla.console import Configuration, Console, service

pytestmark = pytest.mark.anyio

NOWHERE = "redis://127.0.0.1:1/0"


def others() -> set[Any]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_the_functions_start_and_stop_everything(data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data.make()
    monkeypatch.setenv("ARK_BASE_PATH", str(data.folder.parent))
    before = others()
    assert console.get_federation_source() is None
    await console.init_data_sources(NOWHERE)
    federation, memory = console.get_federation_source(), console.get_memory_source()
    assert federation is not None
    assert memory is not None
    assert not federation._connected
    assert memory.connected
    await console.start_dashboard_tasks()
    await console.start_dashboard_tasks()
    assert len([task for task in others() - before if "console" in task.get_name()]) == 2
    await console.stop_dashboard_tasks()
    await console.cleanup_data_sources()
    assert console.get_memory_source() is None
    assert others() == before


async def test_sources_can_be_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = others()
    await console.init_data_sources(NOWHERE)
    first = console.get_federation_source()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:2/0")
    await console.init_data_sources()
    second = console.get_federation_source()
    assert second is not None
    assert second is not first
    assert second.redis_url == "redis://127.0.0.1:2/0"
    await console.cleanup_data_sources()
    await console.cleanup_data_sources()
    assert others() == before


def test_one_event_loop_after_another_can_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valhalla.console.board.SHORTEST", 0.0)
    monkeypatch.setattr("valhalla.console.board.LONGEST", 0.0)

    async def once() -> str:
        await console.init_data_sources(NOWHERE)
        await console.start_dashboard_tasks()
        await asyncio.sleep(0.05)  # the boards wait for somebody
        with console.get_console().memory.hub.outbox() as outbox:
            frame = await asyncio.wait_for(outbox.take(), 10)
        await console.stop_dashboard_tasks()
        await console.cleanup_data_sources()
        return frame

    for _ in range(3):
        assert '"type":"memory_update"' in asyncio.run(once())


async def test_many_who_look_first_start_it_once(tmp_path: Path) -> None:
    subject = Console(lambda: Configuration(redis_url=NOWHERE, base_path=tmp_path))
    await asyncio.gather(*(subject.ensure() for _ in range(20)))
    sources = subject.federation_source, subject.memory_source
    await subject.ensure()
    assert (subject.federation_source, subject.memory_source) == sources
    await subject.__aexit__(None, None, None)
    assert subject.federation_source is None


async def test_settings_changed_while_it_runs_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "READ_EVERY", 0)
    now = Configuration(redis_url=NOWHERE, base_path=tmp_path)
    subject = Console(lambda: now)
    async with subject:
        source = subject.federation_source
        await subject.federation.fresh()
        assert subject.federation_state.frame["source"]["mode"] == "simulated"
        now = Configuration(redis_url=NOWHERE, base_path=tmp_path, fallback=False)
        await subject.federation.fresh()
        assert subject.federation_state.frame["source"]["mode"] == "unavailable"
        assert subject.federation_source is source
        now = Configuration(redis_url="redis://127.0.0.1:2/0", base_path=tmp_path / "other")
        await subject.federation.fresh()
        assert subject.federation_source is not source
        assert subject.memory_source is not None
        assert subject.memory_source.ark_db_path == tmp_path / "other" / "data" / "ark.db"


async def test_settings_that_cannot_be_read_leave_those_before_in_force(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(service, "READ_EVERY", 0)
    answers = [Configuration(redis_url=NOWHERE, base_path=tmp_path, fallback=False)]
    async with Console(lambda: answers.pop()) as subject:
        await subject.memory.fresh()
        assert subject.memory_state.frame["source"]["mode"] == "unavailable"
