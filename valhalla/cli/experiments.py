"""``valhalla experiments``: comparing scripts or channels."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from jobs import JobId
    from valhalla.scoring.experiments import Found
    from valhalla.scoring.jobs import Reevaluating

app = typer.Typer(
    help="Comparisons of scripts or channels: list, show, start, set, stop.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Name of the experiment.")]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """All experiments, the running one first."""
    from valhalla.scoring.experiment_results import all_experiments

    inv = invocation(ctx)
    with inv.reading() as database:
        found = all_experiments(database)

    rows = [
        (
            f"{each['name']} v{each['version']}",
            each["state"],
            each["metric"],
            ", ".join(f"{v['name']} {v['weight']}" for v in each["variants"]),
            (each["started_at"] or "")[:10],
        )
        for each in found
    ]
    headers = ("experiment", "state", "success", "variants and weights", "since")
    inv.table(found, headers, rows, empty="No experiments. Start one with: valhalla experiments start NAME")


@app.command("show")
def show(ctx: typer.Context, name: Name) -> None:
    """One experiment: counts, intervals, and whether there is a winner yet."""
    from valhalla.scoring.experiment_results import results

    inv = invocation(ctx)
    with inv.reading() as database:
        found = results(database, name)
    inv.show(found, lambda: _print(found))


@app.command("start")
def start(
    ctx: typer.Context,
    name: Name,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant", help="NAME=SCRIPT or NAME=SCRIPT:WEIGHT; of channels NAME or NAME:WEIGHT. Repeat it."
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="What is compared: script or channel.")] = "script",
    metric: Annotated[
        str, typer.Option(help="What counts as success: contacted, appointment, contract or won.")
    ] = "appointment",
) -> None:
    """Start a new experiment, or go on with a stopped one (then without variants)."""
    from valhalla.scoring.changes import start_experiment

    arms = [_arm(text) for text in variant or []]
    _change(
        invocation(ctx),
        lambda reevaluating: start_experiment(reevaluating, name, arms, kind=kind, metric=metric),
    )


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Name,
    weights: Annotated[list[str], typer.Argument(help="VARIANT=WEIGHT, such as calm=3 brisk=1.")],
) -> None:
    """Change the shares of variants from now on; leads keep the variant they have."""
    from valhalla.scoring.changes import weigh_experiment

    given = dict(_weight(text) for text in weights)
    _change(invocation(ctx), lambda reevaluating: weigh_experiment(reevaluating, name, given))


@app.command("stop")
def stop(ctx: typer.Context, name: Name) -> None:
    """Stop an experiment; its leads go on with the script in use."""
    from valhalla.scoring.changes import stop_experiment

    _change(invocation(ctx), lambda reevaluating: stop_experiment(reevaluating, name))


def _change(inv: Invocation, change: Callable[[Reevaluating], tuple[Found, JobId | None]]) -> None:
    from valhalla.cli.afterwards import follow_up, say_follow_up
    from valhalla.scoring.experiment_results import results

    with inv.program() as program:
        found, job_id = change(program.reevaluating)
        done = follow_up(program, job_id, patience=30.0)
        facts = results(program.database, found.name)

        def render() -> None:
            shares = ", ".join(f"{v['name']} {v['weight']}" for v in facts["variants"])
            print(f"Experiment {found.name} v{found.version} is {found.state}: {shares}.")
            say_follow_up(done)

        inv.show(facts, render)


def _print(found: dict[str, Any]) -> None:
    from rich.text import Text

    from valhalla.cli.tables import console, hanging, table
    from valhalla.scoring.experiment_results import rate_text

    out = console()
    since = f" since {found['started_at'][:10]}" if found["started_at"] else ""
    head = (f"{found['name']} v{found['version']}", "bold")
    out.print(Text.assemble(head, f"  {found['state']}{since}, success is: {found['metric']}"))
    won = " is better " in found["verdict"]
    out.print(Text(hanging(found["verdict"], 0), style="bold green" if won else "bold"))
    for v in found["variants"]:
        script = f"{v['script']} ({v['state']})" if v["script"] else "no script"
        print(f"  {v['name']}: {script}, weight {v['weight']}")
    rows = [
        (
            v["name"],
            *(f"{v[count]:,}" for count in ("assigned", "exposed", "matured", "conversions")),
            rate_text(v),
            f"{v['opt_outs']:,}",
        )
        for v in found["variants"]
    ]
    headers = ("variant", "leads", "worked", "matured", "success", "rate (95% sure)", "opted out")
    table(headers, rows, numbers=("leads", "worked", "matured", "success", "opted out"))
    split = found["split"]
    if split["p"] is None:
        print(f"Split of leads: not enough worked leads to check it ({split['leads']:,}).")
    else:
        print(f"Split of leads: {'as planned' if split['ok'] else 'NOT as planned'} (p = {split['p']:.4f}).")
    for comparison in found["comparisons"]:
        print(f"\n{comparison['variant']} against {comparison['against']}:")
        for gate in comparison["gates"]:
            mark = "ok  " if gate["passed"] else "open"
            print(hanging(f"{gate['gate']}: {gate['says']}", 8, f"{mark}  "))
        if comparison["chance_better"] is not None:
            print(
                f"  For information: the chance that {comparison['variant']} is better is {comparison['chance_better']:.0%}."
            )


def _arm(text: str) -> Any:
    from valhalla.scoring.experiments import Arm

    match = re.fullmatch(r"\s*([^=:]+?)\s*(?:=\s*([^:]+?)\s*)?(?::\s*(\d{1,4})\s*)?", text)
    if match is None:
        raise UsageError(f"{text!r} is not a variant; write NAME=SCRIPT or NAME=SCRIPT:WEIGHT")
    return Arm(match[1], int(match[3] or 1), match[2])


def _weight(text: str) -> tuple[str, int]:
    name, _, weight = text.rpartition("=")
    if not name.strip() or not weight.strip().isdigit():
        raise UsageError(f"{text!r} is not a weight; write VARIANT=WEIGHT, such as calm=3")
    return name.strip(), int(weight)
