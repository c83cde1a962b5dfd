"""``valhalla sandbox``: the background service of this home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

app = typer.Typer(
    help="The background service of this home: start, stop, restart, status.", no_args_is_help=True
)

Source = Annotated[
    list[Path] | None,
    typer.Option("--source", readable=False, help="A file or folder to read; may be repeated."),
]
Interval = Annotated[
    int | None, typer.Option("--interval", min=1, max=86_400, help="Seconds between cycles.")
]


@app.command("start")
def start(ctx: typer.Context, source: Source = None, interval: Interval = None) -> None:
    """Start it, apart from this terminal. It begins as a dry run."""
    _start(_own(ctx), source, interval)


@app.command("stop")
def stop(ctx: typer.Context) -> None:
    """Stop it in good order."""
    from valhalla.service import detached

    inv = _own(ctx)
    found = detached.stop(inv.home)
    sentence = f"Stopped (process {found.pid})." if found else "Nothing runs on this home."
    inv.show({"stopped": found.pid if found else None}, lambda: print(sentence))


@app.command("restart")
def restart(ctx: typer.Context, source: Source = None, interval: Interval = None) -> None:
    """Stop it, if it runs, and start it."""
    from valhalla.service import detached

    inv = _own(ctx)
    detached.stop(inv.home)
    _start(inv, source, interval)


@app.command("status")
def status(ctx: typer.Context) -> None:
    """The service and all blocks, checked now. Exit code 1 when it does not run."""
    from valhalla.service import detached

    inv = _own(ctx)
    found = detached.status(inv.home)
    inv.show(found, lambda: _print(found))
    raise typer.Exit(0 if found["running"] else 1)


def _print(found: dict[str, Any]) -> None:
    instance = found["instance"]
    print(f"RUNNING (process {instance['pid']}, {instance['command']})" if instance else "STOPPED")
    beat = found.get("heartbeat")
    if beat:
        print(
            f"  heartbeat   {'healthy' if beat['is_healthy'] else 'SILENT'}, {beat['seconds_since_heartbeat']:.0f} s ago"
        )
    for name, ok in found["self_check"].items():
        print(f"  {'ok  ' if ok else 'FAIL'}        {name} (self-check)")
    sound = sum(block["ok"] for block in found["blocks"])
    print(f"  blocks      {sound} of {len(found['blocks'])} do what they promise")
    for block in found["blocks"]:
        mark = "ok  " if block["ok"] else "FAIL"
        print(f"  {mark}  {block['number']:>2}  {block['name']}: {block['detail']}")
    if "live" in found:
        print(f"  lock        {'LIVE: effects go out' if found['live'] else 'dry run'}")
        for name in ("alerts", "effects", "queue"):
            print(
                f"  {name:<11} "
                + (", ".join(f"{count} {what}" for what, count in found[name].items() if count) or "none")
            )
        for each in found["governor"].values():
            print(
                f"  governor    {each['resource']}: {each['current_actions']} of {each['max_actions']} in {each['window_seconds']} s"
            )


def _start(inv: Invocation, source: list[Path] | None, interval: int | None) -> None:
    from valhalla.service import detached

    options = [word for path in source or [] for word in ("--source", str(path.absolute()))]
    options += ["--interval", str(interval)] if interval is not None else []
    found = detached.start(inv.home, options)
    inv.show({"pid": found.pid}, lambda: print(f"Started (process {found.pid}) on {inv.home.path}"))


def _own(ctx: typer.Context) -> Invocation:
    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with sandbox")
    return inv
