"""Libraries are loaded without the drivers that they would load in addition to themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.hiding import hidden


def test_a_hidden_module_seems_not_to_be_installed_and_is_there_again_afterwards(tmp_path: Path) -> None:
    assert "this" not in sys.modules
    with hidden("this"), pytest.raises(ImportError):
        import this  # noqa: F401
    assert "this" not in sys.modules


def test_one_that_is_loaded_already_stays() -> None:
    with hidden("pathlib"):
        import pathlib
    assert sys.modules["pathlib"] is pathlib


def test_no_driver_of_another_server_is_loaded_where_it_is_installed(tmp_path: Path) -> None:
    drivers = ("psycopg", "psycopg2", "pymysql", "redis", "sqlite3")
    for name in drivers:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('loaded a driver')\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    code = f"import db.orm, jobs.huey, sys; assert not {{*{drivers}}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})
