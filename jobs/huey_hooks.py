"""How Huey's execution of a task reports to the delivery it belongs to, instead of to tables of its own."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from jobs import message
from jobs.current import _current
from jobs.errors import PayloadError
from jobs.huey import Error, SqliteHuey
from jobs.huey import signals as S
from jobs.kind import JobRegistry, JobTask, JobWrapper
from jobs.serializer import payload_from_json, to_json
from jobs.state import ENDED
from jobs.storage import Claim, JobStorage

if TYPE_CHECKING:
    from db import Database
    from jobs.attempt import Delivery
    from jobs.liveness import WorkerRegistration
    from jobs.notify import Endings
    from jobs.signals import Signals


class Bookkeeping(SqliteHuey):  # type: ignore[misc]
    """The hooks of :class:`huey.Huey` that a job passes on its way."""

    database: Database
    storage: JobStorage
    events: Signals
    endings: Endings
    _registry: JobRegistry
    _owner: WorkerRegistration | None

    def get_task_wrapper_class(self) -> type[JobWrapper]:
        return JobWrapper

    # -- from the row, and to those who listen -------------------------------------------------------------

    def task_of(self, claim: Claim) -> JobTask:
        """The task that a claimed row describes. Raises ``BadRow`` or ``UnknownHandler``."""
        task = message.task_of(self._registry, claim.name, payload_from_json(claim.payload))
        task.named(claim.id)
        if task.retries:
            task.retries = max(0, task.retries - claim.failures)
        if claim.expires is not None:
            task.expires = task.expires_resolved = _naive(claim.expires)
        return task

    def job(self, name: str) -> JobTask:
        """A job of the handler ``name`` without arguments. Raises ``UnknownHandler``."""
        return message.task_of(self._registry, name, {})

    def settled(self, delivery: Delivery, state: str) -> None:
        """A job's end (or its retry) has been committed: tell those who listen."""
        if delivery.signals and self._has_receivers():
            for signal, task, args in delivery.signals:
                self._signal.send(signal, task, *args)
        if self.events:
            self.events.settled(delivery, state)
        if self.endings and state in ENDED:
            self.endings.ended(delivery.claim.id)
        if delivery.retry_due is not None or delivery.kind.concurrency is not None:
            self.storage.bell.ring()

    def report(self, event: str, claim: Claim, reason: str) -> None:
        """Something happened to a job that its own end does not tell."""
        self.events.send(
            event, claim.id, claim.name, claim.queue, claim.correlation_id, claim.parent_id, reason
        )

    # -- what Huey's execution calls -----------------------------------------------------------------------

    def _has_receivers(self) -> bool:
        receivers = self._signal.receivers
        return len(receivers) > 1 or bool(receivers["any"])

    def _emit(self, signal: str, task: Any, *args: Any, **kwargs: Any) -> None:
        delivery: Delivery | None = getattr(task, "delivery", None)
        heard = self._has_receivers()
        if delivery is not None and signal != S.SIGNAL_EXECUTING:
            delivery.note(signal, task, args, keep=heard)
            if signal == S.SIGNAL_REVOKED:
                self.storage.delete_data(task.revoke_id)  # it has served
        elif heard:
            self.database.after_commit(lambda: self._signal.send(signal, task, *args, **kwargs))

    def put_result(self, key: str, data: Any) -> None:
        """A job's own result goes into its row; members of a chord leave theirs in the key-value store."""
        current = _current.get()
        if not key or (isinstance(data, Error) and not key.startswith("chord:")):
            return  # the error is in the row and in its history
        if current is not None and key == str(current.id):
            delivery = current._delivery
            try:
                delivery.result = to_json(data, f"the result of {current.name}")
            except PayloadError as error:
                delivery.lost_result = str(error)
            return
        super().put_result(key, data)

    def delete(self, key: str) -> bool:
        current = _current.get()
        if current is not None and key.startswith("r:") and not current._delivery.may_be_revoked:
            return False  # Huey clears a revocation after each job; there are none
        return bool(super().delete(key))

    def put_if_empty(self, key: str, data: Any, ttl: float | None = None) -> bool:
        """Locks belong to the worker that takes them: they are freed when it dies."""
        owner = self._owner.id if self._owner is not None and ".lock." in key else None
        return self.storage.put_if_empty(key, self.serializer.serialize(data), ttl, owner)

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        delivery: Delivery | None = getattr(task, "delivery", None)
        if delivery is not None and not delivery.may_be_revoked:
            return False
        return bool(super().is_revoked(task, timestamp, peek))

    def _revoke_keys(self, task: Any) -> list[str]:
        if isinstance(task, int):
            return [f"r:{int(task)}"]
        return list(super()._revoke_keys(task))

    def _requeue_task(
        self, task: JobTask, timestamp: Any, retry_eta: datetime.datetime | None = None
    ) -> None:
        delivery = task.delivery
        if delivery is None:
            raise RuntimeError("only a delivered job can be tried again")
        task.retries -= 1
        used = max(
            0, delivery.retries_left - task.retries
        )  # none for RetryTask and the like: Huey gave one more
        seconds = getattr(
            delivery.error, "delay", None
        )  # RetryTask, RateLimitExceeded; Huey reads the wall clock
        due = None
        if seconds is not None and getattr(delivery.error, "eta", None) is None:
            due = self.database.clock() + int(seconds * SECOND)
        elif retry_eta is not None:
            due = int(retry_eta.replace(tzinfo=datetime.UTC).timestamp() * SECOND)
        delivery.again(delivery.claim.failures + used, due)

    def add_schedule(self, task: JobTask) -> None:
        self.enqueue(task)

    def serialize_task(self, task: JobTask) -> str:
        return to_json(message.message_of(task), f"the arguments of {task.kind.name}")

    def deserialize_task(self, data: Any) -> JobTask:
        body = payload_from_json(data.decode("utf-8") if isinstance(data, bytes) else data)
        return message.task_of(self._registry, str(body.get("name")), body)


def _naive(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).replace(tzinfo=None)
