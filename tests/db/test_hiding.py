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


POSTPONED = """
import sys
from db.hiding import postponed

with postponed("wave"):
    import wave as given
assert "wave" not in sys.modules
if {first}:
    import wave
assert given.Error.__name__ == "Error" and "wave" in sys.modules
import wave
assert given.Error is wave.Error and given is not wave
with postponed("wave"):
    import wave as loaded
assert loaded is wave and sys.modules["wave"] is wave
with postponed("colorsys"):
    import colorsys
    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0) and "colorsys" in sys.modules
assert sys.modules["colorsys"] is not colorsys and sys.modules["colorsys"].rgb_to_hsv is colorsys.rgb_to_hsv
"""

PARTS = """
import sys
from db.hiding import postponed

with postponed("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv
assert "colorsys" not in sys.modules
assert rgb_to_hsv(0, 0, b=0) == (0, 0, 0)
import colorsys
assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0) and colorsys.rgb_to_hsv is not rgb_to_hsv
with postponed("colorsys", "rgb_to_hsv"):
    from colorsys import rgb_to_hsv as loaded
assert loaded is colorsys.rgb_to_hsv
"""


def test_a_function_of_a_postponed_module_loads_it_when_it_is_called() -> None:
    subprocess.run([sys.executable, "-c", PARTS], check=True)


def test_a_postponed_module_is_loaded_with_its_first_use() -> None:
    for first in (False, True):
        subprocess.run([sys.executable, "-c", POSTPONED.format(first=first)], check=True)
