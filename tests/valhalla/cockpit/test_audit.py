"""The audit page: the log, copies, verification, and that nothing else can be downloaded."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from db import Database
from jobs import JobState
from valhalla.cockpit.server import Server
from valhalla.program import settings

SCRIPT = Path(__file__).parents[3] / "scripts" / "verify_audit.py"


def test_the_log_is_shown_and_narrowed(client: httpx.Client, database: Database) -> None:
    settings.save(database, "interval", "45")
    settings.save(database, "console.base_path", "/srv/<b>example</b>/ark")
    text = client.get("/audit").text
    assert "setting:interval" in text and "/srv/&lt;b&gt;example" in text and "<b>example" not in text
    told = client.get("/api/audit/log", params={"subject": "setting:interval"}).json()
    assert [each["body"]["after"] for each in told["entries"]] == [45]
    assert told["entries"][0]["page"] == "/settings#interval"
    narrowed = client.get("/audit", params={"subject": "setting:interval"}).text
    assert "setting:console.base_path" not in narrowed and 'value="setting:interval"' in narrowed


def test_pages_of_the_log_follow_each_other(client: httpx.Client, database: Database) -> None:
    for seconds in range(10, 17):
        settings.save(database, "interval", str(seconds))
    seen: list[int] = []
    params: dict[str, str | int] = {"action": "setting.", "limit": 3}
    while True:
        told = client.get("/api/audit/log", params=params).json()
        seen += [each["body"]["after"] for each in told["entries"]]
        if told["next"] is None:
            break
        params["before"] = told["next"]
    assert seen == [16, 15, 14, 13, 12, 11, 10]


def test_the_log_as_a_table_runs_no_formula(client: httpx.Client, database: Database) -> None:
    settings.save(database, "interval", "45", actor='=HYPERLINK("x")')
    answer = client.get("/audit/log.csv?action=setting.")
    assert answer.headers["content-disposition"] == 'attachment; filename="valhalla-audit-log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["actor"] for row in rows] == ['\'=HYPERLINK("x")']
    assert json.loads(rows[0]["body"])["after"] == 45


@pytest.mark.parametrize(
    "when", ["yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_day_that_is_none_is_refused_in_words(client: httpx.Client, when: str) -> None:
    answer = client.get("/api/audit/log", params={"since": when})
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert when in answer.json()["error"]["message"]


def test_a_copy_is_made_by_a_job_downloaded_and_verified_without_valhalla(
    client: httpx.Client, work: Callable[[], JobState], people: Callable[[int], int], tmp_path: Path
) -> None:
    people(3)
    assert client.post("/audit/copies").status_code == 303
    ended = work()
    assert ended.state == "done", ended.error
    page = client.get("/audit").text
    name = ended.result["name"]
    assert f'href="/audit/copies/{name}"' in page and "copied and checked" in page
    (told,) = client.get("/api/audit/copies").json()["copies"]
    assert (told["name"], told["head"], told["redacted"]) == (name, ended.result["head"], False)
    assert client.get("/api/audit/head").json()["noted"][0]["why"] == f"copy {name}"
    answer = client.get(f"/audit/copies/{name}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    copy = tmp_path / "downloaded.db"
    copy.write_bytes(answer.content)
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), str(copy)], capture_output=True, text=True, timeout=120, check=False
    )
    assert checked.returncode == 0, checked.stdout
    manifest = client.get(f"/audit/copies/{name}.manifest.json").json()
    assert manifest["sha256"] == told["sha256"]


def test_a_copy_without_personal_data(
    client: httpx.Client, work: Callable[[], JobState], people: Callable[[int], int]
) -> None:
    people(1)
    client.post("/audit/copies", data={"redact": "true"})
    ended = work()
    assert b"p1@example.com" not in client.get(f"/audit/copies/{ended.result['name']}").content
    assert "without personal data" in client.get("/audit").text


def test_the_running_file_is_verified(client: httpx.Client, work: Callable[[], JobState]) -> None:
    client.post("/audit/verify")
    assert work().result["ok"] is True
    assert "verified" in client.get("/audit").text
    assert client.get("/api/audit/work").json()["work"][0]["result"]["ok"] is True


def test_a_copy_that_was_changed_is_found_out(
    client: httpx.Client, server: Server, work: Callable[[], JobState], people: Callable[[int], int]
) -> None:
    people(2)
    client.post("/audit/copies")
    path = server.cockpit.home.audit / work().result["name"]
    content = bytearray(path.read_bytes())
    at = content.index(b"p1@example.com")
    content[at : at + 2] = b"p9"
    path.write_bytes(content)
    client.post("/audit/verify", data={"name": path.name})
    assert work().result["ok"] is False
    assert "not as the chain says" in client.get("/audit").text


NOT_THERE = [
    "..%2fvalhalla.db",
    "..%2F..%2Fetc%2Fpasswd",
    "%2fetc%2fpasswd",
    "..%5cvalhalla.db",
    ".hidden.db",
    "valhalla.db%00.db",
    "heads.jsonl",
    "valhalla.db",
    "valhalla.db.manifest.json",
    "link.db",
    "folder.db",
    "a" * 300 + ".db",
]


@pytest.mark.parametrize("name", NOT_THERE)
def test_nothing_but_copies_can_be_downloaded(client: httpx.Client, server: Server, name: str) -> None:
    folder = server.cockpit.home.audit
    (folder / "folder.db").mkdir()
    (folder / ".hidden.db").write_text("x", encoding="utf-8")
    (folder / "heads.jsonl").write_text("{}", encoding="utf-8")
    if hasattr(os, "symlink"):
        (folder / "link.db").symlink_to(server.cockpit.home.database)
    assert client.get(f"/audit/copies/{name}").status_code == 404
    assert client.post("/audit/verify", data={"name": name}).status_code in (404, 422)


def test_an_empty_folder_says_what_a_copy_is(client: httpx.Client) -> None:
    assert "No copy yet" in client.get("/audit").text


def test_a_part_that_is_fetched_takes_no_toast_away(client: httpx.Client) -> None:
    client.post("/audit/verify")
    assert "is being verified" not in client.get("/audit", headers={"X-Part": "work"}).text
    assert "is being verified" in client.get("/audit").text
