"""Questions to the person at the terminal."""

from __future__ import annotations

import typer

from valhalla.program.terminal import clean


def confirm(question: str) -> None:
    """Ask; what is not a yes ends the command. A list's name may stand in the question, which on Windows is written to
    the console itself, past what cleans all other output."""
    typer.confirm(clean(question), abort=True)
