"""``valhalla calendar``: promises for another calendar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla.cli.invocation import invocation


def calendar(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The .ics file to write (default: print it).")
    ] = None,
) -> None:
    """Call-backs, appointments and tasks that are open, as a file that other calendars import (iCalendar)."""
    import os
    import sys

    from valhalla.leads import icalendar, promises
    from valhalla.program.errors import InputError
    from valhalla.program.files import whole

    inv = invocation(ctx)
    with inv.reading() as database:
        text = icalendar.calendar(database)
        count = sum(each.suppressed is None for each in promises.listed(database, limit=icalendar.MOST))
    if file is None:
        # Windows makes the ends of lines itself.
        printed = text if os.linesep == "\n" else text.replace("\r\n", "\n")
        inv.show({"events": count, "ics": text}, lambda: sys.stdout.write(printed))
        return
    try:
        with whole(file) as part:
            part.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    inv.show({"events": count, "file": str(file)}, lambda: print(f"{count:,} events written to {file}"))
