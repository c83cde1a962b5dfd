"""``valhalla jobs``: the queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.invocation import invocation
from valhalla.program.errors import NotFound, UsageError, ValhallaError

if TYPE_CHECKING:
    from jobs import JobState

app = typer.Typer(
    help="The queue: list, show, retry, cancel, pause, resume, prune, drain.", no_args_is_help=True
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="waiting, scheduled, running, done, dead, canceled or expired.")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
    name: Annotated[str | None, typer.Option(help="Only this kind of job.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only jobs with this tag.")] = None,
    search: Annotated[str | None, typer.Option(help="Text in the name, arguments, key or error.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """Jobs, the newest first."""
    from jobs import JobsError, find_jobs

    inv = invocation(ctx)
    with inv.reading() as database:
        try:
            found = find_jobs(
                database, state=state, queue=queue, name=name, tag=tag, text=search, limit=limit
            )
        except JobsError as error:
            raise UsageError(str(error)) from None

    headers = ("id", "name", "queue", "state", "tries", "priority", "due", "error")
    inv.table(
        [job.to_json() for job in found],
        headers,
        [_cells(job) for job in found],
        numbers=("id", "tries", "priority"),
        empty="No jobs.",
    )


@app.command("show")
def show(ctx: typer.Context, job: Annotated[int, typer.Argument(help="Number of the job.")]) -> None:
    """One job with everything that happened to it."""
    from jobs import JobsError, job_history, show_job

    inv = invocation(ctx)
    with inv.reading() as database:
        try:
            state, events = show_job(database, job), job_history(database, job)
        except JobsError as error:
            raise NotFound(str(error)) from None
    history = [
        {
            "at": _when(event.at),
            "event": event.event,
            "claim": event.claim,
            "worker": event.worker,
            "reason": event.reason,
        }
        for event in events
    ]

    def render() -> None:
        from valhalla.cli.tables import table

        facts = {**state.to_json(), "payload": state.payload, "result": state.result}
        for key in ("due", "created_at", "started_at", "finished_at"):
            facts[key] = _when(facts[key])
        table(("", ""), [(key, _text(value)) for key, value in facts.items() if value not in (None, [])])
        lines = [
            tuple(_text(entry[key]) for key in ("at", "event", "claim", "worker", "reason"))
            for entry in history
        ]
        table(("at", "event", "claim", "worker", "reason"), lines, title="History")

    inv.show(
        {**state.to_json(), "payload": state.payload, "result": state.result, "history": history}, render
    )


@app.command("retry")
def retry(
    ctx: typer.Context, jobs: Annotated[list[int], typer.Argument(help="Numbers of jobs that have ended.")]
) -> None:
    """Put jobs that have ended back into the queue."""
    from jobs import retry_job

    _each(ctx, jobs, retry_job)


@app.command("cancel")
def cancel(ctx: typer.Context, jobs: Annotated[list[int], typer.Argument(help="Numbers of jobs.")]) -> None:
    """Cancel jobs; one that runs ends at its next chunk."""
    from jobs import cancel_job

    _each(ctx, jobs, cancel_job)


@app.command("pause")
def pause(
    ctx: typer.Context,
    queue: Annotated[str, typer.Argument(help="Name of the queue.")] = "default",
    reason: Annotated[str | None, typer.Option(help="Why, for anyone who asks later.")] = None,
) -> None:
    """Begin no more jobs of a queue; what runs goes on."""
    from jobs import pause_queue

    inv = invocation(ctx)
    with inv.writing() as database:
        pause_queue(database, queue, reason=reason)
    inv.show(
        {"queue": queue, "paused": True},
        lambda: print(f"Queue {queue} is paused. Go on with: valhalla jobs resume {queue}"),
    )


@app.command("resume")
def resume(
    ctx: typer.Context, queue: Annotated[str, typer.Argument(help="Name of the queue.")] = "default"
) -> None:
    """Begin jobs of a queue again."""
    from jobs import resume_queue

    inv = invocation(ctx)
    with inv.writing() as database:
        resume_queue(database, queue)
    inv.show({"queue": queue, "paused": False}, lambda: print(f"Queue {queue} continues."))


@app.command("prune")
def prune(
    ctx: typer.Context,
    older_than: Annotated[str, typer.Option(help="Age since they ended, such as 12h, 30d or 2w.")] = "30d",
    state: Annotated[str, typer.Option(help="done, dead, canceled or expired.")] = "done",
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
) -> None:
    """Delete jobs that ended long ago, with their history."""
    from jobs import JobsError, prune_jobs

    inv = invocation(ctx)
    age = _age(older_than)
    with inv.writing() as database:
        try:
            pruned = prune_jobs(database, older_than=age, state=state, queue=queue)
        except JobsError as error:
            raise UsageError(str(error)) from None
    inv.show({"pruned": pruned}, lambda: print(f"{pruned} jobs pruned."))


@app.command("drain")
def drain(
    ctx: typer.Context,
    queue: Annotated[str | None, typer.Option(help="Only this queue.")] = None,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds to wait at most.")] = None,
) -> None:
    """Wait until the queue is empty (a Valhalla must be running that does the work)."""
    from jobs import WaitTimeout, wait_until_empty

    inv = invocation(ctx)
    with inv.reading() as database:
        try:
            wait_until_empty(database, queue=queue, timeout=timeout)
        except WaitTimeout as error:
            raise ValhallaError(str(error)) from None
    inv.show({"drained": True}, lambda: print("The queue is empty."))


def _each(ctx: typer.Context, jobs: list[int], act: Any) -> None:
    """Do ``act`` to each job, report what became of each, and fail when one was refused."""
    from jobs import JobsError

    inv = invocation(ctx)
    results: list[dict[str, Any]] = []
    with inv.writing() as database:
        for job in jobs:
            try:
                results.append({"id": job, "state": act(database, job), "error": None})
            except JobsError as error:
                results.append({"id": job, "state": None, "error": str(error)})

    def render() -> None:
        for result in results:
            if result["error"] is None:
                state = (
                    "will be canceled at its next chunk" if result["state"] == "running" else result["state"]
                )
                print(f"Job {result['id']}: {state}")

    inv.show(results, render)
    refused = [result["error"] for result in results if result["error"]]
    if refused:
        raise ValhallaError("; ".join(refused))


def _age(text: str) -> int:
    """Microseconds of an age such as ``30d``."""
    match = re.fullmatch(r"(\d{1,9})([smhdw])", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is not an age; write a number and s, m, h, d or w, such as 30d")
    return int(match[1]) * _UNITS[match[2]] * 1_000_000


def _cells(job: JobState) -> tuple[str, ...]:
    due = _when(job.due) if job.state == "scheduled" else None
    return tuple(
        _text(value)
        for value in (job.id, job.name, job.queue, job.state, job.tries, job.priority, due, job.error)
    )


def _when(at: int | None) -> str | None:
    from db.clock import iso

    return None if at is None else iso(at)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
