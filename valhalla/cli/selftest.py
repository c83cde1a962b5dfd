"""``valhalla selftest``: the program checks itself."""

from __future__ import annotations

import typer

from valhalla.cli.invocation import invocation


def selftest(ctx: typer.Context) -> None:
    """Run everything once in a temporary home: samples in, cockpit asked, audit copy verified. Exit code 1 names what failed."""
    from valhalla.safety import selftest as test
    from valhalla.safety.preflight import Check

    inv = invocation(ctx)

    def say(check: Check) -> None:
        if not inv.json:
            print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}", flush=True)

    checks = test.run(say)
    sound = all(check.ok for check in checks)
    failed = [check.name for check in checks if not check.ok]
    inv.show(
        {"ok": sound, "checks": [vars(check) for check in checks]},
        lambda: print("The program works." if sound else f"Failed: {', '.join(failed)}"),
    )
    raise typer.Exit(0 if sound else 1)
