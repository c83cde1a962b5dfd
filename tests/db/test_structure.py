"""A file's tables, indexes, triggers and views are those that its migrations make, or it is said which are not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from db import structure
from valhalla.program.schema import SCHEMA

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def pin_schema() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        found = importlib.util.spec_from_file_location("pin_schema", SCRIPTS / "pin_schema.py")
        assert found is not None and found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(SCRIPTS))


def test_what_is_written_down_of_the_schema_is_what_the_migrations_make() -> None:
    for path, text in pin_schema().pinned().items():
        assert path.read_text(encoding="utf-8") == text, "run: python3 scripts/pin_schema.py"


def test_the_spelling_of_a_part_does_not_count_and_its_meaning_does() -> None:
    def digest(text: str) -> str:
        return structure.digest(("table", "t", "t", text))

    plain = digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b', CHECK (a <> '--'))")
    assert plain == digest(
        "CREATE TABLE \"t\" (a TEXT  NOT NULL /* why */ DEFAULT 'a  b',\n CHECK(a<>'--')) -- x"
    )
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a b', CHECK (a <> '--'))")
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b')")
    assert plain != digest("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'a  b', CHECK (a <> '--')) STRICT")


def test_no_release_has_a_part_that_another_makes_in_another_order() -> None:
    for versions in SCHEMA.releases:
        assert "table audit" in structure.digests(SCHEMA, versions)
