"""How far an import has come: a bar on a terminal, a plain line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_SECONDS = 10.0


class ImportProgress:
    """What ``Importing.run(watch=...)`` calls. Use it as a context manager."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bar: Any = None
        self._tasks: dict[Path, Any] = {}
        self._reported = time.monotonic()
        self._shown: dict[str, float] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, path: Path, progress: dict[str, float] | None) -> None:
        """Show how far the import of ``path`` has come."""
        if self.quiet or progress is None or progress == self._shown:
            return
        self._shown = progress
        if sys.stdout.isatty():
            self._draw(path, progress)
        elif time.monotonic() - self._reported >= LINE_SECONDS:
            self._reported = time.monotonic()
            print(progress_line(path, progress), flush=True)

    def _draw(self, path: Path, progress: dict[str, float]) -> None:
        if self._bar is None:
            self._bar = begin_bar()
        if path not in self._tasks:
            name = path.name if len(path.name) <= 24 else path.name[:23] + "…"
            self._tasks[path] = self._bar.add_task(name, total=1, counts="")
        counts = f"{progress['rows']:,.0f} rows {progress['rows_per_second']:,.0f}/s {_left(progress)}"
        if progress["rejected"]:
            counts = f"{progress['rejected']:,.0f} refused of {counts}"
        self._bar.update(
            self._tasks[path], completed=progress["bytes"], total=max(progress["of"], 1), counts=counts
        )


def begin_bar() -> Progress:
    """Bars on the terminal that are gone when they stop; each task has ``counts``, which stand behind its percentage."""
    from rich.progress import BarColumn, Progress, TextColumn

    from valhalla.cli.tables import console

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[counts]}", markup=False),
        transient=True,
        expand=True,
        console=console(),
    )
    bar.start()
    return bar


def progress_line(path: Path, progress: dict[str, float]) -> str:
    """One line for a log: share, rows, rate, time left."""
    share = 100 * progress["bytes"] / max(progress["of"], 1)
    return (
        f"[PROGRESS] {path}: {share:.0f}%, {progress['rows']:,.0f} rows ({progress['rejected']:,.0f} refused), "
        f"{progress['rows_per_second']:,.0f} rows/s, {_left(progress)}"
    )


def _left(progress: dict[str, float]) -> str:
    seconds = round(progress["seconds_left"])
    return f"{seconds // 60}:{seconds % 60:02d} left"
