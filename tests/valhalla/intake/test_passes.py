"""A pass: looks, imports through jobs, says what became of each list, and leaves the index to do."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import Database
from db.errors import DatabaseError
from jobs import JobQueue, WorkerRegistration, retry_job
from jobs.rescue import rescue_dead
from valhalla.intake import importer, passes
from valhalla.intake.importer import import_file
from valhalla.intake.passes import Importing
from valhalla.intake.records import add_source
from valhalla.intake.request import Request
from valhalla.intake.source_settings import Change, set_source
from valhalla.intake.sources import find
from valhalla.intake.undo import undo_import
from valhalla.leads import indexing, search, source_pausing
from valhalla.program.database import open_database
from valhalla.program.errors import InputError, UsageError
from valhalla.program.home import Home
from valhalla.sandbox.alerts import AlertSystem
from valhalla.scoring import store

GOOD = "name,email,value\nAnn Ames,ann@example.com,100000\n"


@pytest.fixture
def importing(home: Home) -> Iterator[Importing]:
    with open_database(home.database) as database:
        store.seed(database)
        queue = JobQueue(database)
        importing = Importing(database, queue)
        worker = queue.worker(threads=2)
        worker.start()
        yield importing
        worker.stop(timeout=5)


def test_lists_of_the_inbox_belong_to_their_folders(home: Home, importing: Importing) -> None:
    (home.inbox / "propstream").mkdir()
    (home.inbox / "propstream" / "a.csv").write_text(GOOD, encoding="utf-8")
    (home.inbox / "b.csv").write_text(GOOD, encoding="utf-8")
    (home.inbox / "folder.csv").mkdir()
    (home.inbox / "~$open.xlsx").write_bytes(b"x")
    done = importing.run(home, [], standing=True, final=True)
    assert done.result.total("rows") == 2 and [problem.code for problem in done.skipped] == ["SKIPPED"]
    names = importing.database.sql(
        "SELECT s.name FROM file AS f JOIN source AS s ON s.id = f.source_id ORDER BY 1"
    )
    assert names == [("csv",), ("propstream",)]
    again = importing.run(home, [], standing=True, final=True)
    assert again.import_ids == [] and again.result.total("unchanged") == 2


def test_a_sources_pattern_means_the_inbox_unless_it_says_where(home: Home, importing: Importing) -> None:
    (home.inbox / "sub").mkdir()
    for place in (home.inbox, home.inbox / "sub", home.path.parent):
        (place / "county probate.csv").write_text(GOOD, encoding="utf-8")
    database = importing.database
    for name, pattern, means in (
        ("probate", "*probate*.csv", home.inbox / "*probate*.csv"),
        ("here", "./*probate*.csv", home.path.parent / "*probate*.csv"),
        ("named", "county probate.csv", home.path.parent / "county probate.csv"),
        ("whole", str(home.path / "x.csv"), home.path / "x.csv"),
    ):
        made = set_source(database, name, Change(pattern=pattern), inbox=home.inbox)
        assert made["pattern"] == str(means)
    files = find(database, home, [], standing=True).files
    assert {(str(each.path.relative_to(home.path.parent)), each.source) for each in files} == {
        (os.path.join("home", "inbox", "county probate.csv"), "probate"),
        (os.path.join("home", "inbox", "sub", "county probate.csv"), "probate"),
        ("county probate.csv", "here"),
    }


def test_the_index_is_made_by_a_job(home: Home, importing: Importing) -> None:
    (home.inbox / "b.csv").write_text(GOOD, encoding="utf-8")
    importing.run(home, [], standing=True, final=True)
    assert importing.chores.index_soon() is not None
    importing.queue.drain(timeout=20)
    assert search.percent(importing.database) == 100
    assert search.search(importing.database, "ames", 5).lead_ids == [1]
    assert importing.chores.index_soon() is None


def test_the_index_takes_few_leads_at_a_time_while_somebody_waits(
    home: Home, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    index_some = indexing.index_some

    def counted(database: Database, limit: int) -> bool:
        taken.append(limit)
        return index_some(database, limit)

    monkeypatch.setattr(indexing, "index_some", counted)
    monkeypatch.setattr(search, "BATCH", 8)
    monkeypatch.setattr(search, "SMALLEST", 2)
    monkeypatch.setattr("db.pacing.BRIEFLY", 0.0)
    monkeypatch.setattr("db.pacing.at_work", lambda: False)  # whatever other tests left
    monkeypatch.setattr(importing.database, "contended", lambda: True)
    lines = "".join(f"Lead {n},l{n}@example.com,1\n" for n in range(11))
    (home.inbox / "b.csv").write_text(f"name,email,value\n{lines}", encoding="utf-8")
    importing.run(home, [], standing=True, final=True)
    importing.chores.index_soon()
    importing.queue.drain(timeout=20)
    assert taken == [8, 2, 2, 2, 2], "the words of eleven leads, their places, and the end"
    assert search.percent(importing.database) == 100


def test_an_import_is_taken_back_by_a_job(home: Home, importing: Importing) -> None:
    (home.inbox / "b.csv").write_text(GOOD, encoding="utf-8")
    importing.run(home, [], standing=True, final=True)
    assert importing.chores.undo(1)["reversed"] == 1
    with pytest.raises(Exception, match="was undone already"):
        importing.chores.undo(1)


def test_what_cannot_be_imported_is_tried_again_then_told_and_raises_an_alert(
    home: Home, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail(*_: object) -> None:
        tries.append(1)
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(importer, "import_file", fail)
    (home.inbox / "b.csv").write_text(GOOD, encoding="utf-8")
    done = importing.run(home, [], standing=True, final=True)
    (file,) = done.result.files
    assert (
        file.error is not None
        and file.error["code"] == "FAILED"
        and "the disk is full" in file.error["message"]
    )
    assert len(tries) == 4
    assert importing.database.sql("SELECT task, severity, state FROM alert") == [
        ("import.file", "error", "open")
    ]
    assert importing.database.value("SELECT count(*) FROM lead") == 0


def test_progress_is_told_while_a_list_is_read(
    home: Home, importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "WATCH_SECONDS", 0.001)
    rows = "".join(f"Lead {n},l{n}@example.com,{n + 1}\n" for n in range(20_000))
    (home.inbox / "b.csv").write_text(GOOD + rows, encoding="utf-8")
    seen: list[dict[str, float] | None] = []
    importing.run(home, [], standing=True, final=True, watch=lambda path, progress: seen.append(progress))
    assert any(progress and 0 < progress["rows"] <= 20_001 for progress in seen)


def ended_the_program(importing: Importing, path: Path, times: int) -> int:
    """What is left when the program ended so often while it read the list."""
    queue, database = importing.queue, importing.database
    job = importing.ask(path, "csv")
    for _ in range(times):
        with database.write():
            victim = WorkerRegistration(database, "default")
            claim = queue.storage.claim_one(job, victim.id, queue.lease)
            assert claim is not None
            database.sql("UPDATE task SET started_at = 1 WHERE id = ?", (job,))
        victim.release_lock()
        rescue_dead(queue)
    return job


@pytest.mark.parametrize("again", ["changed", "asked"])
def test_list_that_ended_the_program_three_times_is_set_aside_and_the_others_go_on(
    home: Home, again: str
) -> None:
    bad, good = home.inbox / "bad.csv", home.inbox / "good.csv"
    for path in (bad, good):
        path.write_text(GOOD, encoding="utf-8")
    with open_database(home.database) as database:
        store.seed(database)
        queue = JobQueue(database)
        importing = Importing(database, queue)
        job = ended_the_program(importing, bad, 3)
        assert queue.state(job).state == "dead"
        worker = queue.worker(threads=2)
        worker.start()
        for _ in range(2):
            done = importing.run(home, [], standing=True, final=True)
            aside, read = sorted(done.result.files, key=lambda file: file.path)
            assert aside.error is not None and aside.error["code"] == "SET_ASIDE"
            assert (
                str(bad) in aside.error["message"] and f"valhalla jobs retry {job}" in aside.error["message"]
            )
            assert read.error is None
        assert [str(bad) in alert["reason"] for alert in AlertSystem(database=database).alerts] == [True]

        if again == "changed":
            bad.write_text(GOOD + "Bob Bell,bob@example.com,5\n", encoding="utf-8")
            os.utime(bad, (time.time() + 5,) * 2)
        else:
            retry_job(database, job)
        done = importing.run(home, [], standing=True, final=True)
        assert [file.error for file in done.result.files] == [None, None]
        worker.stop(timeout=5)


def test_list_that_ended_the_program_twice_is_read(home: Home) -> None:
    bad = home.inbox / "bad.csv"
    bad.write_text(GOOD, encoding="utf-8")
    with open_database(home.database) as database:
        store.seed(database)
        queue = JobQueue(database)
        importing = Importing(database, queue)
        ended_the_program(importing, bad, 2)
        worker = queue.worker(threads=2)
        worker.start()
        done = importing.run(home, [], standing=True, final=True)
        assert [(file.rows, file.error) for file in done.result.files] == [(1, None)]
        worker.stop(timeout=5)


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are always text there")
def test_a_list_whose_name_is_no_text_does_not_stop_the_others(home: Home, importing: Importing) -> None:
    (home.inbox / os.fsdecode(b"J\xf6rg.csv")).write_text(GOOD, encoding="utf-8")
    folder = home.inbox / os.fsdecode(b"k\xf6ln")
    folder.mkdir()
    (folder / "a.csv").write_text(GOOD, encoding="utf-8")
    (home.inbox / "ok.csv").write_text(GOOD, encoding="utf-8")
    done = importing.run(home, [], standing=True, final=True)
    assert [Path(file.path).name for file in done.result.files] == ["ok.csv"]
    told = [problem.message for problem in done.skipped]
    assert len(told) == 2 and all("is not text (UTF-8); give it another name" in each for each in told)
    assert "J\\udcf6rg.csv" in told[0] and "k\\udcf6ln" in told[1]
    with pytest.raises(InputError, match="is not text"):
        import_file(importing.database, Request(str(home.inbox / os.fsdecode(b"J\xf6rg.csv"))))


def test_the_lists_of_a_stopped_source_are_not_read_and_those_of_a_paused_one_are(
    home: Home, importing: Importing
) -> None:
    for name, who in (("stopped", "ann"), ("paused", "bob")):
        (home.inbox / name).mkdir()
        (home.inbox / name / "a.csv").write_text(
            f"name,email,value\n{who},{who}@example.com,1000\n", encoding="utf-8"
        )
        with importing.database.write():
            add_source(importing.database, name)
    source_pausing.pause(importing.database, "stopped", "stop", "no good")
    source_pausing.pause(importing.database, "paused", "pause", "no good")
    done = importing.run(home, [], standing=True, final=True)
    assert [problem.code for problem in done.skipped] == ["SOURCE_STOPPED"]
    assert "valhalla sources resume stopped" in done.skipped[0].message
    assert importing.database.sql("SELECT name FROM lead") == [("bob",)]
    with pytest.raises(UsageError, match="is stopped"):
        importing.ask(home.inbox / "stopped" / "a.csv", "stopped")
    source_pausing.resume(importing.database, "stopped")
    assert importing.run(home, [], standing=True, final=True).result.total("new") == 1


def test_every_list_in_a_file_is_a_list_of_its_own(home: Home, importing: Importing) -> None:
    head = "Owner Name,Phone,Property Address,City,State,Zip\n"
    with zipfile.ZipFile(home.inbox / "october.zip", "w") as archive:
        archive.writestr("a.csv", head + "Ann,713-555-0101,1 Oak St,Houston,TX,77002\n")
        archive.writestr(
            "b.csv", head + "Ann,713-555-0101,1 Oak St,Houston,TX,77002\n,,,,,\nBob,713-555-0102,,,,\n"
        )
        archive.writestr("readme.pdf", "x")
    (home.inbox / "plan.pdf").write_bytes(b"%PDF-1.7")

    def once() -> passes.Pass:
        return importing.run(home, [], standing=True, final=True)

    done = once()
    path = str(home.inbox / "october.zip")
    assert [(file.path, file.rows) for file in done.result.files] == [(path, 1), (f"{path} » b.csv", 2)]
    assert (done.result.total("new"), done.result.total("duplicate")) == (2, 1)
    assert "plan.pdf was passed over: The file" in done.skipped[0].message
    again = once()
    assert [(file.path, file.unchanged) for file in again.result.files] == [(path, 1), (f"{path} » b.csv", 2)]
    undo_import(importing.database, done.import_ids[1])  # of b.csv
    assert [name for (name,) in importing.database.sql("SELECT name FROM lead")] == ["Ann"]
    with zipfile.ZipFile(home.inbox / "october.zip", "w") as archive:
        archive.writestr("a.csv", head + "Ann,713-555-0101,1 Oak St,Houston,TX,77002\n")
    assert [file.path for file in once().result.files] == [path], "b.csv is not in it any more"
    assert [file.path for file in once().result.files] == [path]
