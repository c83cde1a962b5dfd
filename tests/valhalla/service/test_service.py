"""The order in which a run begins and ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.service.service import Events, Plan, Service
from valhalla.service.whole import WholeProgram


def test_the_cockpit_is_there_before_the_first_cycle_and_leaves_before_the_workers_stop(home: Path) -> None:
    said: list[str] = []

    def at_work() -> bool:
        return any(each.name.startswith("Worker-") for each in threading.enumerate())

    @contextmanager
    def working(_: Service) -> Iterator[None]:
        said.append(f"cockpit, workers: {at_work()}")
        yield
        said.append(f"leaves, workers: {at_work()}")

    Home(home).prepare()
    with WholeProgram.open(Home(home)) as program:
        events = Events(cycle_begins=lambda number, _: said.append(f"cycle {number}"), working=working)
        Service(program, Plan([], 1, 1), settings.effective(program.database), events).run(threading.Event())

    assert said == ["cockpit, workers: False", "cycle 1", "leaves, workers: True"]
    assert not at_work()
