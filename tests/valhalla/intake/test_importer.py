"""Reading lists into the file: drift, suggestions, tails, a writer that goes on writing, faults on the way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database, audit, waiting
from db.errors import DatabaseError
from valhalla.intake.advice import advice
from valhalla.intake.importer import import_file
from valhalla.intake.log import details, recent
from valhalla.intake.reading import CODES
from valhalla.intake.request import Hooks, Progress, Request
from valhalla.intake.source_settings import Change, accept_suggestion, all_sources, set_source
from valhalla.intake.sources import Candidate
from valhalla.program.database import memory_database
from valhalla.scoring import store

ANN = "Ann Ames,ann@example.com,100000,713-555-2101,Houston TX\n"


def codes(result: Any) -> list[str]:
    return [warning["code"] for warning in result.warnings]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300), header=st.booleans(), size=st.integers(1, 5))
def test_rows_add_up_for_any_bytes(tmp_path: Path, content: bytes, header: bool, size: int) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"name,email,value\n" * header + content)
    with memory_database() as database:
        store.seed(database)
        with database.write():
            database.sql("INSERT INTO setting VALUES ('import.chunk_rows', ?, 0, 'test')", (str(size),))
        import_file(database, Request(str(path)))
        row = database.one(
            "SELECT rows, new + updated + unchanged + duplicate + rejected, new, rejected FROM import"
        )
        assert row is not None and row[0] == row[1]
        assert database.value("SELECT count(*) FROM lead") == row[2]
        assert database.value("SELECT count(*) FROM reject") == row[3]
        assert audit.check_chain(database) == []


def test_what_changes_nothing_is_not_in_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "blank.csv"
    path.write_text(
        "name,email,value\n" + "\n" * 60_000 + "Ann,ann@example.com,5\n" + ",,\n" * 60_000, encoding="utf-8"
    )
    with memory_database() as database:
        store.seed(database)
        import_file(database, Request(str(path)))
        assert database.one("SELECT rows, new, blank FROM import") == (1, 1, 120_000)
        of_import = "SELECT action FROM audit WHERE subject = 'import:1' ORDER BY seq"
        assert database.sql(of_import) == [("import.start",), ("import.chunk",), ("import.done",)]
        assert audit.check_chain(database) == []


def test_changed_columns_are_told(desk: Any) -> None:
    desk.take("a.csv", "Ann,ann@example.com,1,x,y\n", "crm", "name,email,value,Tag,phone\n")
    result = desk.read(desk.write("b.csv", "Ann,ann@example.com,1,x\n", "owner,email,value,Note\n"), "crm")
    assert codes(result) == ["COLUMN_RENAMED", "COLUMNS_ADDED", "COLUMNS_MISSING"]
    assert {warning["line"] for warning in result.warnings} == {0}, "they are of the whole list"
    renamed, added, missing = [warning["message"] for warning in result.warnings]
    assert renamed == 'name is read from column "owner" now, before from "name"'
    assert added.endswith("Note") and "Tag, phone" in missing and "phone stays blank" in missing
    assert (
        codes(desk.read(desk.write("c.csv", "Bo,bo@example.com,1,x\n", "owner,email,value,Note\n"), "crm"))
        == []
    )


def test_lists_of_no_named_source_are_not_compared_with_each_other(desk: Any) -> None:
    desk.take("a.csv", ANN)
    assert codes(desk.read(desk.write("b.csv", "Bo,bo@example.com,1\n", "name,email,value\n"))) == []


def test_a_suggested_mapping_is_accepted_once_and_remembered(desk: Any) -> None:
    header = "name,email,Asking Prise\n"
    set_source(desk.database, "crm", Change(options={"rules": "documents"}))
    path = desk.write("a.csv", "Ann,ann@example.com,100\n", header)
    failed = desk.read(path, "crm")
    assert (
        failed.error["code"] == "MISSING_COLUMN"
        and 'did you mean "Asking Prise" for value?' in failed.error["message"]
    )
    (told,) = advice(desk.database, Candidate(path, "crm"), failed)
    assert told["command"] == f"valhalla imports reread {path} --accept" and told["after"] == 1
    set_source(desk.database, "crm", Change(accept=True))
    assert desk.read(path, "crm").new == 1
    assert desk.take("b.csv", "Bo,bo@example.com,200\n", "crm", header)[0] == 1, (
        "remembered for the next list"
    )
    (source,) = (source for source in all_sources(desk.database) if source["name"] == "crm")
    assert source["mappings"][0]["origin"] == "accepted"


def test_a_mapping_by_hand_names_the_columns_of_the_newest_list(desk: Any) -> None:
    header = "name,email,value,Best Price\n"
    desk.take("a.csv", "Ann,ann@example.com,100,50\n", "crm", header)
    set_source(desk.database, "crm", Change(columns={"Best Price": "value", "value": ""}))
    assert desk.read(desk.folder / "a.csv", "crm").updated == 1
    assert desk.leads("value / 100, extras") == [(50, '["100"]')]


@pytest.mark.parametrize(
    ("header", "row", "settings_", "after"),
    [
        ("name,phone,value\n", "Ann,713-555-2101,100\n", {"contact": "phone"}, 1),
        ("name,email,value\n", 'Ann,ann@example.com,"$1,500"\n', {"value_format": "us"}, 1),
        ("name,email,phone,value\n", "Ann,,713-555-2101,100\n", {"contact": "either"}, 1),
    ],
)
def test_the_most_common_failure_is_cured_in_one_step(
    desk: Any, header: str, row: str, settings_: dict[str, str], after: int
) -> None:
    path = desk.write("a.csv", row, header)
    failed = desk.read(path)
    (told,) = advice(desk.database, Candidate(path, "csv"), failed)
    assert (told["settings"], told["before"], told["after"]) == (settings_, 0, after)
    assert details(desk.database, desk.last_import())["advice"] == [told]
    set_source(desk.database, "csv", Change(options={key: str(value) for key, value in settings_.items()}))
    assert desk.read(path, again=True).new == 1


def test_columns_and_settings_are_cured_together(desk: Any) -> None:
    set_source(desk.database, "csv", Change(options={"rules": "documents"}))
    path = desk.write("a.csv", 'Ann,713-555-2101,"$1,500"\n', "Owner,Phone,Asking Prise\n")
    (told,) = advice(desk.database, Candidate(path, "csv"), desk.read(path))
    assert told["command"].endswith("--with contact=phone --with value_format=us --accept")
    set_source(desk.database, "csv", Change(options={"contact": "phone", "value_format": "us"}))
    accept_suggestion(desk.database, "csv", path)
    assert desk.read(path, again=True).new == 1


def test_no_advice_when_most_of_it_is_fine(desk: Any) -> None:
    path = desk.write("a.csv", ANN + "Bo,bo@example.com,5,,\nCy,,5,,\n")
    assert advice(desk.database, Candidate(path, "csv"), desk.read(path)) == []


def test_progress_counts_up_to_the_end(desk: Any) -> None:
    with desk.database.write():
        desk.database.sql("INSERT INTO setting VALUES ('import.chunk_rows', '2', 0, 'test')")
    seen: list[Progress] = []
    path = desk.write("a.csv", ANN * 5 + "Bad,,1,,\n")
    desk.read(path, hooks=Hooks(between=seen.append))
    assert [each.rows for each in seen] == [2, 4, 6] and seen[-1].bytes == seen[-1].of == path.stat().st_size
    told = seen[-1].as_json()
    assert told["rejected"] == 1 and told["seconds_left"] == 0


def test_a_writer_that_appends_while_cycles_run_loses_nothing_and_doubles_nothing(desk: Any) -> None:
    path, lines = desk.write("grow.csv", ""), 150
    turn = threading.Semaphore(0)

    def writer() -> None:
        with open(path, "ab", buffering=0) as file:
            for number in range(lines):
                turn.acquire()
                half = f"Lead {number},lead{number}@exam".encode()
                file.write(half)  # half a line stands there for a moment
                file.write(f"ple.com,{number + 1},,\r\n".encode())

    thread = threading.Thread(target=writer)
    thread.start()
    for step in range(lines):
        turn.release()
        if step % 3 == 0:
            desk.read(path, final=False)
    thread.join()
    desk.read(path, final=False)
    assert desk.database.sql("SELECT count(*), count(DISTINCT email) FROM lead") == [(lines, lines)]
    assert desk.database.value("SELECT sum(rows) FROM import WHERE state = 'done'") == lines
    assert desk.database.value("SELECT count(*) FROM reject") == 0


def test_a_fault_between_two_chunks_keeps_what_was_read_and_goes_on_behind_it(desk: Any) -> None:
    with desk.database.write():
        desk.database.sql("INSERT INTO setting VALUES ('import.chunk_rows', '10', 0, 'test')")
    path = desk.write("a.csv", "".join(f"L {n},l{n}@example.com,{n + 1},,\n" for n in range(35)))

    def fail(progress: Progress) -> None:
        if progress.rows == 20:
            raise DatabaseError("the disk is full")

    with pytest.raises(DatabaseError):
        desk.read(path, hooks=Hooks(between=fail))
    assert desk.database.value("SELECT count(*) FROM lead") == 20
    assert desk.read(path).new == 35 and desk.database.value("SELECT count(*) FROM import") == 1


def test_a_tail_that_was_stopped_before_its_first_chunk_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"name,email,value,phone,location\n{ANN}", encoding="utf-8")
    with memory_database() as database:
        store.seed(database)
        import_file(database, Request(str(path)))
        with path.open("a", encoding="utf-8") as file:
            file.write("Bo,bo@example.com,1,,\n")
        steps = iter(range(3))

        def stop() -> None:
            if next(steps) == 2:  # after the import was begun
                raise RuntimeError("killed")

        with pytest.raises(RuntimeError, match="killed"):
            import_file(database, Request(str(path)), Hooks(fence=stop))
        import_file(database, Request(str(path)))
        assert database.sql("SELECT kind, state, rows FROM import") == [
            ("whole", "done", 1),
            ("tail", "done", 1),
        ]


def test_a_list_that_is_gone_is_a_failed_import_not_an_exception(desk: Any) -> None:
    result = desk.read(desk.folder / "none.csv")
    assert result.error["code"] == "NOT_FOUND"
    assert recent(desk.database, 5)[0]["state"] == "failed"


def test_an_import_stands_aside_while_somebody_waits_for_a_page(
    people: Any, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 3600.0)
    with waiting.waited_for():
        thread = threading.Thread(target=people, args=(100,), daemon=True)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert database.value("SELECT count(*) FROM lead") == 0
    thread.join(20)
    assert database.value("SELECT count(*) FROM lead") == 100


def test_what_was_refused_is_counted_by_its_code_which_is_explained(desk: Any) -> None:
    desk.take("a.csv", "Bo,bo.example.com,2,,\nCy,cy.example.com,2,,\nDi,,3,,\n")
    assert details(desk.database, desk.last_import())["rejects"] == [
        {"code": code, "rows": rows, "meaning": CODES[code].meaning}
        for code, rows in (("EMAIL_FORMAT", 2), ("MISSING_EMAIL", 1))
    ]


@pytest.mark.parametrize(
    ("done", "seconds", "rate", "left"),
    [(0, 0.0, 0, 0), (0, 2.0, 50, 0), (25, 2.0, 50, 6), (100, 2.0, 50, 0)],
)
def test_the_time_that_is_left_is_worked_out_from_the_bytes(
    done: int, seconds: float, rate: int, left: float
) -> None:
    told = Progress(done, 100, 100, 1, seconds).as_json()
    assert (told["rows_per_second"], told["seconds_left"]) == (rate, left)


def test_of_many_warnings_the_first_are_kept(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("valhalla.intake.importer.WARNINGS_KEPT", 5)
    with desk.database.write():
        desk.database.sql("INSERT INTO setting VALUES ('import.chunk_rows', '3', 0, 'test')")
    rows = "".join(f"L{n},l{n}@example.com,1,oops\n" for n in range(11))
    told = desk.read(desk.write("a.csv", rows, "name,email,value,arv\n"))
    assert told.new == 11 and [warning["line"] for warning in told.warnings] == [2, 3, 4, 5, 6]
