"""Lists that come through the browser: kept safely, previewed, then read or dropped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit import uploads
from valhalla.cockpit.server import Server
from valhalla.intake.source_settings import Change, set_source
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.home import Home

GOOD = b"name,email,value,phone\nAnn Lee,a@x.com,250000,2545550100\nBad,nobody,1,\n"


@pytest.fixture
def working(server: Server) -> Iterator[None]:
    """Somebody works on the queue, as in a running program."""
    worker = server.cockpit.queue.worker(threads=2)
    worker.start()
    yield
    worker.stop(timeout=5)


def drop(client: httpx.Client, content: bytes = GOOD, name: str = "list.csv") -> str:
    """Drop a list as the page's script does; its token."""
    answer = client.post(
        "/imports/upload", params={"name": name}, content=content, headers={"accept": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def preview(client: httpx.Client, token: str, source: str = "csv") -> dict[str, Any]:
    """What the list would do, when that is known."""
    for _ in range(600):
        told: dict[str, Any] = client.get(f"/api/imports/uploads/{token}", params={"source": source}).json()
        if told["preview"] is not None:
            return told
        time.sleep(0.02)
    raise AssertionError("the preview was never worked out")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("list.csv", "list.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\Users\\me\\Leads 2026.XLSX", "Leads 2026.XLSX"),
        ('a<b>:"|?*.csv', "a_b______.csv"),
        (".hidden.csv", "hidden.csv"),
        ("~$list.csv", "list.csv"),
        ("CON.csv", "_CON.csv"),
        ("con.backup.csv", "_con.backup.csv"),
        ("lpt1 .csv", "_lpt1.csv"),
        ("a\u202egpj\x00\n.csv", "agpj.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("Müller Straße.csv", "Müller Straße.csv"),
        ("   .csv", None),
        ("list.exe", None),
        ("csv", None),
        ("", None),
    ],
)
def test_a_name_is_made_safe_or_refused(given: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(UsageError, match="is not a lead list"):
            uploads.safe_name(given)
    else:
        assert uploads.safe_name(given) == name


def test_a_dropped_list_waits_where_nothing_reads_it(
    client: httpx.Client, database: Database, cockpit_home: Home
) -> None:
    from valhalla.intake import sources

    token = drop(client, name="../my list.csv")
    (kept,) = cockpit_home.inbox.rglob("*.csv")
    assert kept == cockpit_home.inbox / ".uploads" / token / "my list.csv" and kept.read_bytes() == GOOD
    assert sources.find(database, cockpit_home, [], standing=True).files == []
    assert "my list.csv" in client.get("/imports").text


def test_a_list_is_shown_for_a_new_source_that_a_person_names(client: httpx.Client) -> None:
    at = f"/imports/uploads/{drop(client)}"
    assert "probate" in client.get(f"{at}?source=csv&other=probate").text.partition("<h1>")[2]
    assert client.get(f"{at}?source=csv&other=").status_code == 200


def test_a_preview_says_what_would_happen_and_writes_nothing(
    client: httpx.Client, database: Database, people: Callable[[int], int]
) -> None:
    people(2)
    before = database.sql("SELECT count(*), max(id) FROM lead") + database.sql(
        "SELECT entries FROM audit_head"
    )
    told = preview(client, drop(client))
    file = told["preview"]["file"]
    assert (file["rows"], file["new"], file["rejected"]) == (2, 1, 1) and told["usable"]
    assert file["path"] == "list.csv" and ".uploads" not in str(told["preview"])
    assert [lead["name"] for lead in told["preview"]["first"]] == ["Ann Lee"]
    columns = {each["name"]: (each["field"], each["samples"]) for each in told["preview"]["columns"]}
    assert columns["email"] == ("email", ["a@x.com", "nobody"])
    page = client.get(f"/imports/uploads/{told['token']}").text
    assert "Import 1 row" in page and "Invalid email format: nobody" in page
    after = database.sql("SELECT count(*), max(id) FROM lead") + database.sql(
        "SELECT entries FROM audit_head"
    )
    assert after == before


@pytest.mark.usefixtures("working")
def test_an_accepted_list_is_read_under_a_name_of_its_own(
    client: httpx.Client, database: Database, cockpit_home: Home
) -> None:
    (cockpit_home.inbox / "ppc").mkdir()
    (cockpit_home.inbox / "ppc" / "list.csv").write_text("older")
    token = drop(client)
    answer = client.post(f"/imports/uploads/{token}/import", data={"source": "ppc"})
    assert answer.headers["location"] == "/imports/1"
    told = client.get("/api/imports/1").json()
    assert told["path"] == str(cockpit_home.inbox / "ppc" / "list (2).csv") and told["source"] == "ppc"
    assert told["new"] == 1 and database.value("SELECT source FROM lead") is not None
    assert (cockpit_home.inbox / "ppc" / "list.csv").read_text() == "older"
    assert client.get(f"/imports/uploads/{token}").status_code == 404
    assert client.post(f"/imports/uploads/{token}/import").status_code == 404


def test_a_dropped_list_can_be_dropped_again(client: httpx.Client, cockpit_home: Home) -> None:
    token = drop(client)
    assert client.post(f"/imports/uploads/{token}/discard").status_code == 303
    assert list(cockpit_home.inbox.rglob("*.csv")) == []


def test_without_a_script_a_form_does_the_same(client: httpx.Client) -> None:
    answer = client.post("/imports/upload", files={"list": ("my list.csv", GOOD, "text/csv")})
    assert answer.status_code == 303
    told = preview(client, answer.headers["location"].rpartition("/")[2])
    assert told["name"] == "my list.csv" and told["bytes"] == len(GOOD)
    assert client.post("/imports/upload", files={"other": ("a.csv", GOOD)}).status_code == 400
    assert client.post("/imports/upload", files={"list": ("a.exe", GOOD)}).status_code == 400


def test_columns_are_mapped_and_remembered_for_the_source(client: httpx.Client, database: Database) -> None:
    set_source(database, "csv", Change(options={"rules": "documents"}))
    token = drop(client, b"Who,Where to write,How much\nAnn Lee,a@x.com,250000\n")
    told = preview(client, token)
    assert told["preview"]["file"]["error"]["code"] == "MISSING_COLUMN" and not told["usable"]
    assert told["preview"]["columns"][1]["samples"] == ["a@x.com"]
    pairs = {"column": ["Who", "Where to write", "How much"], "field": ["name", "email", "value"]}
    at = f"/imports/uploads/{token}/mapping"
    assert client.post(at, data={**pairs, "field": ["name", "email", "email"]}).status_code == 400
    answer = client.post(at, data={**pairs, "source": "odd ones"})
    assert answer.headers["location"] == f"/imports/uploads/{token}?source=odd+ones"
    assert preview(client, token, "odd ones")["preview"]["file"]["new"] == 1
    assert preview(client, drop(client, b"Who,Where to write,How much\nBob,b@x.com,9\n"), "odd ones")[
        "usable"
    ]


def test_a_guessed_column_is_asked_about(client: httpx.Client, database: Database) -> None:
    set_source(database, "csv", Change(options={"rules": "documents"}))
    token = drop(client, b"Owner,Mail,Asking prise\nAnn Lee,a@x.com,250000\nBob Ray,b@x.com,190000\n")
    told = preview(client, token)["preview"]
    assert [(each["name"], each["field"]) for each in told["columns"] if each["guessed"]] == [
        ("Asking prise", "value")
    ]
    assert "Did you mean this?" in client.get(f"/imports/uploads/{token}").text


def test_advice_is_followed_before_anything_is_read(client: httpx.Client, database: Database) -> None:
    lines = b"".join(b"P%d,713555%04d,90000\n" % (n, n) for n in range(9))
    token = drop(client, b"name,phone,value\n" + lines)
    assert preview(client, token)["preview"]["file"]["advice"][0]["settings"] == {"contact": "phone"}
    assert client.post(f"/imports/uploads/{token}/cure").status_code == 303
    assert preview(client, token)["preview"]["file"]["new"] == 9
    assert database.value("SELECT count(*) FROM lead") == 0


def test_what_is_too_large_leaves_nothing_and_says_where_it_may_go(
    client: httpx.Client, cockpit_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 1_000)
    pieces: Iterator[bytes] = (b"x" * 600 for _ in range(3))
    headers = {"accept": "application/json"}
    for content in (b"x" * 1_001, pieces):
        answer = client.post("/imports/upload", params={"name": "a.csv"}, content=content, headers=headers)
        assert answer.status_code == 400 and str(cockpit_home.inbox) in answer.json()["error"]["message"]
    assert list((cockpit_home.inbox / ".uploads").iterdir()) == []


def test_an_empty_list_is_refused_and_leaves_nothing(client: httpx.Client, cockpit_home: Home) -> None:
    assert client.post("/imports/upload", params={"name": "a.csv"}, content=b"").status_code == 400
    assert list((cockpit_home.inbox / ".uploads").iterdir()) == []


@pytest.mark.parametrize("token", ["0123456789abcdef", "%2e%2e", "x" * 41])
def test_a_token_is_no_path(client: httpx.Client, token: str) -> None:
    assert client.get(f"/imports/uploads/{token}").status_code in (404, 422)
    assert client.post(f"/imports/uploads/{token}/discard").status_code in (404, 405, 422)


@pytest.mark.parametrize("source", ["../out", ".uploads", "a/b", "x.csv", "", "a" * 61, "con\x00"])
def test_a_source_is_no_path(client: httpx.Client, cockpit_home: Home, source: str) -> None:
    token = drop(client)
    answer = client.post(f"/imports/uploads/{token}/import", data={"source": source})
    assert answer.status_code in (303, 400)
    assert [path.name for path in cockpit_home.inbox.iterdir() if path.name != "list.csv"] == [".uploads"]


def test_lists_that_nobody_decided_on_are_forgotten_in_time(client: httpx.Client, cockpit_home: Home) -> None:
    token = drop(client)
    folder = cockpit_home.inbox / ".uploads" / token
    old = time.time() - uploads.KEPT_SECONDS - 60
    os.utime(folder, (old, old))
    assert uploads.waiting(cockpit_home) == []
    with pytest.raises(NotFound):
        uploads.find(cockpit_home, token)


def test_a_list_of_evil_is_shown_as_such(client: httpx.Client) -> None:
    evil = "<script>alert(1)</script>"
    token = drop(client, f"name,email,value,{evil}\n{evil},a@x.com,1000,{evil}\n".encode(), "<img src=x>.csv")
    preview(client, token)
    page = client.get(f"/imports/uploads/{token}").text
    assert "<script>alert" not in page and "<img src" not in page and "&lt;script&gt;alert" in page


def test_a_list_that_is_gone_leaves_no_empty_one_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from valhalla.program.errors import InputError

    home = Home(tmp_path)
    home.prepare()
    receiving = uploads.Receiving(home, "a.csv")
    receiving.write(GOOD)
    kept = receiving.finish()
    monkeypatch.setattr(uploads, "find", lambda home, token: kept)
    kept.path.unlink()  # somebody else has just taken it
    with pytest.raises(InputError, match="cannot be put into"):
        uploads.take(home, kept.token, "ppc")
    assert list(home.inbox.rglob("*.csv")) == []


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from valhalla.program.errors import InputError

    home = Home(tmp_path)
    home.prepare()
    monkeypatch.setattr(uploads, "SPARE", 2**80)
    with pytest.raises(InputError, match="too little for this list"):
        uploads.Receiving(home, "a.csv", 10)


def test_a_preview_says_how_far_it_is(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from valhalla.intake.passes import Importing

    told, go = threading.Event(), threading.Event()
    real = Importing.read_again

    def slow(self: Importing, path: Path, source: str, watch: Any) -> Any:
        watch(path, None)
        watch(path, {"bytes": 30, "of": 120, "rows": 1})
        told.set()
        assert go.wait(30)
        return real(self, path, source, watch)

    monkeypatch.setattr(Importing, "read_again", slow)
    token, other = drop(client), drop(client, name="other.csv")
    assert client.get(f"/api/imports/uploads/{token}").json()["preview"] is None
    try:
        assert told.wait(30)
        assert client.get(f"/api/imports/uploads/{token}").json()["percent"] == 25.0
        assert 'value="25.0"' in client.get(f"/imports/uploads/{token}").text
        assert client.get(f"/api/imports/uploads/{other}").json()["percent"] is None
    finally:
        go.set()
    assert preview(client, token)["percent"] is None


def test_a_list_of_buyers_is_taken_and_a_question_is_asked_once(
    client: httpx.Client, database: Database
) -> None:
    token = drop(client, b"Name,Phone,Buy Box\nAnn,713-555-0101,any\n", "buyers.csv")
    told = preview(client, token)
    assert told["usable"] and told["accepted"] == 1 and told["preview"]["file"]["offered"] == 1
    assert (
        "wait under Decisions, where you can accept them as buyers"
        in client.get(f"/imports/uploads/{token}").text
    )
    token = drop(client, b"Owner Name,Phone,Property Address,Amount\nAnn,713-555-0101,1 Oak St,125000\n")
    (asked,) = [each for each in preview(client, token)["preview"]["columns"] if each["asked"]]
    assert (asked["name"], asked["asked"]["field"]) == ("Amount", "value")
    page = client.get(f"/imports/uploads/{token}").text
    assert "Is “Amount” the price" in page and "columns were recognized" in page
    assert (
        client.post(f"/imports/uploads/{token}/answer", data={"column": "Amount", "field": ""}).status_code
        == 303
    )
    assert not [each for each in preview(client, token)["preview"]["columns"] if each["asked"]]
