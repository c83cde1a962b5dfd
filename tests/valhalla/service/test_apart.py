"""A large job is done by another process of the program, whatever happens to either; a small one is not."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from db import connection, waiting
from db.verifying import verify
from jobs import JobWorker, cancel_job, job_history
from valhalla.intake import helper
from valhalla.intake.passes import IMPORT_JOB, Pass
from valhalla.leads import view
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.service import apart
from valhalla.service.whole import WholeProgram

ROWS = 6_000


class Office:
    """A program whose large jobs run apart, with a worker; and the processes that were started for them."""

    def __init__(self, program: WholeProgram, started: list[subprocess.Popen[bytes]]) -> None:
        self.program = program.all_kinds()
        self.started = started
        program.queue.middleware(apart.Apart(program))
        self.worker: JobWorker = program.queue.worker(threads=3)
        self.worker.start()

    def read(self, path: Path) -> Pass:
        """Import a list, and wait for it."""
        return self.program.importing.run(self.program.home, [path], standing=False, final=True)

    def read_beside(self, path: Path) -> threading.Thread:
        """The same in a thread."""
        thread = threading.Thread(target=self.read, args=(path,), daemon=True)
        thread.start()
        return thread

    def rows(self) -> int:
        """How many rows of lists are stored."""
        return int(self.program.database.value("SELECT coalesce(sum(rows), 0) FROM import"))

    def until_stored(self) -> None:
        """Wait until some rows of a list are stored."""
        deadline = time.monotonic() + 30
        while not self.rows():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def job(self) -> Any:
        """The newest import job."""
        database = self.program.database
        return self.program.queue.state(
            database.value("SELECT max(id) FROM task WHERE name = ?", (IMPORT_JOB,))
        )


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Everything is large; the processes that were started."""
    processes: list[subprocess.Popen[bytes]] = []
    begin = apart._start

    def noticed(program: WholeProgram) -> subprocess.Popen[bytes]:
        processes.append(begin(program))
        return processes[-1]

    monkeypatch.setattr(apart, "_start", noticed)
    monkeypatch.setattr(apart, "LARGE", 1)
    monkeypatch.setattr(apart, "LARGE_INDEX", 1)
    monkeypatch.setattr(helper, "WORTH_BYTES", 0)
    monkeypatch.setenv("VALHALLA_IMPORT_CHUNK_ROWS", "500")
    return processes


@pytest.fixture
def office(home: Path, started: list[subprocess.Popen[bytes]]) -> Iterator[Office]:
    with WholeProgram.open(Home(home)) as program:
        office = Office(program, started)
        yield office
        office.worker.stop()
        assert all(process.poll() is not None for process in started)


def test_a_list_is_read_by_another_process(office: Office, lead_list: Any) -> None:
    path, truth = lead_list(ROWS, seed=1)
    (found,) = office.read(path).result.files
    assert (found.rows, found.rejected, found.error) == (ROWS, truth.rejected, None)
    assert [each.poll() is None for each in office.started] == [False], "one, and it has ended"
    assert view.count(office.program.database) == truth.leads
    assert office.job().progress["rows"] == ROWS
    assert verify(office.program.database).ok


