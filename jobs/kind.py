"""A kind of job as it is declared, and its handler as a Huey task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from jobs.huey import Registry, Task, TaskWrapper
from jobs.retry import Retry


@dataclass(frozen=True)
class Kind:
    """The options of ``@queue.task(...)``."""

    name: str
    queue: str
    atomic: bool = False
    """The whole handler works inside the transaction that acknowledges it; for handlers that touch nothing but the database."""
    durable: bool = False
    """Its enqueueing and its end survive a power failure, not only a crash."""
    time_limit: float | None = None
    """Seconds. Past it :meth:`jobs.CurrentJob.check` raises, the lease is no longer extended and an alert is raised."""
    retry: Retry = field(default_factory=Retry)
    priority: int = 0
    concurrency: int | None = None
    """How many of this kind may run at a time, over all workers and processes."""
    rate: tuple[int, float] | None = None
    """So many of this kind may begin in any so many seconds, over all workers and processes."""
    max_result: int | None = None
    """Characters of JSON that a result may have; a longer one is a failure that is not tried again."""
    keep: bool = True
    """Keep the row after success, until it is pruned."""
    keep_result: bool = True
    """Keep what the handler returns, which then has to be JSON. Without it, whatever is returned is given to the next step alone."""

    by_hand: bool = False
    """A person may make its jobs, and change them before they begin."""

    @cached_property
    def lane(self) -> str:
        """Where its rows wait: kinds with a limit have a lane of their own, so that they do not block others."""
        return self.name if self.concurrency is not None or self.rate is not None else ""


class Runner(Protocol):
    """Calls the handler of a task: the attempt that the task belongs to."""

    def run(self, body: Callable[[JobTask], Any], task: JobTask) -> Any:
        """Call ``body`` with ``task``."""


class JobTask(Task):  # type: ignore[misc]
    """A Huey task that knows its kind and, while it runs, its attempt."""

    kind: Kind
    attempt: Runner | None = None

    def create_id(self) -> str:
        """Empty: the id of a job is the number of its row, which it does not have yet."""
        return ""

    def named(self, row_id: int) -> None:
        """Take the number of the task's row as its id."""
        self.id = str(row_id)
        self.revoke_id = f"r:{row_id}"


class JobWrapper(TaskWrapper):  # type: ignore[misc]
    """What ``@queue.task`` returns. ``handler.s(...)`` makes a job, ``handler.enqueue(...)`` puts one into the queue."""

    task_base = JobTask

    def create_task(
        self, func: Callable[..., Any], context: bool = False, name: str | None = None, **settings: Any
    ) -> Any:
        task_class = super().create_task(func, context, name, **settings)
        body = task_class.execute

        def execute(task: JobTask) -> Any:
            attempt = task.attempt
            if attempt is None:
                return body(task)
            around = self.huey.around
            return attempt.run(around(body) if around is not None else body, task)

        task_class.execute = execute
        return task_class

    def s(self, *args: Any, **kwargs: Any) -> Any:
        """A job with these arguments, to be enqueued or to follow another one."""
        return super().s(*args, **kwargs) if kwargs else self.task_class(args, {})

    def enqueue(
        self,
        *args: Any,
        unique: str | None = None,
        scope: str = "running",
        period: float | None = None,
        priority: int | None = None,
        delay: float | None = None,
        eta: Any = None,
        expires: Any = None,
        tags: Sequence[str] = (),
        correlation_id: str | None = None,
        after: Iterable[int] = (),
        **kwargs: Any,
    ) -> Any:
        """Put a job with these arguments into the queue; returns its :class:`jobs.JobId`. The options are those of
        :meth:`jobs.JobQueue.enqueue`, which also takes a handler's arguments of the same names: ``queue.enqueue(handler.s(...))``.
        """
        return self.huey.enqueue(
            self.s(*args, **kwargs), unique=unique, scope=scope, period=period, priority=priority, delay=delay,
            eta=eta, expires=expires, tags=tags, correlation_id=correlation_id, after=after,
        )  # fmt: skip

    @property
    def kind(self) -> Kind:
        """The options it was declared with."""
        kind: Kind = self.task_class.kind
        return kind


class JobRegistry(Registry):  # type: ignore[misc]
    """Handlers by their declared name alone, so that moving a function to another module loses no jobs."""

    def task_to_string(self, task_class: type[JobTask]) -> str:
        return task_class.__name__

    def task_class(self, name: str) -> type[JobTask] | None:
        """The class of the handler ``name``, or None."""
        found: type[JobTask] | None = self._registry.get(name)
        return found
