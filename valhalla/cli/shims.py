"""``valhalla shims``: files with which scripts of the documents run unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla.cli.invocation import invocation


def shims(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where they go; made when it is not there.")],
) -> None:
    """Write the small files (services/sandbox.py, csv_ingestion.py and so on) with which scripts of the earlier system run unchanged."""
    from valhalla.service.shims import write

    inv = invocation(ctx)
    made = write(folder.absolute())

    def render() -> None:
        for path in made:
            print(path)
        print(f"Scripts run in {folder.absolute()} with a Python that has Valhalla: pip install valhalla")

    inv.show({"folder": str(folder.absolute()), "files": [str(path) for path in made]}, render)
