"""Imports as pages and as JSON: what was read, what was refused, cures, undoing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit.server import Server
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.source_settings import Change, set_source

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def working(server: Server) -> Iterator[None]:
    """Somebody works on the queue, as in a running program."""
    worker = server.cockpit.queue.worker(threads=2)
    worker.start()
    yield
    worker.stop(timeout=5)


def advised(client: httpx.Client, number: int) -> dict[str, Any]:
    """The import, when it is known what would cure it."""
    for _ in range(600):
        told: dict[str, Any] = client.get(f"/api/imports/{number}").json()
        if told["advice"] is not None:
            return told
        time.sleep(0.02)
    raise AssertionError("never advised")


def test_with_nothing_read_the_page_says_what_to_do_first(client: httpx.Client, tmp_path: Path) -> None:
    page = client.get("/imports").text
    assert "Nothing here yet" in page and str(tmp_path / "inbox") in page
    assert "Load the ten sample leads" in page and 'enctype="multipart/form-data"' in page
    assert client.get("/api/imports").json()["imports"] == []


def test_imports_are_listed_newest_first_by_source_and_paged(
    client: httpx.Client, load: Callable[..., int]
) -> None:
    for number in range(4):
        load(f"P{number},p{number}@x.com,1000,,,,,,,", source="ppc" if number % 2 else "csv")
    first = client.get("/api/imports", params={"limit": 3}).json()
    assert [each["id"] for each in first["imports"]] == [4, 3, 2] and first["next"] == 2
    rest = client.get("/api/imports", params={"limit": 3, "before": 2}).json()
    assert [each["id"] for each in rest["imports"]] == [1] and rest["next"] is None
    assert [each["id"] for each in client.get("/api/imports?source=ppc").json()["imports"]] == [4, 2]
    assert client.get("/imports?source=ppc&state=done").status_code == 200
    assert client.get("/imports?source=nobody").text.count("None of these") == 1


def test_an_import_shows_its_counts_and_refused_rows_with_reasons(
    client: httpx.Client, load: Callable[..., int]
) -> None:
    load(f"{EVIL},not-an-address,1000,,,,,,,", "Ann,a@x.com,abc,,,,,,,", "Bob,b@x.com,5,,,,,,,")
    told = client.get("/api/imports/1").json()
    assert (told["rows"], told["new"], told["rejected"]) == (3, 1, 2)
    assert [(each["line"], each["code"]) for each in told["refused"]] == [
        (2, "EMAIL_FORMAT"),
        (3, "VALUE_NOT_NUMBER"),
    ]
    assert all(each["meaning"] for each in told["refused"])
    only = client.get("/api/imports/1", params={"code": "EMAIL_FORMAT"}).json()
    assert [each["line"] for each in only["refused"]] == [2]
    page = client.get("/imports/1").text
    assert "not-an-address" in page and "<script>alert" not in page


def test_rejects_are_paged(client: httpx.Client, load: Callable[..., int]) -> None:
    load(*(f"P{n},bad,1000,,,,,,," for n in range(60)))
    seen, after = [], 0
    while after is not None:
        told = client.get("/api/imports/1", params={"after": after}).json()
        seen += [each["line"] for each in told["refused"]]
        after = told["next_reject"]
    assert seen == list(range(2, 62))
    assert "Next" in client.get("/imports/1").text


def test_rejects_come_as_a_list_that_can_be_repaired_and_that_no_spreadsheet_runs(
    client: httpx.Client, load: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    load("=cmd(),bad,1000,,,,,,,", "Bob,b@x.com,5,,,,,,,")
    answer = client.get("/imports/1/rejects.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="rejects-1.csv"'
    lines = answer.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("_reject,_line,_reason,_field,name") and len(lines) == 2
    assert "'=cmd()" in lines[1]
    assert client.get("/imports/1/rejects.csv?code=VALUE_FORMAT").status_code == 404
    assert client.get("/imports/9/rejects.csv").status_code == 404
    assert client.get("/imports/1/rejects.csv?code=../etc").status_code == 422


@pytest.mark.usefixtures("working")
def test_an_import_is_taken_back_and_read_again(
    client: httpx.Client, database: Database, people: Callable[[int], int], tell: Callable[..., Any]
) -> None:
    people(3)
    tell(2, "contacted")
    answer = client.post("/imports/1/undo", headers={"accept": "application/json"}).json()
    assert (
        answer["message"] == "Import 1 is undone: 2 leads reversed, 1 kept because a person worked with them."
    )
    assert database.sql("SELECT id FROM lead") == [(2,)]
    told = client.get("/api/imports/1").json()
    assert told["state"] == "undone" and not told["may_undo"] and told["undo"]["items"][0]["lead"] == 2
    assert "an outcome was recorded" in client.get("/imports/1").text
    assert client.post("/imports/1/undo").status_code == 409
    assert client.post(answer["undo"]).headers["location"] == "/imports/2"
    assert database.value("SELECT count(*) FROM lead") == 3


@pytest.mark.usefixtures("working")
def test_a_cure_is_one_click(client: httpx.Client, database: Database, load: Callable[..., int]) -> None:
    load(*(f"P{n},713555{n:04d},90000" for n in range(12)), header="name,phone,value\n", source="phones")
    told = advised(client, 1)
    assert told["state"] == "failed" and told["advice"][0]["settings"] == {"contact": "phone"}
    assert "12</data> of" in client.get("/imports/1").text
    assert client.post("/imports/1/cure").headers["location"] == "/imports/2"
    assert database.value("SELECT count(*) FROM lead") == 12
    assert advised(client, 2)["advice"] == []
    assert client.post("/imports/2/cure").status_code == 400


@pytest.mark.usefixtures("working")
def test_a_suggested_mapping_is_accepted_by_the_same_click(
    client: httpx.Client, database: Database, load: Callable[..., int]
) -> None:
    set_source(database, "odd", Change(options={"rules": "documents"}))
    load(
        "Ann Lee,a@x.com,250000",
        "Bob Ray,b@x.com,190000",
        header="Owner,Mail,Asking prise\n",
        source="odd",
    )
    (advice,) = advised(client, 1)["advice"]
    assert advice["guessed"] == {"Asking prise": "value"}
    assert client.post("/imports/1/cure").headers["location"] == "/imports/2"
    assert database.value("SELECT sum(value) FROM lead") == 44_000_000


@pytest.mark.usefixtures("working")
def test_columns_that_nobody_could_guess_are_named_on_the_imports_page(
    client: httpx.Client, database: Database, load: Callable[..., int]
) -> None:
    set_source(database, "odd", Change(options={"rules": "documents"}))
    load("Ann Lee,a@x.com,9", "Bob Ray,b@x.com,8", header="Whom,Where,Much\n", source="odd")
    told = advised(client, 1)
    assert [each["name"] for each in told["columns_seen"]] == ["Whom", "Where", "Much"]
    assert "Which column is which?" in client.get("/imports/1").text
    form = {"column": ["Whom", "Where", "Much"], "field": ["name", "email", "value"]}
    assert client.post("/imports/1/mapping", data={**form, "field": ["name", "name", ""]}).status_code == 400
    assert client.post("/imports/1/mapping", data=form).headers["location"] == "/imports/2"
    assert database.value("SELECT count(*) FROM lead") == 2
    assert client.post("/imports/9/mapping", data=form).status_code == 404


def test_without_a_worker_a_list_waits_to_be_read(client: httpx.Client, people: Callable[[int], int]) -> None:
    people(1)
    answer = client.post("/imports/1/again", headers={"accept": "application/json"}).json()
    assert answer["message"] == "list-1.csv is being read as soon as Valhalla runs."
    assert client.get("/api/jobs").json()["jobs"][0]["state"] == "waiting"


def test_what_is_running_is_shown_with_how_far_it_is(client: httpx.Client, database: Database) -> None:
    with database.write():
        database.sql(
            "INSERT INTO task (queue, name, state, payload, created_at, started_at, progress) VALUES "
            "('default', 'import.file', 'running', ?, 1, 1, ?)",
            ('{"args": ["/lists/big <b>.csv"]}', '{"bytes": 50, "of": 200, "rows": 1234, "rejected": 5}'),
        )
    page = client.get("/imports").text
    assert 'value="25.0"' in page and "big &lt;b&gt;.csv" in page and "1,234" in page


def test_the_sources_rules_are_shown_and_changed(
    client: httpx.Client, database: Database, load: Callable[..., int]
) -> None:
    load("Ann,a@x.com,1000,,,,,,,", source="weekly list & co")
    at = "/imports/sources/weekly%20list%20%26%20co"
    page = client.get(at).text
    assert "weekly list &amp; co" in page
    form = {
        "contact": "either",
        "value_format": "eu",
        "country": "DE",
        "merge": "review",
        "fallback": "cp1252",
        "delimiter": "semicolon",
        "required": "Plot, Owner",
        "day_first": "on",
        "pattern": "",
    }
    assert client.post(at, data=form).status_code == 303
    rules = client.get(at.replace("/imports", "/api/imports")).json()["rules"]
    assert (
        rules["contact"] == "either" and rules["delimiter"] == ";" and rules["required"] == ["Plot", "Owner"]
    )
    assert rules["day_first"] and not rules["phone_identity"] and rules["country"] == "DE"
    refused = client.post(at, data={**form, "country": "Germany"}, headers={"accept": "application/json"})
    assert refused.status_code == 400 and "two letters" in refused.json()["error"]["message"]
    assert client.get("/imports/sources/nobody").status_code == 404
    assert client.post("/imports/sources/nobody", data=form).status_code == 404


def test_a_source_is_made(client: httpx.Client, tmp_path: Path) -> None:
    assert "No sources yet" in client.get("/imports/sources").text
    answer = client.post("/imports/sources", data={"name": "ppc", "pattern": str(tmp_path / "ppc*.csv")})
    assert answer.headers["location"] == "/imports/sources/ppc"
    (found,) = client.get("/api/imports/sources").json()["sources"]
    assert found["pattern"] == str(tmp_path / "ppc*.csv")
    assert client.post("/imports/sources", data={"name": "a/b"}).status_code == 400


@pytest.mark.usefixtures("working")
def test_the_ten_sample_leads_are_read_at_once_and_taken_back(
    client: httpx.Client, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "inbox" / "real_leads.csv").write_text("name,email,value\nMine,me@x.com,1\n")
    answer = client.post("/samples", headers={"accept": "application/json"}).json()
    assert database.value("SELECT count(*) FROM lead") == 10
    assert (tmp_path / "inbox" / "real_leads.csv").read_text().endswith("Mine,me@x.com,1\n")
    client.post(answer["undo"])
    assert database.value("SELECT count(*) FROM lead") == 0
    client.post("/samples")
    assert database.value("SELECT count(*) FROM lead") == 10


def test_unknown_imports_are_not_found_and_a_read_only_cockpit_reads_nothing(
    client: httpx.Client, serve: Callable[..., Server], sign_in: Callable[..., httpx.Client]
) -> None:
    assert client.get("/imports/99").status_code == client.get("/api/imports/99").status_code == 404
    assert client.get("/imports/x").status_code == 404
    assert client.post("/imports/99/undo").status_code == 404
    other = sign_in(serve(read_only=True))
    assert "data-drop" not in other.get("/imports").text
    assert other.post("/imports/upload?name=a.csv", content=b"name\n").status_code == 403


TRADE = "Owner Name,Phone,Property Address,City,State,Amount\n"


@pytest.fixture
def trade(database: Database, tmp_path: Path) -> Path:
    """A list with somebody to call, somebody without a number, a row without an owner, a question, and a buyer."""
    path = tmp_path / "county.csv"
    path.write_text(
        TRADE + "Ann Lee,713-555-0101,1 Oak St,Houston,TX,125000\nBob Roe,,2 Oak St,Houston,TX,90000\n"
        ",713-555-0103,,Waco,TX,80000\n",
        encoding="utf-8",
    )
    import_file(database, Request(str(path)))
    return path


def test_the_page_of_an_import_says_first_whom_it_brought(client: httpx.Client, trade: Path) -> None:
    told = client.get("/api/imports/1").json()
    assert {name: told["brought"][name] for name in ("leads", "callable", "needs_number")} == {
        "leads": 2, "callable": 1, "needs_number": 1,
    }  # fmt: skip
    assert told["brought"]["best"]["name"] == "Ann Lee"
    page = client.get("/imports/1").text
    assert page.index("people from this list") < page.index("Refused") and "Go to the call list" in page
    assert "needs a number: kept" in page and "Best first:" in page


def test_a_refused_row_is_repaired_on_the_page(client: httpx.Client, trade: Path) -> None:
    (row,) = client.get("/api/imports/1").json()["refused"]
    assert (row["name"], row["address"], row["line"]) == (None, "Waco TX", 4)
    page = client.get("/imports/1").text
    assert "Try again" in page and 'name="cell" value="713-555-0103"' in page
    where = f"/imports/1/rejects/{row['id']}/repair"
    again = client.post(where, data={"column": "City", "cell": "Houston"})
    assert again.status_code == 400 and "refused still" in again.text
    assert client.post(where, data={"column": "Owner Name", "cell": "Cem Sahin"}).status_code == 303
    assert client.get("/api/imports/1").json()["refused"] == []
    assert client.get("/api/leads/3").json()["name"] == "Cem Sahin"


@pytest.mark.usefixtures("working")
def test_a_question_about_a_column_is_asked_once(client: httpx.Client, trade: Path) -> None:
    (asked,) = client.get("/api/imports/1").json()["asked"]
    assert asked["asked"]["field"] == "value" and asked["samples"][0] == "125000"
    page = client.get("/imports/1").text
    assert "Is “Amount” the price that the owner asks for the house?" in page and "125000 · 90000" in page
    answer = {"column": "Amount", "field": asked["asked"]["field"]}
    assert client.post("/imports/1/answer", data=answer).status_code == 303
    assert client.get("/api/leads/1").json()["value"] == 125_000
    newest = client.get("/api/imports").json()["imports"][0]["id"]
    assert newest > 1 and client.get(f"/api/imports/{newest}").json()["asked"] == []


def test_the_stack_stands_as_lists_by_lists(client: httpx.Client, trade: Path, database: Database) -> None:
    other = trade.with_name("vacant.csv")
    other.write_text(TRADE + "Ann Lee,,1 Oak St,Houston,TX,\n", encoding="utf-8")
    import_file(database, Request(str(other)))
    told = client.get("/api/stack").json()
    assert told["stack"]["on"] == {"2": 1, "3": 0, "4": 0} and told["stack"]["pairs"] == [[2, 1], [1, 1]]
    assert [each["name"] for each in told["leads"]] == ["Ann Lee"]
    page = client.get("/imports/stack").text
    assert "county.csv" in page and "vacant.csv" in page and "1 on county.csv and vacant.csv" in page
    assert client.get("/imports/stack?one=1&other=2").status_code == 200
