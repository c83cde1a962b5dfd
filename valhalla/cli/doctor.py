"""``valhalla doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

import typer

from valhalla.cli.invocation import invocation


def doctor(ctx: typer.Context) -> None:
    """Check this home: folders, file, space, locks, chain. Exit code 1 when something is wrong."""
    from valhalla.safety.doctor import examine

    inv = invocation(ctx)
    checks = examine(inv.home)
    sound = all(check.ok for check in checks)

    def render() -> None:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")
        print("All is well." if sound else "Something needs you; see above.")

    inv.show({"ok": sound, "checks": [vars(check) for check in checks]}, render)
    raise typer.Exit(0 if sound else 1)
