"""``valhalla protect`` and ``valhalla restore``: copies outside of this computer, and coming back from one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla.cli.asking import confirm
from valhalla.cli.invocation import invocation
from valhalla.program.errors import UsageError


def protect(
    ctx: typer.Context,
    folder: Annotated[
        str | None,
        typer.Argument(
            help="A folder on a stick, another disk or a share, or s3://BUCKET/FOLDER; without it: how things are."
        ),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Make no further copies.")] = False,
    drill: Annotated[
        bool, typer.Option("--drill", help="Try whether the newest copy can be restored.")
    ] = False,
) -> None:
    """Keep verified copies in a second folder. The first one is made before this returns."""
    from valhalla.fleet import litestream, protecting
    from valhalla.program import settings

    inv = invocation(ctx)
    if (folder is not None) + off + drill > 1:
        raise UsageError("name a folder, or --off, or --drill")
    if folder is not None:
        with inv.writing() as database:
            made = protecting.protect(database, inv.home, folder)
            minutes = settings.value(database, "protect.minutes")
            found = litestream.find()
            continuous = found.usable and settings.value(database, "protect.continuous")
        also = (
            f"{found} sends each change there, and a whole copy follows each day"
            if continuous
            else (f"a new copy is made every {minutes} minutes (setting protect.minutes)")
        )
        inv.show(
            made,
            lambda: print(
                f"Copied and checked: {made['path']}\nWhile Valhalla runs, {also}.\nAfter a loss: valhalla restore {folder}"
            ),
        )
    elif drill:
        with inv.writing() as database:
            tried = protecting.drill(database, inv.home, "operator")
        inv.show(
            tried,
            lambda: print(
                f"{tried['copy']} was restored and verified: {tried['leads']} leads."
                if tried["ok"]
                else f"{tried['copy']} could not be restored."
            ),
        )
        raise typer.Exit(0 if tried["ok"] else 1)
    else:
        if off:
            with inv.writing() as database:
                protecting.unprotect(database)
        with inv.reading() as database:
            now = protecting.state(database)

        def render() -> None:
            from db.clock import iso

            if now.folder is None:
                print("No copies are made outside of this computer; start with: valhalla protect FOLDER")
            elif now.newest is None:
                print(f"Copies go to {now.folder}, where there is none now.")
            else:
                print(
                    f"Copies go to {now.folder}. There are {now.copies}; the newest: {Path(now.newest).name}."
                )
            if now.sent is not None:
                print(f"Litestream sent the newest change there at {iso(now.sent)}.")

        inv.show(now.to_json(), render)


def restore(
    ctx: typer.Context,
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="The folder or s3://BUCKET with the copies, or one copy.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Come back from a protected copy. It is verified first; a file that it replaces is kept."""
    from valhalla.fleet import protecting

    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; name the folder or the copy as the argument")
    if inv.home.database.exists() and not yes:
        confirm(f"Replace {inv.home.database} by the newest copy in {source}?")
    done = protecting.restore(inv.home, source)

    def render() -> None:
        print(
            f"{done['database']} is now what {done['copy']} holds: {done['leads']} leads, head {done['head']}."
        )
        if done["passed_over"]:
            print(f"What Litestream sent there was passed over: {done['passed_over']}.")
        if done["kept"]:
            print(f"The replaced file is kept as {done['kept']}.")

    inv.show(done, render)
