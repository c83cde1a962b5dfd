"""What follows a command that taught the stages something: leads are decided again, here or by the running instance."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from valhalla.cli.invocation import Invocation

if TYPE_CHECKING:
    from db import Database
    from jobs import JobId
    from valhalla.running.background import Background

PATIENCE = 3.0
"""Seconds that a command works on the re-evaluation itself when nothing else runs on the home."""


@contextlib.contextmanager
def teaching(inv: Invocation) -> Iterator[tuple[Database, Background]]:
    """The file, for a command that changes what the stages know, and the jobs that follow."""
    from jobs import JobQueue
    from valhalla.running.background import Background

    with inv.writing() as database:
        yield database, Background(database, JobQueue(database), inv.home)


def follow_up(
    inv: Invocation, background: Background, job_id: JobId, patience: float = PATIENCE
) -> dict[str, int] | None:
    """Work on the job for a while if nothing else does. Returns what it did, or None when it goes on in the background."""
    from db.errors import InstanceRunning
    from db.instance import Instance
    from jobs import WaitTimeout
    from valhalla.running.background import QUEUE

    instance = Instance(inv.home.path)
    try:
        instance.acquire("re-evaluation")
    except InstanceRunning:
        return None
    try:
        worker = background.queue.worker(threads=1, queues=[QUEUE])
        worker.start()
        try:
            state = background.queue.wait(job_id, timeout=patience)
        except WaitTimeout:
            return None
        finally:
            worker.stop(timeout=2.0)
            background.database.checkpoint()
    finally:
        instance.release()
    return state.result if state.state == "done" else None


def say_follow_up(done: dict[str, int] | None) -> None:
    """Tell what became of the other leads, where there is something to tell."""
    if done is None:
        print("Other leads are decided again in the background; see: valhalla jobs list", file=sys.stderr)
    elif done["decided"]:
        print(f"{done['decided']:,} leads were decided again.")
