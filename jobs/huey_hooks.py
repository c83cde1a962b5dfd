"""The hooks through which Huey, executing a task, reports to the job's attempt instead of writing tables of its own."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

from db.clock import SECOND
from jobs import message
from jobs.attempt import ENDS_BY_SIGNAL, Attempt
from jobs.core import NOT_A_WORKER, Core
from jobs.engine import Claim, Engine
from jobs.errors import BadRow, JobsError
from jobs.here import CURRENT_JOB
from jobs.huey import Error, SqliteHuey
from jobs.huey import signals as S
from jobs.kind import JobRegistry, JobTask, JobWrapper
from jobs.serializer import JsonSerializer, from_json, payload_from_json, to_json
from jobs.state import ENDED
from jobs.storage import JobStorage

SEALED = "sealed"
"""In a payload or result that is encrypted: the key of what is."""

_NO_LIMIT = contextlib.nullcontext()


class HueyHooks(Core, SqliteHuey):  # type: ignore[misc]
    """A :class:`huey.Huey` that keeps its books in the job's row."""

    def __init__(self, engine: Engine, name: str, lease: float, max_lost: int) -> None:
        Core.__init__(self, engine, name, lease, max_lost)
        SqliteHuey.__init__(
            self, name, results=True, store_intermediate_errors=False, serializer=JsonSerializer()
        )
        self._registry = JobRegistry()

    def create_storage(self) -> JobStorage:
        return self.storage

    def get_task_wrapper_class(self) -> type[JobWrapper]:
        return JobWrapper

    # -- from the row, and to subscribers ------------------------------------------------------------------

    def task_of(self, claim: Claim) -> JobTask:
        """The task that a claimed row describes. Raises ``BadRow`` or ``UnknownHandler``."""
        task = message.task_of(self._registry, claim.name, self.opened(payload_from_json(claim.payload)))
        task.named(claim.id)
        if task.retries:
            task.retries = max(0, task.retries - claim.failures)
        if claim.expires is not None:
            task.expires = task.expires_resolved = _naive(claim.expires)
        return task

    def sealed(self, text: str) -> str:
        """JSON ``text`` as it is kept: encrypted, where the queue has a key."""
        if self.cipher is None:
            return text
        return to_json({SEALED: self.cipher.encrypt(text.encode()).decode("ascii")}, "what is sealed")

    def opened(self, value: Any) -> Any:
        """The value that :meth:`sealed` hid in ``value``; any other as it is. Raises ``BadRow`` without the key."""
        if not isinstance(value, dict) or SEALED not in value:
            return value
        if self.cipher is None:
            raise BadRow("it is encrypted, and this queue was opened without a cipher")
        try:
            text = self.cipher.decrypt(str(value[SEALED]).encode("ascii")).decode()
        except Exception as error:  # each library has its own
            raise BadRow("it is encrypted with another key, or was altered") from error
        inside = from_json(text, "what was sealed")
        rest = {key: each for key, each in value.items() if key != SEALED}
        return {**inside, **rest} if isinstance(inside, dict) else inside

    def job(self, name: str) -> JobTask:
        """A job of the handler ``name`` without arguments. Raises ``UnknownHandler``."""
        return message.task_of(self._registry, name, {})

    def settled(self, attempt: Attempt, state: str) -> None:
        """A job's end (or its retry) has been committed: notify subscribers and waiting threads."""
        if attempt.signals and self._has_receivers():
            for signal, task, args in attempt.signals:
                self._signal.send(signal, task, *args)
        if self.events:
            self.events.settled(attempt, state)
        if self.endings and state in ENDED:
            self.endings.ended(attempt.claim.id)
        if attempt.retry_due is not None or attempt.kind.concurrency is not None:
            self.storage.bell.ring()

    def periodic_task(self, *args: Any, **options: Any) -> Any:
        """Huey's way to declare a periodic job, which would never run here. Raises :class:`JobsError` with the way to do it."""
        raise JobsError(
            'declare periodic jobs with @queue.cron("0 7 * * *", name=...) or @queue.every(60, name=...): '
            "each slot is taken once over all processes"
        )

    @property
    def has_post_hooks(self) -> bool:
        """Whether Huey calls something after each job, in the transaction that ends it."""
        return bool(self._post_execute)

    # -- what Huey's execution calls -----------------------------------------------------------------------

    def _has_receivers(self) -> bool:
        receivers = self._signal.receivers
        return len(receivers) > 1 or bool(receivers["any"])

    def _emit(self, signal: str, task: Any, *args: Any, **kwargs: Any) -> None:
        heard = self._has_receivers()
        if not heard and signal not in ENDS_BY_SIGNAL:
            return
        attempt: Attempt | None = getattr(task, "attempt", None)
        if attempt is not None and signal != S.SIGNAL_EXECUTING:
            attempt.note(signal, task, args, keep=heard)
            if signal == S.SIGNAL_REVOKED:
                self.storage.delete_data(task.revoke_id)  # it has been applied
        elif heard:
            self.database.after_commit(lambda: self._signal.send(signal, task, *args, **kwargs))

    def _timeout_context(self, task: JobTask) -> Any:
        return _NO_LIMIT  # Huey cannot interrupt threads either, and makes a generator for each task

    def put_result(self, key: str, data: Any) -> None:
        """A job's own result goes into its row; members of a chord leave theirs in the key-value store."""
        current = CURRENT_JOB.get()
        if not key or (isinstance(data, Error) and not key.startswith("chord:")):
            return  # the error is in the row and in its history
        if current is not None and key == str(current.id):
            return  # the attempt has it
        super().put_result(key, data)

    def delete(self, key: str) -> bool:
        current = CURRENT_JOB.get()
        if current is not None and key.startswith("r:") and not current.attempt.may_be_revoked:
            return False  # Huey clears a revocation after each job; there are none
        return bool(super().delete(key))

    def put_if_empty(self, key: str, data: Any, ttl: float | None = None) -> bool:
        """Locks belong to the worker that takes them: they are freed when it dies."""
        owner = self.owner_id if ".lock." in key and self.owner_id != NOT_A_WORKER else None
        return self.storage.put_if_empty(key, self.serializer.serialize(data), ttl, owner)

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        attempt: Attempt | None = getattr(task, "attempt", None)
        if attempt is not None and not attempt.may_be_revoked:
            return False
        return bool(super().is_revoked(task, timestamp, peek))

    def _revoke_keys(self, task: Any) -> list[str]:
        if isinstance(task, int):
            return [f"r:{int(task)}"]
        return list(super()._revoke_keys(task))

    def _requeue_task(
        self, task: JobTask, timestamp: Any, retry_eta: datetime.datetime | None = None
    ) -> None:
        attempt = task.attempt
        if not isinstance(attempt, Attempt):
            raise RuntimeError("only a job that is running can be tried again")
        task.retries -= 1
        # None for RetryTask and the like: Huey gave one more.
        used = max(0, attempt.retries_left - task.retries)
        # RetryTask, RateLimitExceeded; Huey reads the wall clock.
        seconds = getattr(attempt.error, "delay", None)
        due = None
        if seconds is not None and getattr(attempt.error, "eta", None) is None:
            due = self.database.clock() + int(seconds * SECOND)
        elif retry_eta is not None:
            due = int(retry_eta.replace(tzinfo=datetime.UTC).timestamp() * SECOND)
        attempt.retry_at(attempt.claim.failures + used, due)

    def add_schedule(self, task: JobTask) -> None:
        self.enqueue(task)

    def serialize_task(self, task: JobTask) -> str:
        return to_json(message.message_of(task), f"the arguments of {task.kind.name}")

    def deserialize_task(self, data: Any) -> JobTask:
        body = payload_from_json(data.decode("utf-8") if isinstance(data, bytes) else data)
        return message.task_of(self._registry, str(body.get("name")), body)


def _naive(at: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at / SECOND, datetime.UTC).replace(tzinfo=None)
