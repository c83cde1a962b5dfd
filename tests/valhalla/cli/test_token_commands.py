"""``valhalla token`` on a real home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from valhalla.cli.entry import run
from valhalla.program.database import open_database
from valhalla.service import tokens


def test_a_token_is_told_once_and_kept_as_a_hash(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "add", "desk", "--scope", "read", "--json"]) == 0
    token = json.loads(capsys.readouterr().out)["token"]
    assert run(["token", "add", "other", "--scope", "write"]) == 0
    assert capsys.readouterr().out.strip().startswith("valhalla_")
    assert run(["token", "list", "--json"]) == 0
    out = capsys.readouterr().out
    assert [(each["name"], each["scope"]) for each in json.loads(out)] == [
        ("desk", "read"),
        ("other", "write"),
    ]
    assert run(["token", "list"]) == 0
    assert token not in out + capsys.readouterr().out
    for path in home.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()
    with open_database(home / "valhalla.db") as database:
        found = tokens.find(database, token)
        assert found is not None
        assert (found.name, found.scope) == ("desk", "read")


def test_making_and_revoking_are_in_the_chain(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "add", "desk"]) == 0
    assert run(["token", "revoke", "desk"]) == 0
    assert run(["token", "revoke", "desk"]) == 1
    assert "no token 'desk'" in capsys.readouterr().err
    assert run(["token", "add", "desk"]) == 0  # the name is free again
    capsys.readouterr()
    assert run(["audit", "log", "--json"]) == 0
    actions = [each["action"] for each in json.loads(capsys.readouterr().out)]
    assert [each for each in actions if each.startswith("token.")] in (
        ["token.add", "token.revoke", "token.add"],
        ["token.add", "token.revoke", "token.add"][::-1],
    )
    assert run(["audit", "verify"]) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["a b"], "is not a name for a token"),
        (["-"], "is not a name"),
        (["x" * 41], "is not a name"),
        (["new", "--scope", "all"], "it is read or write"),
        (["desk"], "there is a token desk already"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    home: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["token", "add", "desk"]) == 0
    assert run(["token", "add", *words]) == 2
    assert says in capsys.readouterr().err
