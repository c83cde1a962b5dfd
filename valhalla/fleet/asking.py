"""Work that is sent to the owner of a workspace, by the queue on the fleet's server.

A job says the workspace and what to do, never whom it is about. Each workspace has a queue of its own there, which its owner serves; so
what waits goes to the next owner when that one dies. Its effect, a job in the file's own queue, and the note that it was applied are
one transaction of the file, before the server hears that it is done: what is handed out twice is applied once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import jobs
from jobs import JobQueue, JobWrapper, note_applied
from valhalla.program.errors import UsageError

WORK = {
    "lists": "ingest.cycle",
    "decide": "stages.nightly",
    "digest": "digest.write",
    "packets": "packets.refresh",
    "copy": "audit.copy",
}
"""What can be asked for, and the job of the workspace that does it."""

AGAIN = 1.0
"""Seconds until a job for a workspace that is just starting or moving is tried again."""


def _queue_of(workspace: str) -> str:
    return f"workspace:{workspace}"


class Post:
    """The fleet's queue. ``local``: a workspace's own queue where it is at work in this process, with the epoch; else None."""

    def __init__(
        self, url: str, local: Callable[[str], tuple[JobQueue, int] | None] = lambda name: None
    ) -> None:
        self._local = local
        self.queue = JobQueue(jobs.PostgresEngine(url, connections=2), "fleet")
        self._worker: jobs.JobWorker | None = None
        self._kinds: dict[str, JobWrapper] = {}

    def ask(self, workspace: str, what: str) -> int:
        """Put a job into the workspace's queue; returns its number. Raises :class:`UsageError`."""
        if what not in WORK:
            raise UsageError(f"{what!r} cannot be asked of a workspace; use {', '.join(WORK)}")
        return int(self.queue.enqueue(self._declared(workspace).s(workspace, what)))

    def serve(self, workspaces: Iterable[str]) -> None:
        """Do the jobs of these workspaces, which are this machine's, from now on."""
        wanted = frozenset(workspaces)
        for name in wanted:
            self._declared(name)
        serves = frozenset(map(_queue_of, wanted))
        if self._worker is None:
            self._worker = self.queue.worker(threads=1, queues=serves)
            self._worker.start()
        elif self._worker.serves != serves:
            self._worker.serves = serves
            for thread in self._worker.threads:
                thread.serves = serves

    def _declared(self, workspace: str) -> JobWrapper:
        if workspace not in self._kinds:
            kind = self.queue.task(name=f"fleet.{workspace}", queue=_queue_of(workspace), retries=5)
            self._kinds[workspace] = kind(self._do)
        return self._kinds[workspace]

    def _do(self, workspace: str, what: str) -> None:
        job, found = jobs.current_job(), self._local(workspace)
        assert job is not None
        if found is None:
            raise jobs.Snooze(AGAIN)
        queue, epoch = found
        with queue.database.write(durable=True):
            if note_applied(queue.database, job.id, epoch):
                queue.run_now(WORK[what])

    def close(self) -> None:
        """Take no more jobs, and let go of the server."""
        if self._worker is not None:
            self._worker.stop(timeout=5)
        self.queue.shut()
