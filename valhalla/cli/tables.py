"""Tables for people: with lines and colours on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

NUMBER = "right"
"""Justification of a column of figures."""

PIPE_WIDTH = 200
"""Columns when nobody can say how wide the screen is."""


def console(*, stderr: bool = False):  # type: ignore[no-untyped-def]  # rich is loaded only when something is printed
    """A rich console that never wraps a pipe at 80 columns."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else PIPE_WIDTH,
        highlight=False,
        soft_wrap=not stream.isatty(),
    )


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    title: str | None = None,
    empty: str = "Nothing to show.",
) -> None:
    """Print a table; columns named in ``numbers`` are right-aligned. Cells are shown as they are, never as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for header in headers:
        made.add_column(header, justify="right" if header in numbers else "left", overflow="fold")
    count = 0
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
        count += 1
    if count:
        console().print(made)
    else:
        print(empty)


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
