"""Huey's own tests, as its package brings them, on this queue. What deviates, and why, is in docs/queue/huey-suite.md.

Huey's tests take tasks out, run them in their own thread, and read results once from a store; :class:`AdaptedQueue` lets them.
"""

from __future__ import annotations

import datetime
import importlib.util
import io
import re
import threading
import unittest
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from huey.api import Result, ResultGroup
from huey.utils import Error

from db import Database
from jobs import JobQueue
from jobs.huey import EmptyData
from jobs.kind import JobTask
from jobs.schema import SCHEMA
from jobs.storage import JobStorage
from jobs.waiting import JobId
from jobs.worker_thread import WorkerThread

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "queue" / "huey-suite.md"

MODULES = ("test_api", "test_priority", "test_signals", "test_registry", "test_helpers", "test_storage")
"""Those about what the queue offers; the page says why not the others."""

STORAGE = "StorageTests"
"""Huey runs the tests of this class on each of its storages."""


class Storage(JobStorage):
    """A job's result is in its row; Huey asks the store of results for it, once."""

    adapted: AdaptedQueue

    def peek_data(self, key: str) -> Any:
        if not str(key).isdigit():
            return super().peek_data(key)
        queue = self.adapted
        if key in queue.read or not queue.exists(int(key)):
            return EmptyData
        job = queue.state(int(key))
        if job.state == "dead":
            return queue.serializer.serialize(Error({"error": str(job.error), "task_id": key}))
        if job.state != "done" or (job.result is None and not queue.store_none):
            return EmptyData
        return queue.serializer.serialize(job.result)

    def pop_data(self, key: str) -> Any:
        if not str(key).isdigit():
            return super().pop_data(key)
        found = self.peek_data(key)
        if found is not EmptyData:
            self.adapted.read.add(key)
        return found

    def result_store_size(self) -> int:
        ended = self.database.sql("SELECT id FROM task WHERE result IS NOT NULL OR state = 'dead'")
        return super().result_store_size() + sum(str(number) not in self.adapted.read for (number,) in ended)


@cache
def shared() -> Database:
    """One database for all of the tests, emptied for each: to make one takes longer than most of them."""
    return Database.memory(SCHEMA)


class AdaptedQueue(JobQueue):
    """What Huey's tests call ``self.huey``."""

    def __init__(self, name: str = "default", **options: Any) -> None:
        database = shared()
        with database.write():
            for table in ("task", "job_event", "kv", "counter", "queue_state", "cycle_slot"):
                database.sql(f"DELETE FROM {table}")
        super().__init__(database, name)
        self.storage.__class__ = Storage
        self.storage.adapted = self
        self.utc = options.get("utc", False)
        self.store_none = options.get("store_none", False)
        self.read: set[str] = set()
        self.taken: dict[str, Any] = {}
        self.returned: dict[str, Any] = {}
        self.at: datetime.datetime | None = None
        self.work = WorkerThread(self, threading.Event())

    def task(self, *given: Any, **options: Any) -> Any:
        """``timeout`` is called ``time_limit`` here, and retries wait a second where nothing else is said."""
        if "timeout" in options:
            options["time_limit"] = options.pop("timeout")
        return super().task(*given, **{"retry_delay": 0, **options})

    def enqueue(self, task: Any, *given: Any, **options: Any) -> Any:
        found = super().enqueue(task, *given, **options)
        if isinstance(found, list):
            return ResultGroup(found)
        return Result(self, task) if isinstance(found, JobId) and isinstance(task, JobTask) else found

    def dequeue(self) -> Any:
        """Claim the next job; its attempt waits for :meth:`execute`."""
        self.storage.promote(self.database.clock())
        self.storage.find_lanes()
        self.work._size = 1
        claims, started = self.work._claim()
        if not claims:
            return None
        task = self.task_of(claims[0])
        self.taken[task.id] = started or self.work._attempt(claims[0])
        return task

    def execute(self, task: Any, timestamp: datetime.datetime | None = None) -> Any:
        """What the tests call, and what the attempt calls then."""
        if task.attempt is not None:
            value = self.returned[task.id] = super().execute(task, self.at or timestamp)
            return value
        self.at = timestamp
        self.work._run_alone(self.taken.pop(task.id))
        return self.returned.pop(task.id, None)


def deviations() -> set[str]:
    """The tests that the page names."""
    return set(re.findall(r"`(\w+\.test_\w+)`", PAGE.read_text(encoding="utf-8")))


@cache
def suite() -> dict[str, unittest.TestCase]:
    """Huey's tests by class and name."""
    if importlib.util.find_spec("huey.tests") is None:
        return {}
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec(
            "redis"
        ):  # else its tests look for a server of it, with ten tries in five seconds
            patch.setattr("redis.Redis.info", lambda _: {"redis_version": "0"})
        modules = [importlib.import_module(f"huey.tests.{name}") for name in MODULES]
    for name, module in zip(MODULES, modules, strict=True):
        if name == "test_storage":
            kind = type(STORAGE, (module.StorageTests, module.BaseTestCase), {})
            tests: Any = unittest.defaultTestLoader.loadTestsFromTestCase(kind)
        else:
            tests = unittest.defaultTestLoader.loadTestsFromModule(module)
        for test in _each(tests):
            found[f"{type(test).__name__}.{test._testMethodName}"] = test
    return found


def _each(tests: Any) -> Iterator[unittest.TestCase]:
    for test in tests:
        yield from _each(test) if isinstance(test, unittest.TestSuite) else [test]


@pytest.mark.skipif(not suite(), reason="this Huey was installed without its tests")
@pytest.mark.parametrize("name", suite())
def test_hueys_own_test_passes_or_is_explained(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    from huey.tests.base import BaseTestCase

    made: list[AdaptedQueue] = []

    def get_huey(_: Any) -> AdaptedQueue:
        made.append(AdaptedQueue())
        return made[-1]

    monkeypatch.setattr(BaseTestCase, "get_huey", get_huey)
    test = suite()[name]
    monkeypatch.setattr(type(test), "get_huey", get_huey)
    result = unittest.TextTestResult(unittest.runner._WritelnDecorator(io.StringIO()), False, 0)  # type: ignore[attr-defined]
    test.run(result)
    for queue in made:
        queue.database.return_to(0)
        queue.close()
    wrong = [text for _, text in (*result.failures, *result.errors)]
    if name in deviations():
        assert wrong, f"{name} passes now; {PAGE.name} still says that it deviates"
    else:
        assert wrong == [], wrong[0]


@pytest.mark.skipif(not suite(), reason="this Huey was installed without its tests")
def test_page_names_tests_that_there_are() -> None:
    assert deviations() - suite().keys() == set()