def test_meanwhile_a_click_does_not_move_what_the_other_process_wrote(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = office.program.database
    monkeypatch.setattr(connection, "LOG_PAGES", 1)
    monkeypatch.setattr(connection, "LONG_LOG", 1)

    def left_after_a_click(value: str) -> int:
        settings.save(database, "interval", value)
        _, pages, moved = database.sql("PRAGMA wal_checkpoint(NOOP)")[0]
        return int(pages - moved)

    reading = office.read_beside(lead_list(5 * ROWS, seed=12)[0])
    office.until_stored()
    left, during = left_after_a_click("45"), reading.is_alive()
    reading.join(60)
    assert during, "else nothing was tried"
    assert left > 10
    assert left_after_a_click("50") == 0, "then as ever"


def test_what_is_small_is_done_here(office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper, "WORTH_BYTES", 10**9)
    office.read(lead_list(200, seed=2)[0])
    monkeypatch.setattr(helper, "WORTH_BYTES", 0)
    monkeypatch.setenv("VALHALLA_IMPORT_READ_AHEAD", "off")
    office.read(lead_list(300, seed=3)[0])
    assert office.rows() == 500 and office.started == []


def test_where_no_process_is_to_be_had_it_is_done_here(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(apart, "_start", refused)
    path, truth = lead_list(200, seed=2)
    office.read(path)
    assert view.count(office.program.database) == truth.leads


def test_after_an_update_the_new_program_does_nothing_for_the_old_one(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "__version__", "0.0.1")
    path, truth = lead_list(200, seed=2)
    office.read(path)
    assert view.count(office.program.database) == truth.leads
    assert len(office.started) == 1 and office.job().lost == 0


def test_a_process_that_is_killed_costs_no_row(office: Office, lead_list: Any) -> None:
    path, truth = lead_list(ROWS, seed=4)
    reading = office.read_beside(path)
    office.until_stored()
    office.started[0].kill()
    reading.join(60)
    assert len(office.started) == 2
    assert office.rows() == ROWS and view.count(office.program.database) == truth.leads
    job = office.job()
    assert (job.state, job.lost) == ("done", 1)
    assert "rescued" in [each.event for each in job_history(office.program.database, job.id)]
    assert verify(office.program.database).ok


def test_a_list_that_ends_each_process_is_set_aside(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        apart,
        "_start",
        lambda program: subprocess.Popen(
            [sys.executable, "-c", "print('ready', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ),
    )
    path, _ = lead_list(200, seed=5)
    (found,) = office.read(path).result.files
    assert found.error is not None and "its worker died or went silent 3 times" in found.error["message"]
    (found,) = office.read(path).result.files
    assert found.error is not None and found.error["code"] == "SET_ASIDE"


def test_a_stop_ends_it_soon_and_the_next_worker_goes_on(office: Office, lead_list: Any) -> None:
    path, truth = lead_list(4 * ROWS, seed=6)
    reading = office.read_beside(path)
    office.until_stored()
    assert office.worker.stop(timeout=10)
    assert office.started[0].poll() is not None
    assert office.job().state == "waiting" and office.rows() < 4 * ROWS
    office.worker = office.program.queue.worker(threads=3)
    office.worker.start()
    reading.join(60)
    assert office.rows() == 4 * ROWS and view.count(office.program.database) == truth.leads
    assert len(office.started) == 2


def test_a_stop_while_it_starts_costs_nothing(office: Office, lead_list: Any) -> None:
    path, truth = lead_list(200, seed=12)
    reading = office.read_beside(path)
    while not office.started:
        time.sleep(0.001)
    assert office.worker.stop(timeout=10)
    assert (office.job().state, office.job().lost) == ("waiting", 0)
    office.worker = office.program.queue.worker(threads=3)
    office.worker.start()
    reading.join(60)
    assert view.count(office.program.database) == truth.leads


def test_one_that_does_not_stop_when_asked_is_killed(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import time; print('ready', flush=True); input(); time.sleep(600)"
    stubborn = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)]
    office.started.extend(stubborn)
    monkeypatch.setattr(apart, "_start", lambda program: stubborn.pop())
    reading = office.read_beside(lead_list(200, seed=7)[0])
    while stubborn:
        time.sleep(0.01)
    assert office.worker.stop(timeout=10)
    assert office.started[0].returncode not in (0, None)
    assert office.job().state == "waiting"
    cancel_job(office.program.database, office.job().id)
    reading.join(10)


def test_the_other_large_jobs_run_apart_too(office: Office, lead_list: Any) -> None:
    program, queue = office.program, office.program.queue
    path, _ = lead_list(600, seed=8)
    (import_id,) = office.read(path).import_ids
    chores = program.importing.chores
    chores.index_soon()
    auditing = program.background.auditing
    asked = [program.reevaluating.ask(), chores.ask_unfold(), auditing.copy(), auditing.verify()]
    queue.drain(60)
    assert [queue.wait(int(each)).state for each in asked] == ["done"] * 4
    assert chores.index_soon() is None, "all is indexed"
    chores.undo(import_id)
    assert view.count(program.database) == 0
    assert len(office.started) == 7
    assert verify(program.database).ok


CHILD = """
import sys, threading
from pathlib import Path
from valhalla.intake import helper
from valhalla.program import settings
from valhalla.program.home import Home
from valhalla.service import apart
from valhalla.service.whole import WholeProgram

helper.WORTH_BYTES = 0
begin = apart._start

def noticed(program):
    process = begin(program)
    print(process.pid, flush=True)
    return process

apart._start = noticed
with WholeProgram.open(Home(Path(sys.argv[1]))) as program:
    program.all_kinds().queue.middleware(apart.Apart(program))
    program.queue.worker(threads=2).start()
    program.importing.run(program.home, [Path(sys.argv[2])], standing=False, final=True)
"""


def test_it_does_not_outlive_the_service(
    home: Path, lead_list: Any, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, truth = lead_list(4 * ROWS, seed=9)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    service = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(home), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert service.stdout is not None
    other = psutil.Process(int(service.stdout.readline()))
    with WholeProgram.open(Home(home)) as program:
        office = Office(program, started)
        office.worker.stop()
        office.until_stored()
        service.kill()
        service.communicate()
        with contextlib.suppress(psutil.NoSuchProcess):
            other.wait(timeout=20)
        assert not other.is_running() or other.status() == psutil.STATUS_ZOMBIE
        left = office.rows()
        assert left < 4 * ROWS, "it was in the middle of the list"
        office = Office(program, started)
        office.read(path)
        office.worker.stop()
        assert office.rows() == 4 * ROWS and view.count(program.database) == truth.leads
        assert verify(program.database).ok


def test_what_it_hears_meanwhile_is_no_part_of_its_job(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_person_at", time.monotonic())
    path, truth = lead_list(ROWS, seed=13)
    reading = office.read_beside(path)
    while reading.is_alive():
        with waiting.waited_for():
            time.sleep(0.02)
        time.sleep(0.02)
    assert view.count(office.program.database) == truth.leads
    assert len(office.started) == 1 and office.job().lost == office.job().failures == 0


def test_it_hears_who_is_at_work_and_who_waits_and_that_it_is_to_stop() -> None:
    code = (
        "import threading\n"
        "from db import waiting\n"
        "from valhalla.service import apart_main\n"
        "stopping = threading.Event()\n"
        "threading.Thread(target=apart_main._listen, args=(stopping,), daemon=True).start()\n"
        "print(waiting.at_work(), flush=True)\n"
        "while not waiting.at_work(): pass\n"
        "print('at work', stopping.is_set(), flush=True)\n"
        "while not waiting.somebody_waits(False, 1): pass\n"
        "print('waits', flush=True)\n"
        "while waiting.somebody_waits(True, 1): pass\n"
        "print('waits no more', flush=True)\n"
        "print(stopping.wait(10), flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    assert process.stdin is not None and process.stdout is not None
    assert process.stdout.readline().split() == [b"False"]
    process.stdin.write(apart.AT_WORK)
    assert process.stdout.readline().split() == [b"at", b"work", b"False"]
    process.stdin.write(apart.WAITS)
    assert process.stdout.readline().split() == [b"waits"]
    process.stdin.write(apart.WAITS_NO_MORE)
    assert process.stdout.readline().split() == [b"waits", b"no", b"more"]
    process.stdin.close()
    assert process.stdout.readline().split() == [b"True"]
    process.stdout.close()
    process.wait(10)


def test_no_more_of_them_run_at_a_time_than_there_are_places(
    office: Office, lead_list: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_places", threading.BoundedSemaphore(1))
    lists = [lead_list(ROWS, seed=seed) for seed in (10, 11)]
    readings = [office.read_beside(path) for path, _ in lists]
    most = 0
    while any(each.is_alive() for each in readings):
        most = max(most, sum(process.poll() is None for process in [*office.started]))
        time.sleep(0.01)
    assert most == 1 and len(office.started) == 2
    assert office.rows() == 2 * ROWS
