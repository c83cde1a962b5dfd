"""``valhalla run``: cycles until stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from valhalla.cli.entry import INTERRUPTED
from valhalla.cli.invocation import Invocation, invocation
from valhalla.cli.options import Interval, NoCockpit, Open, Port
from valhalla.program.errors import UsageError
from valhalla.program.terminal import outlive_output

if TYPE_CHECKING:
    from db import Database
    from valhalla.cli.browser import MakeServer
    from valhalla.intake.passes import Pass
    from valhalla.intake.sources import Candidate
    from valhalla.program.instance import Instance
    from valhalla.service.service import Service


TWICE_SECONDS = 1.0
"""A second signal within this time is the same Ctrl+C, pressed with a trembling hand."""
LOADER_SECONDS = 4.0
"""The same in a one-file executable, whose loader passes signals on as well; on a busy machine it takes its time."""


class Window(NamedTuple):
    """How the cockpit is to be served."""

    port: int | None
    opens: bool
    make: MakeServer


def run(
    ctx: typer.Context,
    source: Annotated[
        list[Path] | None,
        typer.Option("--source", readable=False, help="A file or folder to read; may be repeated."),
    ] = None,
    interval: Interval = None,
    cycles: Annotated[int | None, typer.Option("--cycles", min=0, help="End after so many cycles.")] = None,
    no_cockpit: NoCockpit = False,
    port: Port = None,
    open_: Open = False,
    live: Annotated[
        bool, typer.Option("--live", help="Let approved effects go out during this run; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --live: do not ask.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="A line for each lead and stage.")] = False,
) -> None:
    """Read the lists again and again, until Ctrl+C."""
    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with run")
    if live and not yes:
        from valhalla.cli.live import confirm

        confirm()
    outlive_output()
    stop, interrupted = threading.Event(), listen()
    interrupted.add(stop)
    window = None if no_cockpit or inv.cockpit is None else Window(port, open_, inv.cockpit)
    result = _run(
        inv, [path.absolute() for path in source or []], interval, cycles, verbose, stop, live, window
    )
    if inv.json:
        inv.show(result, lambda: None)
    raise typer.Exit(INTERRUPTED if interrupted.happened else 0)


def _run(
    inv: Invocation,
    sources: list[Path],
    interval: int | None,
    cycles: int | None,
    verbose: bool,
    stop: threading.Event,
    live: bool = False,
    window: Window | None = None,
) -> dict[str, Any]:
    from valhalla.intake.lines import final_report, say, warn
    from valhalla.intake.sources import find
    from valhalla.program import settings
    from valhalla.program.heap import few_heaps
    from valhalla.program.instance import Instance
    from valhalla.program.memory import collect_regularly
    from valhalla.safety import preflight
    from valhalla.service import unpacked
    from valhalla.service.service import Events, Plan, Service
    from valhalla.service.whole import WholeProgram

    few_heaps()
    collect_regularly()
    inv.home.prepare()
    unpacked.sweep_soon()
    instance = Instance(inv.home.path)
    take(instance, inv, "run", window)
    try:
        with WholeProgram.open(inv.home) as program:
            database = program.database
            values = settings.effective(database)
            if interval is not None:
                values["interval"] = interval
            preflight.require(preflight.check(database, inv.home, sources))
            quiet = inv.json or not values["console_output"]
            if not quiet:
                files = find(database, inv.home, sources, standing=True).files
                _introduce(inv, sources, files, values, cycles, live)
            events = Events(disk=warn) if quiet else _events(database, verbose)
            if window is not None and cycles != 0:
                events = replace(events, working=_serving(window, instance, values["interval"], quiet))
            plan = Plan(sources, values["interval"], cycles, live, pages=window is not None)
            service = Service(program, plan, values, events)
            stats = service.run(stop)
            if not quiet:
                found = service.assessment
                level = found["risk_level"] if found else None
                quality = found["data_quality"]["score"] if found else None
                for line in final_report(stats, database.clock(), risk_level=level, data_quality=quality):
                    say(line)
            return _last(service)
    finally:
        instance.release()


def take(instance: Instance, inv: Invocation, command: str, window: Window | None) -> None:
    """Become the home's instance. Where another one is, its cockpit is opened before that is refused."""
    from db.errors import InstanceRunning
    from valhalla.program.instance import running

    try:
        instance.acquire(command)
    except InstanceRunning:
        other = running(inv.home.path)
        if window is not None and other is not None:
            from valhalla.cli import browser

            browser.again(inv.home, other, opens=window.opens, quiet=inv.json)
        raise


