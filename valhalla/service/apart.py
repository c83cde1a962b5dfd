"""Large jobs in a process of their own, so that pages do not share an interpreter with them.

The threads of one process take turns at the interpreter, and a page needs many short turns: beside an import of a large list it
took several times as long as alone; and what a job had in memory stayed there. Such a job is therefore run by another process of
the program, of lower priority, while the worker's thread waits here; :mod:`valhalla.service.apart_main` is what runs there. Nothing
else changes: the job is this worker's, and each transaction of the other process is fenced by its claim (see :mod:`jobs.apart`).

The other process says that it is ready, is given the job as a line, and answers with a line when that has ended. A byte meanwhile
means that a person is at work, that somebody waits for a page, or does no more; the end of its input, that it is to stop.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Self

from db import second
from db.errors import DatabaseError
from db.waiting import at_work, somebody_waits
from jobs import CurrentJob, Stopped, accept_report, ticket_for
from valhalla import __version__
from valhalla.audit import asked
from valhalla.intake import helper
from valhalla.intake.jobs import INDEX_JOB, REFOLD_JOB, UNDO_JOB, UNFOLD_JOB
from valhalla.intake.passes import IMPORT_JOB
from valhalla.intake.reading.container import on_disk
from valhalla.intake.records import read_import
from valhalla.leads import call_list_index, indexing
from valhalla.program import executable, settings
from valhalla.scoring.jobs import JOB as REEVALUATE_JOB
from valhalla.service.background import COPY_JOB, DRILL_JOB

if TYPE_CHECKING:
    from valhalla.service.whole import WholeProgram

LARGE = 20_000
"""Leads from which on a job that goes through them is worth a process, which takes half a second to start."""

LARGE_INDEX = 2_000
"""The same for those that are not in the search index yet, of which an import that goes on makes more."""

LARGE_WORKBOOK = 2**20
"""Bytes of a workbook, which is compressed; of other lists see :data:`valhalla.intake.helper.WORTH_BYTES`."""

PLACES = 2
"""How many of these processes there are at a time, for all workspaces of this one: more would get in each other's way."""

READY = b"ready"
AT_WORK, WAITS, WAITS_NO_MORE = b"w", b"p", b"g"
LOOK = 0.05
"""Seconds between two looks at whether the other process has ended, and whether it is to."""

STOP_SECONDS = 1.0
"""How long it may take to end when it is asked to; then it is killed, which costs the rows that were not committed."""

_places = threading.BoundedSemaphore(PLACES)


class Apart:
    """Middleware of a program's queue; see the module."""

    def __init__(self, program: WholeProgram) -> None:
        self.program = program

    def __call__(self, job: CurrentJob, call: Callable[[], Any]) -> Any:
        """Run the job by ``call``, or by another process when it is large."""
        if not self._is_large(job):
            return call()
        while not _places.acquire(timeout=LOOK):
            job.check()
        try:
            with _Other(self.program) as other:
                if other.is_ready(job):
                    job.check()
                    with (
                        self.program.database.log_left()
                    ):  # a click is not to move what the other process wrote
                        report = other.report(job)
                    return accept_report(self.program.queue, job, report)
            return call()
        finally:
            _places.release()

    def _is_large(self, job: CurrentJob) -> bool:
        database = self.program.database
        if job.name not in _SIZES or not settings.value(database, "import.read_ahead"):
            return False
        try:
            return _SIZES[job.name](self.program, json.loads(job.payload).get("args", []))
        except (OSError, ValueError, LookupError, DatabaseError):  # the handler has a sentence for it
            return False


def _is_large_list(program: WholeProgram, arguments: list[Any]) -> bool:
    size = on_disk(arguments[0]).stat().st_size
    return bool(
        size >= (LARGE_WORKBOOK if arguments[0].lower().endswith(helper.WORKBOOKS) else helper.WORTH_BYTES)
    )


def _is_large_import(program: WholeProgram, arguments: list[Any]) -> bool:
    return read_import(program.database, arguments[0]).rows >= LARGE


def _is_large_home(program: WholeProgram, arguments: list[Any]) -> bool:
    return call_list_index.newest_lead(program.database) >= LARGE


def _is_far_behind(program: WholeProgram, arguments: list[Any]) -> bool:
    return indexing.behind(program.database) >= LARGE_INDEX


_OF_THE_HOME = (
    *(UNFOLD_JOB, REFOLD_JOB, REEVALUATE_JOB),
    *(COPY_JOB, DRILL_JOB, asked.COPY_JOB, asked.VERIFY_JOB),
)
_SIZES: dict[str, Callable[[WholeProgram, list[Any]], bool]] = {
    IMPORT_JOB: _is_large_list,
    UNDO_JOB: _is_large_import,
    INDEX_JOB: _is_far_behind,
    **dict.fromkeys(_OF_THE_HOME, _is_large_home),
}
"""Whether a job is large, by its kind and its arguments. Kinds that are not here never are."""


def _start(program: WholeProgram) -> subprocess.Popen[bytes]:
    words = [str(program.home.path), __version__]
    return second.begin([*executable.helper(executable.APART), *words], lower=True)


class _Other:
    """The other process, as long as it is entered."""

    def __init__(self, program: WholeProgram) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: list[bytes] = []
        self._knows = False
        """Whether it knows that somebody waits."""
        with contextlib.suppress(OSError):  # the program's file may be gone, or be renamed, while it runs
            self._process = _start(program)
            self._listener = threading.Thread(target=self._listen, name="apart", daemon=True)
            self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._close()
            self._process.kill()
            self._process.wait()
            self._listener.join()
            _pipe(self._process.stdout).close()

    def is_ready(self, job: CurrentJob) -> bool:
        """Whether it is there and of this version: an update may have put another program in our place."""
        return self._process is not None and self._line(0, job).split() == [READY]

    def report(self, job: CurrentJob) -> str:
        """What it says in the end; nothing when it died. Raises :class:`jobs.Stopped` when it had to be left."""
        self._give(ticket_for(job).encode("utf-8") + b"\n")
        return self._line(1, job).decode("utf-8")

    def _line(self, number: int, job: CurrentJob) -> bytes:
        """A line of what it says, as soon as it does; empty when it ends before."""
        asked_at: float | None = None
        while len(self._lines) <= number and self._listener.is_alive():
            if number:  # it has its job
                self._say_who_waits()
            else:
                self._listener.join(LOOK)
            if asked_at is not None and time.monotonic() - asked_at > STOP_SECONDS:
                raise Stopped(job.id, "its worker is stopping")
            if asked_at is None and job.stopping.is_set():
                asked_at = time.monotonic()
                self._close()
        return self._lines[number] if len(self._lines) > number else b""

    def _say_who_waits(self) -> None:
        waits = somebody_waits(self._knows, LOOK)
        if waits != self._knows:
            self._knows = waits
            self._give(WAITS if waits else WAITS_NO_MORE)
        if at_work():
            self._give(AT_WORK)

    def _listen(self) -> None:
        assert self._process is not None
        for line in _pipe(self._process.stdout):
            if line.endswith(b"\n"):
                self._lines.append(line)

    def _give(self, message: bytes) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended, or died: what it said shows which
            _pipe(self._process.stdin).write(message)
            _pipe(self._process.stdin).flush()

    def _close(self) -> None:
        assert self._process is not None
        with contextlib.suppress(OSError, ValueError):
            _pipe(self._process.stdin).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
