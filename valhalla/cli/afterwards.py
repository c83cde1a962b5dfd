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
    from valhalla.service.background import Background

PATIENCE = 1.5
"""Seconds that a command works on the re-evaluation itself when nothing else runs on the home."""


@contextlib.contextmanager
def teaching(inv: Invocation) -> Iterator[tuple[Database, Background]]:
    """The file, for a command that changes what the stages know, and the jobs that follow."""
    from jobs import JobQueue
    from valhalla.service.background import Background

    with inv.writing() as database:
        yield database, Background(database, JobQueue(database), inv.home)


def follow_up(
    inv: Invocation, background: Background, job_id: JobId, patience: float = PATIENCE
) -> dict[str, int | bool]:
    """Work on the job for a while if nothing else does. Returns what was done so far; ``finished`` says whether that is all,
    ``running`` whether another process goes on with it."""
    from db.errors import InstanceRunning
    from db.instance import Instance
    from jobs import WaitTimeout
    from valhalla.service.background import QUEUE

    instance = Instance(inv.home.path)
    try:
        instance.acquire("re-evaluation")
    except InstanceRunning:
        return {"decided": 0, "finished": False, "running": True}
    try:
        worker = background.queue.worker(threads=1, queues=[QUEUE])
        worker.start()
        try:
            state = background.queue.wait(job_id, timeout=patience)
        except WaitTimeout:
            return {"decided": 0, "finished": False, "running": False}
        finally:
            worker.stop(timeout=2.0)
            background.database.checkpoint()
    finally:
        instance.release()
    decided = state.result["decided"] if state.state == "done" and state.result else 0
    return {"decided": decided, "finished": state.state == "done", "running": False}


def say_follow_up(done: dict[str, int | bool]) -> None:
    """Tell what became of the other leads, where there is something to tell."""
    if done["finished"]:
        if done["decided"]:
            print(f"{done['decided']:,} leads were decided again.")
    elif done["running"]:
        print("The running Valhalla decides again on the leads it concerns.", file=sys.stderr)
    else:
        print("Many leads are concerned; Valhalla decides on the rest when it runs next.", file=sys.stderr)
