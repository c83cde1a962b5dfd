"""Tables for people: with lines and colours on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from valhalla.program.terminal import clean, unwrapped

NUMBER = "right"
"""Justification of a column of figures."""

BETWEEN = 3
"""Characters that a column takes in addition to its cells."""

PIPE_WIDTH = 200
"""Columns when nobody can say how wide the screen is."""


def console(*, stderr: bool = False):  # type: ignore[no-untyped-def]  # rich is loaded only when something is printed
    """A rich console that never wraps a pipe at 80 columns."""
    from rich.console import Console
    from rich.segment import Segment

    class Clean(Console):
        """Cleans what is shown before it styles it; its own control codes are segments of another kind."""

        def render(self, renderable: Any, options: Any = None) -> Iterator[Any]:
            for each in super().render(renderable, options):
                yield each if each.control else Segment(clean(each.text), each.style)

        def on_broken_pipe(self) -> None:
            """What that means for the command is not decided here."""
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    return Clean(
        file=unwrapped(stream),
        width=None if stream.isatty() else PIPE_WIDTH,
        highlight=False,
        soft_wrap=not stream.isatty(),
    )


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    spare: Sequence[str] = (),
    title: str | None = None,
    empty: str = "Nothing to show.",
) -> None:
    """Print a table; columns named in ``numbers`` are right-aligned and never broken. Cells are shown as they are, never as
    markup. Those of ``spare`` are left out, the first of them first, where the screen is too narrow for all."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows, out = list(rows), console()
    if not rows:
        print(empty)
        return
    shown = list(range(len(headers)))
    if sys.stdout.isatty():
        shown = fitting(headers, rows, spare, out.width)
    made = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for header in (headers[at] for at in shown):
        is_number = header in numbers
        made.add_column(header, justify="right" if is_number else "left", overflow="fold", no_wrap=is_number)
    for row in rows:
        made.add_row(*(Text(row[at]) for at in shown))
    out.print(made)
    left_out = [header for at, header in enumerate(headers) if at not in shown]
    if left_out:
        out.print(Text(f"(a wider screen has room for {' and '.join(left_out)} too)", style="dim"))


def fitting(
    headers: Sequence[str], rows: Sequence[Sequence[str]], spare: Sequence[str], width: int
) -> list[int]:
    """The numbers of the columns that a table with all its cells on one line has room for in ``width`` characters."""
    from rich.cells import cell_len

    widths = [
        max(map(cell_len, column)) + BETWEEN
        for column in zip(*([headers, *rows] if rows else [headers]), strict=True)
    ]
    shown = list(range(len(headers)))
    for name in spare:
        if sum(widths[at] for at in shown) <= width:
            break
        shown.remove(headers.index(name))
    return shown


def hanging(text: str, indent: int, first: str = "") -> str:
    """``text`` indented by so many columns and, on a terminal, wrapped so that all its lines begin there. ``first`` stands
    in the indent of the first line, such as a dash."""
    import shutil
    import textwrap

    lead = " " * (indent - len(first)) + first
    if not sys.stdout.isatty():
        return lead + text
    width = max(40, shutil.get_terminal_size().columns)
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
