"""The root command. Each group of commands is a module of its own, registered here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valhalla import __version__
from valhalla.cli import (
    alerts,
    audit,
    board,
    config,
    decisions,
    dnc,
    doctor,
    documents,
    effects,
    experiments,
    governor,
    imports,
    ingest,
    jobs,
    leads,
    live,
    outcome,
    policy,
    rejects,
    run,
    safety,
    sandbox,
    scripts,
    sources,
)
from valhalla.cli.invocation import Invocation
from valhalla.home import locate

app = typer.Typer(
    name="valhalla",
    help="Reads lead lists, checks every row, and answers: who do I call today, and why?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("ingest")(ingest.ingest)
decisions.register(leads.app)
leads.app.add_typer(rejects.app, name="rejects")
app.add_typer(leads.app, name="leads")
app.command("outcome", help=outcome.HELP)(outcome.outcome)
app.add_typer(policy.app, name="policy")
app.add_typer(experiments.app, name="experiments")
app.add_typer(scripts.app, name="scripts")
app.add_typer(imports.app, name="imports")
app.add_typer(sources.app, name="sources")
app.add_typer(dnc.app, name="dnc")
app.add_typer(documents.buyers, name="buyers")
app.command("packet")(documents.packet)
app.command("digest")(documents.digest)
app.add_typer(config.app, name="config")
app.add_typer(jobs.app, name="jobs")
app.add_typer(effects.app, name="effects")
app.add_typer(live.app, name="live")
app.add_typer(governor.app, name="governor")
app.add_typer(alerts.app, name="alerts")
app.command("production")(safety.production)
app.command("validate")(safety.validate)
app.command("ready")(safety.ready)
app.command("risk")(safety.risk)
app.add_typer(sandbox.app, name="sandbox")
app.command("cockpit")(board.cockpit)
app.add_typer(audit.app, name="audit")
app.command("doctor")(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        print(f"valhalla {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the data (default: VALHALLA_HOME, else the usual place).")
    ] = None,
    db: Annotated[
        Path | None, typer.Option(help="Read this file instead of the home's, such as an audit copy.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Reads lead lists, checks every row, and answers: who do I call today, and why?"""
    ctx.obj = Invocation(home=locate(home), file=db, json=json)
