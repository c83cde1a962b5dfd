"""What all parts of a queue share: the database, the declared kinds, the workers, the subscribers, and the maintenance duties."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from db.clock import SECOND
from jobs.batch import Batch
from jobs.engine import Claim, Engine, Registration
from jobs.kind import JobWrapper, Kind
from jobs.notify import Endings
from jobs.signals import Signals
from jobs.storage import JobStorage

NOT_A_WORKER = -1
"""What :attr:`Core.owner_id` is before this process works on the queue; no worker has this number."""


@dataclass(frozen=True, eq=False)
class Duty:
    """Something that a worker's maintenance thread does every ``seconds``, first when a worker has run that long.

    An exception is logged and does not affect other duties.
    """

    seconds: float
    run: Callable[[], object]


class Cipher(Protocol):
    """Encrypts and decrypts what a queue keeps of arguments and results; ``cryptography.fernet.Fernet(key)`` is one. What
    :meth:`encrypt` returns is ASCII."""

    def encrypt(self, data: bytes, /) -> bytes:
        """``data`` as it may be kept."""

    def decrypt(self, token: bytes, /) -> bytes:
        """What :meth:`encrypt` was given; raises when the key is another one or the token was altered."""


class Core:
    """The shared state of a queue. ``lease``: seconds; ``max_lost``: see :class:`jobs.JobQueue`."""

    def __init__(self, engine: Engine, name: str, lease: float, max_lost: int) -> None:
        if not 0 < lease <= 3600:
            raise ValueError("a lease is between 0 and 3600 seconds")
        self.engine = engine
        self.database = engine.store
        """Runs the statements of its jobs: the database of the file, or the engine itself."""
        self.name = name
        self.lease = int(lease * SECOND)
        """Microseconds."""
        self.max_lost = max_lost
        self.storage = JobStorage(name, engine)
        self.kinds: dict[str, Kind] = {}
        self.handlers: dict[str, JobWrapper] = {}
        """The declared handlers by their names."""
        self.nameless = Kind("", name)
        """Stands for the kind of a job whose handler is not declared."""
        self.endings = Endings()
        self.events = Signals()
        self.batches: list[Batch] = []
        """What each thread of this process's workers has claimed."""
        self.maintenance: list[Duty] = []
        """Duties of the maintenance thread beyond the queue's own; append to it."""
        self.cipher: Cipher | None = None
        """Encrypts arguments and results, if it is there."""
        self.around: Callable[[Callable[[Any], Any]], Callable[[Any], Any]] | None = None
        """Puts the middleware around a handler, if there is any."""
        self.carriers: list[Callable[[dict[str, Any]], object]] = []
        """Each may add to a new job's payload, under a key of its own."""
        self._owner: Registration | None = None
        self._owner_mutex = threading.Lock()

    @property
    def owner(self) -> Registration:
        """This queue as a worker; registered in the database on first use."""
        if self._owner is None:
            with self._owner_mutex:
                if self._owner is None:
                    self._owner = self.engine.register(self.name)
        return self._owner

    @property
    def owner_id(self) -> int:
        """This queue's number as a worker, :data:`NOT_A_WORKER` while it is not registered."""
        owner = self._owner
        return NOT_A_WORKER if owner is None else owner.id

    def report(self, event: str, claim: Claim, reason: str) -> None:
        """Send subscribers an event of a job other than its end."""
        self.events.send(
            event, claim.id, claim.name, claim.queue, claim.correlation_id, claim.parent_id, reason
        )

    def close(self) -> None:
        """Stop being a worker of this database. Jobs that are still claimed are rescued by the next worker."""
        with self._owner_mutex:
            owner, self._owner = self._owner, None
        if owner is not None:
            owner.close()
