"""What keeps a queue: the protocol that the file engine (:mod:`jobs.file_engine`) and :class:`jobs.PostgresEngine` implement.

The statements of :mod:`jobs.sql` that each of them can run go through its :class:`Store`. What an engine does in its own way,
because it has one writer at a time or many, is a method of :class:`Engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]

Change = tuple[str, Row, Row | None]
"""A statement that changes one job and carries the fencing token, its parameters, and the event to record."""

Lane = tuple[str, str]
"""Where rows wait: a queue and a lane of it."""


class Claim:
    """A row that was handed to a worker. ``(id, claims)`` is the fencing token."""

    __slots__ = (
        "cancel",
        "claims",
        "correlation_id",
        "due",
        "expires",
        "failures",
        "id",
        "lost",
        "name",
        "parent_id",
        "payload",
        "priority",
        "queue",
        "suspect",
        "tries",
    )

    id: int
    claims: int
    queue: str
    name: str
    payload: str
    priority: int
    tries: int
    failures: int
    lost: int
    suspect: int
    due: int | None
    expires: int | None
    cancel: int
    correlation_id: str | None
    parent_id: int | None

    def __init__(self, row: Sequence[Any]) -> None:
        (
            self.id, self.claims, self.queue, self.name, self.payload, self.priority, self.tries, self.failures,
            self.lost, self.suspect, self.due, self.expires, self.cancel, self.correlation_id, self.parent_id,
        ) = row  # fmt: skip

    def row(self) -> Row:
        """What it was made of."""
        return (
            self.id, self.claims, self.queue, self.name, self.payload, self.priority, self.tries, self.failures,
            self.lost, self.suspect, self.due, self.expires, self.cancel, self.correlation_id, self.parent_id,
        )  # fmt: skip


def in_order(rows: Iterable[Row]) -> list[Claim]:
    """Claimed rows, best first."""
    claims = [Claim(row) for row in rows]
    if len(claims) > 1:
        claims.sort(key=lambda claim: (-claim.priority, claim.id))
    return claims


class Store(Protocol):
    """Runs statements and transactions; :class:`db.Database` is the one of a file."""

    clock: Callable[[], int]
    """UTC microseconds."""

    def sql(self, text: str, params: Any = (), /) -> list[Row]:
        """Run a statement of :mod:`jobs.sql` and return its rows."""

    def one(self, text: str, params: Any = (), /) -> Row | None:
        """Its first row."""

    def value(self, text: str, params: Any = (), /) -> Any:
        """The first column of its first row."""

    def many(self, text: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run a statement once for each of ``rows``."""

    def changes(self) -> int:
        """How many rows this thread's last statement changed."""

    def write(self, durable: bool = False) -> AbstractContextManager[Any]:
        """A transaction; see :meth:`db.Database.write`."""

    def in_write(self) -> bool:
        """Whether this thread is in one."""

    def view(self) -> AbstractContextManager[None]:
        """Several statements that see one moment."""

    def after_commit(self, fn: Callable[[], object], /) -> None:
        """Call ``fn`` when the transaction is committed; at once outside of one."""

    def close(self) -> object:
        """Close what this thread has open."""

    def close_all(self) -> None:
        """Close everything."""


class Registration(Protocol):
    """One worker, known to the engine and alive, until :meth:`close`."""

    id: int
    token: str

    def beat(self, threads: int) -> None:
        """Record a sign of life, for people."""

    def close(self) -> None:
        """Stop being a worker."""

    def release_lock(self) -> None:
        """Release what the operating system releases when the process dies, and nothing else."""


class Places(Protocol):
    """Where rows may wait, and under which limits; :class:`jobs.storage.JobStorage` is one."""

    lanes: set[Lane]

    limits: dict[Lane, int]
    """How many of a lane may run at once."""

    rates: dict[Lane, tuple[int, int]]
    """How many of a lane may begin in how many microseconds."""

    def choose(self, limit: int, owner: int, serves: frozenset[str] | None) -> tuple[str, str, int] | None:
        """The queue and lane whose head is best for ``owner`` now, and how many rows may be taken; None: nothing may run."""

    def note_begin(self, lane: Lane) -> None:
        """One job of a lane with a rate begins now."""

    def anything_revoked(self) -> bool:
        """Whether any job or kind is revoked at all."""


class Request:
    """What a worker's thread asks for when it claims."""

    __slots__ = ("begins", "lease", "limit", "owner", "places", "serves")

    def __init__(
        self,
        places: Places,
        limit: int,
        owner: int,
        lease: int,
        serves: frozenset[str] | None = None,
        begins: Callable[[Claim], bool] = lambda claim: False,
    ) -> None:
        self.places = places
        self.limit = limit
        """How many rows at most."""
        self.owner = owner
        self.lease = lease
        """Microseconds from now."""
        self.serves = serves
        """The queues to take from; None: all."""
        self.begins = begins
        """Whether the first of them begins in the transaction that claims it."""


