"""Huey's consumer, with threads that claim jobs and a maintenance thread instead of its scheduler."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable
from typing import Any

from db.clock import SECOND
from jobs.complaint import Complaint
from jobs.errors import Abandoned
from jobs.huey import Consumer, Scheduler, Worker, WorkerRecycle
from jobs.huey_hooks import HueyHooks
from jobs.maintenance import TICK, Maintenance
from jobs.periodic import PeriodicJobs
from jobs.poller import PATIENCE, Poller, Seat
from jobs.worker_thread import WorkerThread

log = logging.getLogger("jobs")


REST = 5.0
"""Seconds without a job after which a thread gives back the memory of its connection."""


class HueyWorker(Worker):  # type: ignore[misc]
    """Huey's loop around a :class:`WorkerThread`: works as long as there are jobs, then waits for the bell."""

    def __init__(self, *, work: WorkerThread, patience: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.work = work
        self._complaint = Complaint("a worker could not use the database: %s")
        self.patience = patience
        """Seconds after which it looks by itself; None: the engine's."""
        self._worked_at: float | None = None
        """When it last had a job; None: its connection holds no memory since."""

    def loop(self, now: Any = None) -> None:
        bell = self.huey.storage.bell
        heard = bell.rings
        try:
            worked = self.work.work(on=True)
        except (*self.huey.engine.errors, Abandoned) as error:
            self._complaint.log(error)
            self.stop_flag.wait(1.0)
            return
        if self.work.abandoned:
            raise WorkerRecycle  # another thread has this one's place
        if worked:
            self._worked_at = time.monotonic()
        elif not self.stop_flag.is_set():
            bell.wait(heard, self._patience())
            if self._worked_at is not None and time.monotonic() - self._worked_at >= REST:
                self._worked_at = None
                with contextlib.suppress(*self.huey.engine.errors):
                    self.huey.database.release_memory()

    def _patience(self) -> float:
        """Until a job that waits for the rate of its kind may begin, or the engine's patience."""
        free, patience = self.huey.storage.next_place, float(self.patience or self.huey.engine.patience)
        if free is None:
            return patience
        return float(min(patience, max(0.001, (free - self.huey.database.clock()) / SECOND)))


class HueyScheduler(Scheduler):  # type: ignore[misc]
    """Huey's loop around a worker's :class:`Maintenance`."""

    def __init__(self, *, maintenance: Maintenance, **options: Any) -> None:
        super().__init__(**options)
        self.maintenance = maintenance

    def loop(self, now: Any = None) -> None:
        began = time.monotonic()
        self.maintenance.tick()
        self.sleep_for_interval(began, TICK)


class JobWorker(Consumer):  # type: ignore[misc]
    """Runs a queue's jobs in ``threads`` threads of this process. Installs no signal handlers."""

    def __init__(
        self,
        queue: HueyHooks,
        periodic: PeriodicJobs,
        threads: int = 1,
        queues: Iterable[str] | None = None,
        poller: Poller | None = None,
    ) -> None:
        if threads < 1:
            raise ValueError("a worker needs at least one thread")
        self.queue = queue
        self.serves = frozenset(queues) if queues is not None else None
        self.is_running = False
        self.maintenance = Maintenance(queue, periodic, self)
        self.poller = poller
        super().__init__(queue, workers=threads, check_worker_health=True)

    def _create_worker(self) -> HueyWorker:
        return HueyWorker(
            work=WorkerThread(self.queue, self.stop_flag, self.serves),
            patience=None if self.poller is None else PATIENCE,
            huey=self.queue,
            stop_flag=self.stop_flag,
            default_delay=self.default_delay,
            max_delay=self.max_delay,
            backoff=self.backoff,
        )

    def _create_scheduler(self) -> HueyScheduler:
        return HueyScheduler(
            maintenance=self.maintenance,
            huey=self.queue,
            stop_flag=self.stop_flag,
            interval=1,
            periodic=False,
        )

    def _create_process(self, process: Any, name: str) -> threading.Thread | Seat:
        """A thread; for the maintenance, a seat with the poller that several workers share."""
        if isinstance(process, HueyScheduler) and self.poller is not None:
            return self.poller.seat(process.maintenance)
        made: threading.Thread = super()._create_process(process, name)
        return made

    @property
    def threads(self) -> list[WorkerThread]:
        """What each thread does."""
        return [worker.work for worker, _ in self.worker_threads]

    def _set_signal_handlers(self) -> None:
        """The program decides what a signal means; and off the main thread it would not even be possible."""

    def start(self) -> None:
        """Register as a worker, rescue the jobs of dead ones, start the threads."""
        self.queue.owner.beat(self.workers)
        self.maintenance.begin()
        self.queue.batches = [*self.queue.batches, *(each.batch for each in self.threads)]
        self.is_running = True
        super().start()

    def check_worker_health(self) -> bool:
        """Give the place of a thread that died to a new one. True: all lived."""
        dead = [
            worker.work
            for worker, thread in self.worker_threads
            if thread.ident is not None and not thread.is_alive()
        ]
        if self.stop_flag.is_set():
            return True
        for each in dead:
            log.error("a worker thread died and is replaced")
            self.replace(each)
        return not dead

    def replace(self, hung: WorkerThread) -> None:
        """Give the place of a thread whose job was taken over to a new one."""
        hung.abandoned = True
        for number, (worker, _) in enumerate(self.worker_threads):
            if worker.work is hung:
                fresh = self._create_worker()
                thread = self._create_process(fresh, f"Worker-{number + 1}")
                self.worker_threads[number] = (fresh, thread)
                others = [each for each in self.queue.batches if each is not hung.batch]
                self.queue.batches = [*others, fresh.work.batch]
                thread.start()

    def stop(self, timeout: float | None = None, graceful: bool = True) -> bool:
        """Stop claiming, let running jobs finish (long ones end at their next chunk), keep what waits.

        Waits up to ``timeout`` seconds (None: as long as it takes). False: a job still ran; its thread dies with the
        process, and the next worker takes the job up again.
        """
        self.stop_flag.set()
        if not self.is_running:
            return True
        self.queue.storage.bell.ring_all()
        deadline = None if timeout is None else time.monotonic() + timeout
        threads: list[threading.Thread] = [thread for _, thread in self.worker_threads]
        for thread in threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        self.scheduler.join(None if deadline is None else max(0.2, deadline - time.monotonic()))
        mine = [each.batch for each in self.threads]
        self.queue.batches = [each for each in self.queue.batches if each not in mine]
        finished = not any(thread.is_alive() for thread in threads)
        self.is_running = not finished
        if finished and not self.queue.batches:
            self.queue.close()
        return finished
