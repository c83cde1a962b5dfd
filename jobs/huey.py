"""What this package uses of Huey, loaded without the clients of storages that are not used here.

Huey imports the clients of Redis and of other servers, where they are installed; the first costs every command 50 ms and 10 MB.
"""

from __future__ import annotations

from db.hiding import DRIVERS, hidden

with hidden("redis", *DRIVERS):
    from huey import SKIPPED, Error, SqliteHuey, chord, group, signals
    from huey.api import Task, TaskWrapper
    from huey.constants import EmptyData
    from huey.consumer import Consumer, Scheduler, Worker, WorkerRecycle
    from huey.exceptions import RetryTask, TaskTimeout
    from huey.registry import Registry
    from huey.serializer import Serializer
    from huey.storage import SqliteStorage
    from huey.utils import ChordConfig

__all__ = [
    "SKIPPED",
    "ChordConfig",
    "Consumer",
    "EmptyData",
    "Error",
    "Registry",
    "RetryTask",
    "Scheduler",
    "Serializer",
    "SqliteHuey",
    "SqliteStorage",
    "Task",
    "TaskTimeout",
    "TaskWrapper",
    "Worker",
    "WorkerRecycle",
    "chord",
    "group",
    "signals",
]