class Taken:
    """What a worker's thread was given: the best claim first, which may have begun already."""

    __slots__ = ("began", "claims", "revoked")

    def __init__(self, claims: Sequence[Claim] = (), began: bool = False, revoked: bool = False) -> None:
        self.claims = claims
        self.began = began
        """Whether the first one's start is committed with it."""
        self.revoked = revoked
        """Whether any job or kind is revoked at all."""


class Engine(Protocol):
    """Keeps jobs. All of it may be called from any thread, each with a transaction of its own."""

    store: Store

    errors: tuple[type[Exception], ...]
    """What it raises when it cannot be used."""

    temporary: tuple[type[Exception], ...]
    """Those of them after which a worker that still has its claim tries again."""

    cut: tuple[type[Exception], ...]
    """Those of them that end a job's try and are not its failure: it goes back to the queue."""

    one_writer: bool
    """Whether jobs may share the transaction that ends them (``atomic=True``): what they write stands in the same file. The
    next jobs are then claimed in it, too."""

    patience: float
    """Seconds after which a worker's thread checks for jobs even if no bell has rung."""

    def install(self) -> None:
        """Make the queue's tables, or bring them up to date."""

    def mask(self, message: str, /) -> str:
        """The message of an error without what must not be kept of it."""

    # -- enqueueing ----------------------------------------------------------------------------------------

    def insert(self, row: Row, event: str, now: int) -> int:
        """Insert a job of ten columns (:data:`jobs.sql.INSERT_BULK`) and its first event; returns its number."""

    def insert_unique(self, row: Row, event: str, now: int) -> tuple[int, bool]:
        """The same of sixteen (:data:`jobs.sql.INSERT`); where its key is taken, the number of the holder and False."""

    def insert_many(self, rows: list[Row]) -> None:
        """Insert jobs of ten columns and their events."""

    def last_job(self) -> int:
        """The highest number of a job; until the transaction ends only this thread gives higher ones."""

    # -- claiming ------------------------------------------------------------------------------------------

    def find_lanes(self) -> set[Lane]:
        """The lanes in which rows wait."""

    def claim(self, request: Request) -> list[Row]:
        """Claim rows of the lane whose head is best; see :meth:`jobs.storage.JobStorage.claim`."""

    def take(self, request: Request, idle: bool = False) -> Taken:
        """Claim a batch, in the open transaction or one of its own, and begin its first job in it if it
        :attr:`~Request.begins`. ``idle``: probably nothing waits."""

    # -- ending --------------------------------------------------------------------------------------------

    def change(self, changes: list[Change]) -> list[str]:
        """Make ``changes`` in the open transaction; returns the statements that found a job which is no longer this worker's,
        whose events are left out."""

    def commit(self, changes: list[Change], durable: bool, request: Request | None = None) -> Taken | None:
        """Make and commit ``changes``, perhaps together with those of other threads, and claim in the same transaction what is
        requested (of an engine with :attr:`one_writer`). None: nothing of it was kept."""

    def has_ended(self, job: int, claims: int) -> bool:
        """Whether the end of this claim is committed: asked when its commit has raised."""

    def begin_part(self) -> None:
        """Begin a part of the open transaction that can be undone alone."""

    def undo_part(self, mark: int) -> None:
        """Undo it, with what was to follow the commit since :meth:`callbacks` was ``mark``."""

    def end_part(self) -> None:
        """End it."""

    def callbacks(self) -> int:
        """How many functions wait for the commit."""

    def stands_at(self, depth: int) -> bool:
        """Whether this thread is in so many :meth:`Store.write`."""

    def return_to(self, depth: int) -> bool:
        """Leave what was opened beyond ``depth``; False: that was something, or the transaction itself is gone."""

    def left_open(self) -> bool:
        """Whether this thread has a transaction open."""

    def contended(self) -> bool:
        """Whether others wait to write."""

    # -- time, workers, news -------------------------------------------------------------------------------

    def promote(self, now: int) -> int:
        """Let wait what is due at ``now``, with an event each; returns how many."""

    def register(self, queue: str) -> Registration:
        """Become a worker."""

    def is_dead(self, owner: int) -> bool:
        """Whether the worker ``owner`` has died."""

    def forget(self, owner: int) -> None:
        """End the registration of a dead worker; inside a transaction."""

    def sweep(self) -> None:
        """Remove what dead workers left behind outside of the tables."""

    def news(self) -> int:
        """A number that changes when another process may have changed something."""

    def look(self) -> None:
        """Check that the database is still in its place; raises if not."""

    def require_in_place(self) -> None:
        """Raise if :meth:`look` has ever found that it was not."""

    # -- witnessing ----------------------------------------------------------------------------------------

    def settled_events(self) -> int | None:
        """The highest number up to which events may be sealed, because no transaction that is open can add one below it;
        None: whatever is seen."""

    def witness(self, action: str, subject: str, body: dict[str, Any]) -> None:
        """Append an entry to the audit chain, in the open transaction."""

    def check_chain(self) -> list[str]:
        """What is wrong with that chain, a sentence each."""
