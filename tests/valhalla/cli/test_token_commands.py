"""``valhalla token`` on a real home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from valhalla.program.database import open_database
from valhalla.service import tokens


def test_a_token_is_told_once_and_kept_as_a_hash(home: Path, command: Any) -> None:
    token = command("token", "add", "desk", "--scope", "read", "--json", code=0).json["token"]
    assert command("token", "add", "other", "--scope", "write", code=0).out.strip().startswith("valhalla_")
    out = command("token", "list", "--json", code=0).out
    assert [(each["name"], each["scope"]) for each in json.loads(out)] == [
        ("desk", "read"),
        ("other", "write"),
    ]
    assert token not in out + command("token", "list", code=0).out
    for path in home.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes()
    with open_database(home / "valhalla.db") as database:
        found = tokens.find(database, token)
        assert found is not None
        assert (found.name, found.scope) == ("desk", "read")


def test_making_and_revoking_are_in_the_chain(home: Path, command: Any) -> None:
    command("token", "add", "desk", code=0)
    command("token", "revoke", "desk", code=0)
    assert "no token 'desk'" in command("token", "revoke", "desk", code=1).err
    command("token", "add", "desk", code=0)  # the name is free again
    actions = [each["action"] for each in command("audit", "log", "--json", code=0).json]
    assert [each for each in actions if each.startswith("token.")] in (
        ["token.add", "token.revoke", "token.add"],
        ["token.add", "token.revoke", "token.add"][::-1],
    )
    command("audit", "verify", code=0)


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
def test_what_cannot_be_is_one_sentence(home: Path, words: list[str], says: str, command: Any) -> None:
    command("token", "add", "desk", code=0)
    assert says in command("token", "add", *words, code=2).err
