"""Options and arguments that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

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
