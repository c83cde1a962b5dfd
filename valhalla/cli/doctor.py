"""``valhalla doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from valhalla.cli.invocation import invocation


def doctor(
    ctx: typer.Context,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Copy the file, then take out or mend what no version of it makes."),
    ] = False,
) -> None:
    """Check this home: folders, file, space, locks, chain. Exit code 1 when something is wrong."""
    from valhalla.fleet import continuous
    from valhalla.safety import doctor as safety
    from valhalla.safety.preflight import Check

    inv = invocation(ctx)
    mended, kept = safety.repair(inv.home) if repair else ([], None)
    checks = safety.examine(inv.home)
    if inv.home.database.exists() and all(check.ok for check in checks if check.name == "file"):
        with inv.reading() as database:
            checks.append(Check("continuous copies", True, continuous.state(database, inv.home)))
    sound = all(check.ok for check in checks)

    def render() -> None:
        for part, what, _ in mended:
            print(f"mended  {part}, which {what}")
        if mended:
            print(f"The file as it was is {kept}.")
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
        print("All is well." if sound else "Something needs you; see above.")

    facts = [f"{part} {what}" for part, what, _ in mended]
    inv.show({"ok": sound, "checks": [vars(check) for check in checks], "mended": facts}, render)
    raise typer.Exit(0 if sound else 1)
