"""``valhalla ingest``: one pass over lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake.passes import Pass


def ingest(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(readable=False, help="Files and folders; none: the same sources as run."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show what would happen and change nothing.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="A line for each lead and stage.")] = False,
) -> None:
    """Read lists once: what is new is checked, cleaned, decided on and stored."""
    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with ingest")
    done = _preview(inv, paths or []) if preview else _ingest(inv, paths or [], verbose)
    inv.show(done.result.as_json(), lambda: report(done, preview=preview))
    raise typer.Exit(exit_code(done))


def exit_code(done: Pass) -> int:
    """3 when a file could not be read, 1 when every row was refused, else 0."""
    if any(file.error for file in done.result.files):
        return 3
    rows = done.result.total("rows")
    return 1 if rows and done.result.total("rejected") - done.result.total("offered") == rows else 0


def _ingest(inv: Invocation, paths: list[Path], verbose: bool) -> Pass:
    from valhalla.cli.progress import ImportProgress
    from valhalla.cli.working import at_work, opened
    from valhalla.intake.lines import say
    from valhalla.intake.passes import look_through

    with opened(inv, "ingest") as program:
        if not inv.json:
            _announce(paths)
        survey = look_through(program.database, inv.home, paths, standing=not paths, final=True)
        if not survey.unread:
            return survey.done
        with at_work(program, "ingest"), ImportProgress(quiet=inv.json) as progress:
            if not inv.json:
                program.importing.space.say = say
            done = program.importing.run(
                inv.home, paths, standing=not paths, final=True, watch=progress, survey=survey
            )
            if verbose and not inv.json:
                print_leads(program.database, done)
    return done


def _preview(inv: Invocation, paths: list[Path]) -> Pass:
    from valhalla.intake.preview import trial
    from valhalla.program.database import open_database

    def look(database: Database | None) -> Pass:
        with trial(database) as importing:
            return importing.run(inv.home, paths, standing=not paths, final=True)

    if inv.home.database.exists():
        with open_database(inv.home.database, create=False) as database:
            return look(database)
    return look(None)


def _announce(paths: list[Path]) -> None:
    from valhalla.intake.lines import say, starting

    for path in paths or [Path("the inbox and the saved sources")]:
        for line in starting(str(path)):
            say(line)


def report(done: Pass, *, preview: bool) -> None:
    """Print what became of the files of a pass."""
    import sys

    from valhalla.intake.lines import complete, file_lines, say

    for file in done.result.files:
        for line in file_lines(file):
            if line.startswith("[ERROR]") and file.error:
                print(file.error["message"], file=sys.stderr)
            else:
                say(line)
    for problem in done.skipped:
        say(f"[WARNING] {problem.message}")
    for line in complete(done.result):
        say(line)
    if preview:
        say("This was a preview; nothing was changed.")


def print_leads(database: Database, done: Pass) -> None:
    """The lines of --verbose: each lead that the pass made or changed, with its six decisions."""
    from valhalla.intake.lines import lead_lines, say
    from valhalla.leads.view import Viewer
    from valhalla.scoring.stages.explanation import explain

    viewer = Viewer.now(database)
    for record in viewer.touched(done.import_ids):
        lead = record.lead
        results = explain(lead, viewer.context(lead))
        for line in lead_lines(lead.name, lead.email or lead.phone or "no contact", lead.value, results):
            say(line)
