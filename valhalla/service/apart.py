"""Large jobs in a process of their own, so that pages do not share an interpreter with them.

The threads of one process take turns at the interpreter, and a page needs many short turns: beside an import of a large list it
took several times as long as alone; and what a job had in memory stayed there. Such a job is therefore run by another process of the
program, of lower priority, while the worker's thread waits here; :mod:`valhalla.service.apart_main` is what runs there. Nothing else changes: the job is this worker's, and
each transaction of the other process is fenced by its claim (see :mod:`jobs.apart`).

To the other process go the job and then, as a byte each, that a person is at work; the end of the input means to stop. It answers
with a line when the job has ended.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from db.errors import DatabaseError
from db.waiting import at_work
from jobs import CurrentJob, Stopped, accept_report, ticket_for
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

ARGUMENT = "--apart"
"""What the program is started with to be the other process; the home follows."""

LARGE = 20_000
"""Leads from which on a job that goes through them is worth a process, which takes half a second to start."""

LARGE_INDEX = 2_000
"""The same for those that are not in the search index yet, of which an import that goes on makes more."""

LARGE_WORKBOOK = 2**20
"""Bytes of a workbook, which is compressed; of other lists see :data:`valhalla.intake.helper.WORTH_BYTES`."""

PLACES = 2
"""How many of these processes there are at a time, for all workspaces of this one: more would get in each other's way."""

AT_WORK = b"w"
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
            try:
                process = _start(self.program)
            except OSError:  # there can be none, so it is done here
                return call()
            return accept_report(self.program.queue, job, _report(process, job))
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
    return subprocess.Popen(
        [*executable.helper(ARGUMENT), str(program.home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **_lower(),
    )


def _lower() -> dict[str, Any]:
    """Of lower priority (elsewhere it sees to that itself), without a window, and Ctrl+C is not for it."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        return {"creationflags": flags | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
    return {"process_group": 0}


def _report(process: subprocess.Popen[bytes], job: CurrentJob) -> str:
    """What the other process says in the end; nothing when it died. Raises :class:`jobs.Stopped` when it had to be killed."""
    assert process.stdin is not None and process.stdout is not None
    with process.stdout, contextlib.ExitStack() as rest:
        rest.callback(process.wait)
        rest.callback(process.kill)
        rest.callback(_close, process.stdin)
        heard: list[bytes] = []
        listener = threading.Thread(target=_listen, args=(process.stdout, heard), name="apart", daemon=True)
        listener.start()
        _tell(process.stdin, ticket_for(job).encode("utf-8") + b"\n")
        asked_at: float | None = None
        while listener.is_alive():
            listener.join(LOOK)
            if job.stopping.is_set() and asked_at is None:
                asked_at = time.monotonic()
                _close(process.stdin)
            elif asked_at is not None and time.monotonic() - asked_at > STOP_SECONDS:
                raise Stopped(job.id, "its worker is stopping")
            elif asked_at is None and at_work():
                _tell(process.stdin, AT_WORK)
        return heard[0].decode("utf-8") if heard else ""


def _listen(pipe: IO[bytes], heard: list[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        line = pipe.readline()
        if line.endswith(b"\n"):
            heard.append(line)


def _tell(pipe: IO[bytes], message: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # it has ended, or died: its answer says which
        pipe.write(message)
        pipe.flush()


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):
        pipe.close()
