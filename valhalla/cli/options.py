"""Options and arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla.cli.invocation import Invocation
from valhalla.program.errors import UsageError

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")]
Interval = Annotated[
    int | None, typer.Option("--interval", min=1, max=86_400, help="Seconds between cycles.")
]
NoCockpit = Annotated[bool, typer.Option("--no-cockpit", help="Without the cockpit in the browser.")]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65_535, help="Port of the cockpit (default: 8101, or the next free one)."
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open the cockpit in the browser.")]
Lead = Annotated[int, typer.Argument(metavar="LEAD", help="Number of the lead.")]
Html = Annotated[bool, typer.Option("--html", help="Write the page (this is the default).")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Write a PDF.")]
Out = Annotated[
    Path | None, typer.Option("--out", help="Where to write it (default: the home's packets folder).")
]


def endings(inv: Invocation, html: bool, pdf: bool, out: Path | None) -> list[str]:
    """The kinds of file that a command is to write; with --json none that nobody named."""
    if out is not None and html and pdf:
        raise UsageError("--out names one file; choose --html or --pdf")
    if inv.json and not (html or pdf or out):
        return []
    return ["pdf"] * pdf + ["html"] * (html or not pdf)
