"""What the package exports, and that the application needs nothing else of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import jobs

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", jobs.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(jobs, name) is not None


def test_a_name_that_is_not_exported_is_refused() -> None:
    with pytest.raises(AttributeError, match="missing"):
        jobs.missing  # noqa: B018


def test_importing_the_package_does_not_load_huey() -> None:
    command = [sys.executable, "-c", "import jobs, sys; sys.exit('huey' in sys.modules)"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_the_application_imports_no_module_of_the_package_but_testing() -> None:
    modules = "|".join(
        path.stem for path in (ROOT / "jobs").glob("*.py") if path.stem not in ("__init__", "testing")
    )
    submodule = re.compile(
        rf"^\s*(from jobs\.({modules}) |import jobs\.|from jobs import .*\b({modules})\b)", re.M
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0].strip()}"
        for path in (ROOT / "valhalla").rglob("*.py")
        for match in submodule.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
