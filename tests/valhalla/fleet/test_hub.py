"""Several homes, one answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from valhalla.fleet import hub
from valhalla.program.errors import InputError, UsageError
from valhalla.program.home import Home

PEOPLE = "name,phone,address,city,state,zip,asking price\n"


@pytest.fixture
def say(tmp_path: Path, command: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs a command in the hub's home (or ``home``) and returns its JSON."""

    def call(*words: str, home: str = "hub", code: int = 0) -> Any:
        answer = command("--home", tmp_path / home, "--json", *words, code=code)
        return answer.err if code else answer.json

    return call


def people(path: Path, city: str, prices: list[int]) -> Path:
    lines = [
        f"Owner {price} {city},713555{1000 + number:04},{number + 1} Oak St,{city},TX,77002,{price}\n"
        for number, price in enumerate(prices)
    ]
    path.write_text(PEOPLE + "".join(lines), encoding="utf-8")
    return path


def test_workspaces_answer_together_in_the_order_of_each(say: Callable[..., Any], tmp_path: Path) -> None:
    say("hub", "init")
    for name, prices in (("houston", [90_000, 250_000]), ("dallas", [120_000, 400_000])):
        made = say("hub", "add", name)
        say("ingest", str(people(tmp_path / f"{name}.csv", name, prices)), home=f"hub/workspaces/{name}")
        assert made["home"].endswith(name)
    answer = say("hub", "top", "--limit", "3")
    assert answer["unread"] == [] and [each["rank"] for each in answer["entries"]] == [1, 2, 3]
    alone = {name: say("today", home=f"hub/workspaces/{name}") for name in ("houston", "dallas")}
    for name, own in alone.items():
        mine = [each["name"] for each in answer["entries"] if each["workspace"] == name]
        assert mine == [each["name"] for each in own][: len(mine)]
    scores = [each["score"] for each in answer["entries"]]
    assert scores == sorted(scores, reverse=True)
    listed = say("hub", "list")
    assert [(row["workspace"], row["leads"]) for row in listed] == [("dallas", 2), ("houston", 2)]
    assert all(row["today"] and row["last_import"] and row["bytes"] for row in listed)


def test_a_home_that_there_is_already_stays_where_it_is(say: Callable[..., Any], tmp_path: Path) -> None:
    say("ingest", str(people(tmp_path / "old.csv", "austin", [100_000])), home="austin")
    before = (tmp_path / "austin" / "valhalla.db").stat().st_ino
    say("hub", "init")
    say("hub", "add", "austin", str(tmp_path / "austin"))
    assert [each["workspace"] for each in say("hub", "top")["entries"]] == ["austin"]
    assert (tmp_path / "austin" / "valhalla.db").stat().st_ino == before
    assert not (tmp_path / "hub" / "valhalla.db").exists()


def test_a_workspace_that_cannot_be_read_is_named_and_the_others_answer(
    say: Callable[..., Any], tmp_path: Path
) -> None:
    say("hub", "init")
    for name in ("good", "gone", "broken"):
        say("hub", "add", name)
    say("ingest", str(people(tmp_path / "x.csv", "waco", [100_000])), home="hub/workspaces/good")
    (tmp_path / "hub/workspaces/gone/valhalla.db").unlink()
    (tmp_path / "hub/workspaces/broken/valhalla.db").write_bytes(b"not a database" * 1_000)
    answer = say("hub", "top")
    assert [each["workspace"] for each in answer["entries"]] == ["good"]
    assert {each["workspace"] for each in answer["unread"]} == {"gone", "broken"}
    assert all(each["error"] for each in answer["unread"])
    assert ["error" in row for row in say("hub", "list")] == [True, True, False]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["hub", "add", "Big City"], "cannot name a workspace"),
        (["hub", "add", "twice"], "there is a workspace twice already"),
        (["hub", "init"], "is a hub already"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(say: Callable[..., Any], words: list[str], says: str) -> None:
    say("hub", "init")
    say("hub", "add", "twice")
    assert says in say(*words, code=2)


def test_a_home_with_leads_is_no_hub_and_a_hub_no_workspace_of_itself(home: Home, tmp_path: Path) -> None:
    place = Home(tmp_path / "hub")
    with pytest.raises(InputError, match="is no hub yet"):
        hub.workspaces(place)
    hub.begin(place)
    with pytest.raises(UsageError, match="no workspace of itself"):
        hub.add(place, "self", place.path)
    made = hub.add(place, "one")
    with pytest.raises(UsageError, match="is the workspace one already"):
        hub.add(place, "two", made.home.path)
    with pytest.raises(UsageError, match="has leads of its own"):
        hub.begin(made.home)
    (place.path / hub.FILE).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        hub.workspaces(place)
