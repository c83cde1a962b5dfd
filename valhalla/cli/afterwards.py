"""What follows a command that taught the stages something: leads are decided again, here or by the running instance."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from valhalla.cli.progress import begin_bar

if TYPE_CHECKING:
    from jobs import JobId, JobState
    from valhalla.service.program import Program

PATIENCE = 1.5
"""Seconds that a command works on the re-evaluation itself when nothing else runs on the home."""

EACH = 0.5
"""Seconds between two looks at how far it is, for a person at a terminal."""

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
            state = _ended(program, job_id, patience)
        except WaitTimeout:
            return {"decided": 0, "finished": False, "running": False}
        finally:
            worker.stop(timeout=2.0)
            program.database.checkpoint()
    finally:
        instance.release()
    decided = state.result["decided"] if state.state == "done" and state.result else 0
    return {"decided": decided, "finished": state.state == "done", "running": False}


def _ended(program: Program, job_id: JobId, patience: float) -> JobState:
    """The job when it has ended; at a terminal a bar says how far it is. Raises :class:`jobs.WaitTimeout`."""
    from jobs import WaitTimeout, running_jobs
    from valhalla.scoring.jobs import JOB

    until, bar = time.monotonic() + patience, None
    try:
        while True:
            left = until - time.monotonic()
            try:
                return program.queue.wait(job_id, timeout=min(EACH, left))
            except WaitTimeout:
                if left <= EACH:
                    raise
            if not sys.stdout.isatty():
                continue
            # an earlier one, that goes first, has the same to do
            progress = next((job.progress for job in running_jobs(program.database) if job.name == JOB), None)
            if progress:
                bar = bar or begin_bar()
                counts = f"{progress['leads']:,} of {progress['of']:,} leads"
                task = bar.task_ids[0] if bar.task_ids else bar.add_task("Deciding again", counts="")
                bar.update(task, completed=progress["leads"], total=progress["of"], counts=counts)
    finally:
        if bar is not None:
            bar.stop()


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
