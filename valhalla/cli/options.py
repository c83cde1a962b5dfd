"""Options and arguments that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")]
Lead = Annotated[int, typer.Argument(metavar="LEAD", help="Number of the lead.")]
