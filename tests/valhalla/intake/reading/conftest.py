"""Lists written to real files, and everything that was read from them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

from valhalla.intake.reading import Position, Reject, Source, Warning, open_source
from valhalla.scoring.stages.row import Row

# VALHALLA_LONG=1 runs the fuzz tests for minutes instead of seconds.
settings.register_profile(
    "reading",
    max_examples=int(os.environ.get("VALHALLA_LONG", "0")) * 20_000 or 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("reading")


class Reading(NamedTuple):
    """All that came out of a file."""

    rows: list[Row]
    rejects: list[Reject]
    warnings: list[Warning]
    blank: int
    end: Position
    source: Source

    @property
    def codes(self) -> list[tuple[int, str]]:
        return [(reject.line, reject.code) for reject in self.rejects]

    @property
    def noted(self) -> list[tuple[int, str]]:
        return [(warning.line, warning.code) for warning in self.warnings]


def read_all(
    path: Path, *, chunk: int = 50_000, final: bool = True, slow: bool = False, **options: Any
) -> Reading:
    """Read a file to its end; ``slow`` keeps the fast path out of it."""
    rows: list[Row] = []
    rejects: list[Reject] = []
    warnings: list[Warning] = []
    blank = 0
    with open_source(path, **options) as source:
        if slow:
            source._reader._blocks = None  # type: ignore[attr-defined]
        end = source.position
        for part in source.chunks(chunk, final=final):
            assert part.start == end
            assert part.records + part.blank <= chunk
            assert part.end.records == part.start.records + len(part.accepted) + len(part.rejected)
            rows += part.accepted
            rejects += part.rejected
            warnings += part.warnings
            blank += part.blank
            end = part.end
        assert end == source.position
    return Reading(rows, rejects, warnings, blank, end, source)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes text (UTF-8) or bytes to a file."""

    def write(content: str | bytes, name: str = "leads.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture(scope="session")
def read_path() -> Callable[..., Reading]:
    """Reads a file to its end."""
    return read_all


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., Reading]:
    """Writes a list and reads it to its end."""

    def read(content: str | bytes, name: str = "leads.csv", **options: Any) -> Reading:
        return read_all(write(content, name), **options)

    return read
