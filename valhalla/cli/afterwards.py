"""What follows a command that taught the stages something: leads are decided again, here or by the running instance."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs import JobId
    from valhalla.service.program import Program

PATIENCE = 1.5
"""Seconds that a command works on the re-evaluation itself when nothing else runs on the home."""


Done = dict[str, int | bool]


def follow_up(program: Program, job_id: JobId | None, patience: float = PATIENCE) -> Done | None:
    """Work on the job for a while if nothing else does. Returns what was done so far; ``finished`` says whether that is all,
    ``running`` whether another process goes on with it. None: there is no job, because nothing changed."""
    from db.errors import InstanceRunning
    from jobs import WaitTimeout
    from valhalla.program.instance import Instance
    from valhalla.scoring.jobs import QUEUE

    if job_id is None:
        return None
    instance = Instance(program.home.path)
    try:
        instance.acquire("re-evaluation")
    except InstanceRunning:
        return {"decided": 0, "finished": False, "running": True}
    try:
        worker = program.queue.worker(threads=1, queues=[QUEUE])
        worker.start()
        try:
            state = program.queue.wait(job_id, timeout=patience)
        except WaitTimeout:
            return {"decided": 0, "finished": False, "running": False}
        finally:
            worker.stop(timeout=2.0)
            program.database.checkpoint()
    finally:
        instance.release()
    decided = state.result["decided"] if state.state == "done" and state.result else 0
    return {"decided": decided, "finished": state.state == "done", "running": False}


def say_follow_up(done: Done | None) -> None:
    """Report what became of the other leads, where there is something to report."""
    if done is None:
        return
    if done["finished"]:
        if done["decided"]:
            print(f"{done['decided']:,} leads were decided again.")
    elif done["running"]:
        print("The running Valhalla decides again on the leads it concerns.", file=sys.stderr)
    else:
        print("Many leads are concerned; Valhalla decides on the rest when it runs next.", file=sys.stderr)