def _serving(window: Window, instance: Instance, interval: int, quiet: bool) -> Callable[[Service], Any]:
    from valhalla.cli import browser

    def serving(service: Service) -> Any:
        made = partial(
            window.make, service.program, port=window.port, run_id=service.run_id, interval=interval
        )
        return browser.serving(made, service.program.home, instance, opens=window.opens, quiet=quiet)

    return serving


def _last(service: Service) -> dict[str, Any]:
    from valhalla.intake.results import PassResult

    return (service.last.result if service.last else PassResult([], 0.0)).as_json()


def _introduce(
    inv: Invocation,
    sources: list[Path],
    files: list[Candidate],
    values: dict[str, Any],
    cycles: int | None,
    live: bool,
) -> None:
    from valhalla.intake.lines import say
    from valhalla.safety import places

    say(f"Valhalla reads {', '.join(map(str, [*sources, inv.home.inbox]))} and its saved sources")
    say(f"  home            {inv.home.path}")
    if against := places.warning(inv.home.path):
        say(f"  WARNING         {against}")
    say(
        f"  every           {values['interval']} seconds{f', {cycles} times' if cycles is not None else ', until Ctrl+C'}"
    )
    say(f"  dry run         {'off: approved effects go out' if live else 'on: nothing leaves this computer'}")
    say(f"  reports         {inv.home.logs if values['json_export'] else 'off'}")
    for count, path in enumerate([each.path for each in files] or ["none yet"]):
        say(f"  {'' if count else 'lists':<16}{path}")
    say()


def _events(database: Database, verbose: bool) -> Any:
    from valhalla.cli.ingest import print_leads
    from valhalla.intake.lines import cycle_begins, cycle_ends, file_lines, say
    from valhalla.service.service import Events

    reported: dict[str, list[str]] = {}

    def ends(number: int, at: int, done: Pass) -> None:
        if verbose:
            print_leads(database, done)
        for file in done.result.files:
            lines = [line for line in file_lines(file) if not line.startswith("[HEADERS]")]
            if reported.get(file.path) != lines:  # a lasting problem is reported once, not in each cycle
                reported[file.path] = lines
                for line in lines:
                    say(line)
        for problem in done.skipped:
            if reported.get(str(problem.path)) != [problem.message]:
                reported[str(problem.path)] = [problem.message]
                say(f"[WARNING] {problem.message}")
        say(cycle_ends(number, at, done.result))

    return Events(lambda number, at: say(cycle_begins(number, at)), ends, say)


class _Interruption:
    """Turns Ctrl+C, Ctrl+Break, the closing of a console and SIGTERM into one event."""

    def __init__(self) -> None:
        from valhalla.program.executable import unpacked_folder

        self.happened = False
        self._at = 0.0
        self._same = LOADER_SECONDS if unpacked_folder() else TWICE_SECONDS
        self._events: list[threading.Event] = []

    def add(self, event: threading.Event) -> None:
        self._events.append(event)

    def once(self) -> None:
        """Stop; to be called from any thread."""
        self.happened = True
        self._at = time.monotonic()
        for event in self._events:
            event.set()

    def __call__(self, *_: object) -> None:
        if self.happened:
            if time.monotonic() - self._at < self._same:
                return
            raise KeyboardInterrupt  # asked twice: leave at once; what was not committed is read again next time
        self.once()


def listen() -> _Interruption:
    """What Ctrl+C and its kin set off from now on."""
    from valhalla.service import windows

    interruption = _Interruption()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), interruption)
    windows.on_closing(interruption.once)
    return interruption
