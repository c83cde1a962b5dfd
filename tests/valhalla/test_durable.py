"""What a person decides, and what the chain witnesses, is on the disk when it is said to be done."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

VALHALLA = Path(__file__).resolve().parent.parent.parent / "valhalla"

JOINED = {
    "scoring/policies.py change",
    "scoring/policies.py revert",
    "scoring/store.py save_policy",
}
"""Joins the durable transaction of whoever calls it."""

REPEATED = {
    "audit/retention.py _remove",  # the next pass removes what is left
    "intake/importer.py _start",  # an import goes on from its last whole chunk, or begins again
    "intake/importer.py _finish",
    "intake/importer.py _fail",
    "intake/undo.py _end",
    "leads/call_list_index.py _make",
    "scoring/store.py store_snapshot",
    "scoring/store.py note_learnt",
}
"""A job that is done again, with the same result, after a power failure that takes its end."""

READING = {
    "leads/export.py saved_by_hand",
    "leads/lists_for.py write",
    "reports/digest_page.py write",
    "reports/packet.py make",
}
"""Says that somebody got a document; changes nothing, and waiting for the disk would make pages slow."""


def undurable(tree: ast.AST) -> Iterator[str]:
    """Functions that act for a person or append to the chain, and do so in a transaction that a power failure may take."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            arguments = {each.arg for each in (*function.args.args, *function.args.kwonlyargs)}
            witnessed = any(ast.unparse(call.func).endswith("audit.append") for call in calls)
            if ("actor" in arguments or witnessed) and any(loose(call) for call in calls):
                yield function.name


def loose(call: ast.Call) -> bool:
    """Whether a call begins a write transaction that is not durable by itself."""
    if not ast.unparse(call.func).endswith("database.write"):
        return False
    asked = next((word.value for word in call.keywords if word.arg == "durable"), None)
    return asked is None or (isinstance(asked, ast.Constant) and asked.value is not True)


def test_what_a_person_decides_is_durable() -> None:
    found = {
        f"{path.relative_to(VALHALLA).as_posix()} {name}"
        for path in VALHALLA.rglob("*.py")
        for name in undurable(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == JOINED | REPEATED | READING


@pytest.mark.parametrize("asked", ["", "durable=False"])
@pytest.mark.parametrize(("arguments", "body"), [("actor", "pass"), ("", "audit.append()")])
def test_a_loose_write_is_found(asked: str, arguments: str, body: str) -> None:
    text = f"def decide({arguments}):\n    with database.write({asked}):\n        {body}"
    assert list(undurable(ast.parse(text))) == ["decide"]
    assert list(undurable(ast.parse(text.replace(f"({asked})", "(durable=True)")))) == []
