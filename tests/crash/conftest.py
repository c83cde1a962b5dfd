from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


def load(name: str) -> ModuleType:
    """A module beside the tests; nothing under tests/ is a package."""
    known = f"valhalla_crash_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, HERE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[known] = module
        spec.loader.exec_module(module)
    return sys.modules[known]


@pytest.fixture
def vfs() -> ModuleType:
    """The disk that can lose power."""
    return load("vfs")


@pytest.fixture
def workload() -> ModuleType:
    """The jobs that are killed."""
    return load("workload")
