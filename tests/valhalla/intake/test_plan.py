"""Who a row is about and what it does: the documented order and the merge policies, on real lists."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.verifying import verify
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.source_settings import Change, set_source
from valhalla.leads import review
from valhalla.program.database import memory_database
from valhalla.scoring import store

ANN = "Ann Ames,ann@example.com,100000,713-555-2101,Houston TX\n"


def test_the_email_says_who_it_is(desk: Any) -> None:
    assert desk.take("a.csv", ANN + " Ann Ames ,ANN@Example.com,100000,713-555-2101,Houston TX\n")[0] == 1
    assert len(desk.leads()) == 1


def test_another_name_and_another_phone_are_another_person_at_the_same_address(desk: Any) -> None:
    office = "Ben Bold,ann@example.com,90000,713-555-2199,Houston TX\n"
    assert desk.take("a.csv", ANN + office) == (2, 0, 0, 0, 0)
    assert desk.take("b.csv", office + ANN) == (0, 0, 0, 2, 0), "each finds itself again"


@pytest.mark.parametrize(
    "other",
    [
        "Ann Ames,ann@example.com,90000,713-555-2199,Houston TX\n",  # only the phone differs
        "Anna Ames,ann@example.com,90000,713-555-2101,Houston TX\n",  # only the name
        "Anna Ames,ann@example.com,90000,,Houston TX\n",  # nothing to compare the phone with
    ],
)
def test_only_the_name_or_only_the_phone_is_the_same_person(desk: Any, other: str) -> None:
    assert desk.take("a.csv", ANN + other) == (1, 1, 0, 0, 0)


def test_without_email_phone_and_name_say_who_it_is(desk: Any) -> None:
    set_source(desk.database, "csv", Change(options={"contact": "either"}))
    rows = "Ann Ames,,100000,713-555-2101,\nAMES ann,,100000,+1 (713) 555-2101,\nBo,,100000,713-555-2101,\n"
    assert desk.take("a.csv", rows)[0] == 2


def test_the_sources_own_id_comes_first_and_stays_within_the_source(desk: Any) -> None:
    header = "lead id,name,email,value\n"
    assert desk.take("a.csv", "7,Ann,ann@example.com,1\n", "crm", header) == (1, 0, 0, 0, 0)
    assert desk.take("b.csv", "7,Ann,new@example.com,1\n", "crm", header) == (0, 1, 0, 0, 0)
    assert desk.take("c.csv", "7,Zed,zed@example.com,1\n", "other", header) == (1, 0, 0, 0, 0)
    assert desk.take("d.csv", "Ann,ann@example.com,1\n", "other", "name,email,value\n")[0] == 0, (
        "its email is known"
    )


def test_the_same_source_keeps_the_last_and_another_fills_blanks(desk: Any) -> None:
    desk.take("a.csv", "Ann,ann@example.com,100,,Houston TX\n", "one")
    assert desk.take("b.csv", "Ann,ann@example.com,200,,\n", "one") == (0, 1, 0, 0, 0)
    assert desk.leads("value / 100, location") == [(200, "Houston TX")], "a blank cell erases nothing"
    assert desk.take("c.csv", "Ann,ann@example.com,300,713-555-2101,Dallas TX\n", "two") == (0, 1, 0, 0, 0)
    assert desk.leads("value / 100, location, phone") == [(200, "Houston TX", "713-555-2101")]
    assert desk.leads("lists") == [(3,)]


@pytest.mark.parametrize(
    ("merge", "value", "phone"),
    [
        ("keep_last", 200, "713-555-2101"),
        ("keep_first", 100, None),
        ("fill_blanks", 100, "713-555-2101"),
        ("newest_list_date", 100, "713-555-2101"),
        ("review", 100, "713-555-2101"),
    ],
)
def test_merge_policies(desk: Any, merge: str, value: int, phone: str | None) -> None:
    set_source(desk.database, "csv", Change(options={"merge": merge}))
    header = "name,email,value,phone,list date\n"
    desk.take("a.csv", "Ann,ann@example.com,100,,2026-03-01\n", header=header)
    desk.take("b.csv", "Ann,ann@example.com,200,713-555-2101,2026-02-01\n", header=header)
    assert desk.leads("value / 100, phone") == [(value, phone)]


def test_the_newer_list_wins_by_its_date(desk: Any) -> None:
    set_source(desk.database, "csv", Change(options={"merge": "newest_list_date"}))
    header = "name,email,value,list date\n"
    desk.take("a.csv", "Ann,ann@example.com,100,2026-03-01\n", header=header)
    desk.take("b.csv", "Ann,ann@example.com,200,2026-04-01\n", header=header)
    assert desk.leads("value / 100") == [(200,)]


def test_a_change_to_review_waits_and_is_asked_once(desk: Any) -> None:
    set_source(desk.database, "csv", Change(options={"merge": "review"}))
    desk.take("a.csv", "Ann,ann@example.com,100,,\n")
    desk.take("b.csv", "Ann,ann@example.com,200,,\n")
    desk.take("b.csv", "Ann,ann@example.com,200,,\nBo,bo@example.com,5,,\n")
    (change,) = review.waiting(desk.database, 10)
    assert change["changes"] == {"value": [10000, 20000]}
    review.accept(desk.database, change["id"])
    assert desk.leads("value / 100")[0] == (200,)
    assert review.waiting(desk.database, 10) == []
    assert (
        desk.database.value("SELECT before FROM lead_history WHERE cause LIKE 'change:%'")
        == '{"value": 10000}'
    )


def test_the_same_content_in_another_file_is_a_duplicate_and_a_sighting(desk: Any) -> None:
    desk.take("a.csv", ANN)
    assert desk.take("b.csv", ANN) == (0, 0, 0, 1, 0)
    assert desk.read(desk.folder / "b.csv", again=True).unchanged == 1
    assert desk.leads("lists") == [(2,)]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Ann", "Bo", "Cid", ""]),
        st.sampled_from(["a@x.com", "b@x.com", "c@x.com", "", "nobody"]),
        st.sampled_from(["1", "2", "x", ""]),
        st.sampled_from(["713-555-2101", "713-555-2102", ""]),
    ),
    max_size=25,
)


def outcome(path: Any, chunk_rows: int) -> tuple[Any, ...]:
    with memory_database() as database:
        store.seed(database)
        with database.write():
            database.sql("INSERT INTO setting VALUES ('import.chunk_rows', ?, 0, 'test')", (str(chunk_rows),))
        import_file(database, Request(str(path)))
        counts = database.sql("SELECT rows, new, updated, unchanged, duplicate, rejected FROM import")
        leads = database.sql("SELECT id, name, email, value, phone, lists, fingerprint FROM lead ORDER BY id")
        return counts, leads, database.sql("SELECT key, lead_id FROM lead_key ORDER BY key")


@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, size=st.integers(1, 7))
def test_the_result_does_not_depend_on_the_chunk_size(tmp_path: Any, rows: Any, size: int) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "name,email,value,phone\n" + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8"
    )
    assert outcome(path, size) == outcome(path, 1000)


@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=ROWS, cut=st.integers(0, 25))
def test_an_appended_list_ends_like_one_that_was_read_whole(tmp_path: Any, rows: Any, cut: int) -> None:
    lines = [",".join(row) + "\n" for row in rows]
    path = tmp_path / "list.csv"

    def leads(*parts: list[str]) -> list[Any]:
        with memory_database() as database:
            store.seed(database)
            path.unlink(missing_ok=True)
            for part in parts:
                with open(path, "a", encoding="utf-8") as file:
                    file.write("".join(part))
                import_file(database, Request(str(path)))
            assert database.value("SELECT coalesce(sum(rows), 0) FROM import") >= 0
            return database.sql("SELECT name, email, value, phone FROM lead ORDER BY id")

    header = ["name,email,value,phone\n"]
    assert leads(header + lines[:cut], lines[cut:]) == leads(header + lines)


@pytest.mark.parametrize("size", [2, 100], ids=["few", "enough to be witnessed together"])
def test_leads_that_their_own_list_corrects_are_stored_in_order_known_and_witnessed(
    desk: Any, size: int
) -> None:
    rows = [f"Lead {n},lead{n}@example.com,{1000 + n},,\n" for n in range(size)]
    corrected = "Lead 0,lead0@example.com,5,,\n"
    assert desk.take("a.csv", "".join((*rows, corrected))) == (size, 1, 0, 0, 0)
    stored = desk.database.sql(
        "SELECT l.id, l.email, k.lead_id FROM lead AS l JOIN lead_key AS k ON k.key = l.identity"
    )
    assert sorted(stored) == [(n + 1, f"lead{n}@example.com", n + 1) for n in range(size)]
    assert verify(desk.database).problems == []
    assert desk.database.value("SELECT count(*) FROM witness WHERE tbl = 'lead' AND salt IS NOT NULL") == size
