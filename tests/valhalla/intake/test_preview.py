"""A trial of an import: on a copy, or on nothing, and thrown away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from db import Database
from valhalla.intake.preview import trial
from valhalla.program.home import Home


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text("name,email,value\nAnn,ann@x.com,100\nBo,bo.x.com,2\n", encoding="utf-8")
    return path


def test_where_nothing_is_yet_it_is_tried_in_an_empty_file(tmp_path: Path, path: Path) -> None:
    with trial(None) as importing:
        (file,) = importing.run(Home(tmp_path / "home"), [path], standing=False, final=True).result.files
        kept = importing.database.path
    assert (file.rows, file.new, file.rejected) == (2, 1, 1)
    assert kept is not None and not kept.exists() and not (tmp_path / "home").exists()


def test_a_copy_knows_what_the_database_knows_which_stays_as_it_is(
    database: Database, load: Callable[..., int], path: Path, tmp_path: Path
) -> None:
    assert load("Ann,ann@x.com,100", header="name,email,value\n") == 1
    with trial(database) as importing:
        (file,) = importing.run(Home(tmp_path), [path], standing=False, final=True).result.files
        assert importing.database.path != database.path
    assert (file.rows, file.new, file.rejected) == (2, 0, 1)
    assert database.value("SELECT count(*) FROM import") == 1
