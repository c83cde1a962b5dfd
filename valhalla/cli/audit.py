"""``valhalla audit``: copies for an auditor, verification, the log, the signing key, pruning, restoring."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from valhalla.cli.asking import confirm
from valhalla.cli.invocation import Invocation, invocation
from valhalla.program.errors import UsageError

if TYPE_CHECKING:
    from db.verdict import Verdict

app = typer.Typer(help="For the auditor: copy, verify, log, restore, key, prune.", no_args_is_help=True)


@app.command("copy")
def copy(
    ctx: typer.Context,
    dest: Annotated[
        Path | None, typer.Argument(help="File or folder; without it the home's audit folder.")
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Leave personal data out.")] = False,
) -> None:
    """Copy the file, running or not, check the copy and write a manifest next to it."""
    from valhalla.audit import copies

    inv = invocation(ctx)
    with inv.writing() as database:
        target = copies.default_target(inv.home, database.clock(), redacted=redact)
        if dest is not None:
            target = dest / target.name if dest.is_dir() else dest
        with _Bar("copying", quiet=inv.json) as bar:
            manifest = copies.make(database, inv.home, target.absolute(), redact=redact, progress=bar)

    def render() -> None:
        size = manifest["bytes"] / 1e6
        print(f"{target}: {size:.1f} MB{', without personal data' if redact else ''}, checked.")
        print(f"Entries: {manifest['entries']}. Head: {manifest['head']}. SHA-256: {manifest['sha256']}")
        print(f"Check it anywhere with: valhalla audit verify {target}")

    inv.show(manifest, render)


@app.command("verify")
def verify(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The file; without it --db, else the home's.")] = None,
    head: Annotated[
        str | None, typer.Option(help="Hash of an entry that was noted outside; it must be in the chain.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Public key that must have signed this chain's head; see audit key.")
    ] = None,
) -> None:
    """Check a file: whole, chain unbroken, every row of evidence as witnessed. Exit code 1 when it is not."""
    inv = invocation(ctx)
    if head is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", head.strip()):
        raise UsageError("--head takes the 64 hexadecimal digits of an entry's hash")
    if key is not None and not re.fullmatch(r"[0-9a-zA-Z+/]{43}=", key.strip()):
        raise UsageError("--key takes a public key as audit key shows it: 44 characters that end in =")
    noted = head.strip().lower() if head else None
    with _Bar("checking", quiet=inv.json):
        verdict = _verdict(inv, file or inv.file, noted, key and key.strip())
    inv.show(verdict.to_json(), lambda: _print(verdict))
    raise typer.Exit(0 if verdict.ok else 1)


def _verdict(inv: Invocation, file: Path | None, head: str | None, key: str | None) -> Verdict:
    from valhalla.audit import restarting, verifying

    if file is None or (file.exists() and inv.home.database.exists() and file.samefile(inv.home.database)):
        with Invocation(inv.home, None, inv.json).reading() as database:
            if head is not None and not restarting.knows(database, head):
                earlier = restarting.in_earlier_chain(database, inv.home.audit, head, key)
                if earlier is not None:
                    return earlier
            return verifying.home_file(database, inv.home.audit, head, key)
    return verifying.copy_of_file(file, head, key, inv.home)


def _print(verdict: Verdict) -> None:
    for table, key, what in verdict.problems:
        print(f"{table}{'' if key is None else f' {key}'}: {what}")
    if verdict.count > len(verdict.problems):
        print(f"... and {verdict.count - len(verdict.problems)} more.")
    for note in verdict.notes:
        print(note)
    if verdict.not_yet_witnessed:
        print(f"Not yet witnessed: the newest {verdict.not_yet_witnessed} job events.")
    if verdict.redacted:
        print(f"Personal data was left out of {verdict.redacted} rows.")
    facts = verdict.to_json()
    print(
        f"{'OK' if verdict.ok else 'NOT OK'}: {verdict.entries} entries from {facts['first_at']} to {facts['last_at']}, "
        f"{verdict.rows} rows of evidence, head {verdict.head or 'none'}."
    )


@app.command("log")
def log(
    ctx: typer.Context,
    action: Annotated[
        str | None, typer.Option(help="Such as setting.change, or the beginning of it: import.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Such as import:12.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who.")] = None,
    correlation: Annotated[str | None, typer.Option(help="Correlation id.")] = None,
    search: Annotated[str | None, typer.Option(help="Text in subject or facts.")] = None,
    since: Annotated[str | None, typer.Option(help="From 2026-01-31 or 2026-01-31T12:00 on (UTC).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this day or moment (UTC).")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="Also the entries that cover rows.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest.")] = 50,
    export: Annotated[
        Path | None, typer.Option(help="Write all that match into this .csv or .json file.")
    ] = None,
) -> None:
    """What was done to the file, oldest first."""
    from valhalla.audit import log as auditing

    inv = invocation(ctx)
    which = auditing.Filter(
        action, subject, actor, correlation, search, _moment(since), _moment(until), rows=rows
    )
    with inv.reading() as database:
        entries = auditing.find(database, which, None if export else limit)
    if export:
        count = auditing.write(entries, export)
        inv.show(
            {"path": str(export), "entries": count}, lambda: print(f"{count} entries written to {export}")
        )
        return

    headers = ("entry", "when", "who", "what", "to what", "facts")
    cells = (
        (
            str(entry["seq"]),
            entry["at"],
            entry["actor"],
            entry["action"],
            entry["subject"],
            _short(entry["body"]),
        )
        for entry in entries
    )
    inv.table(entries, headers, cells, numbers=("entry",), empty="No entries.")


@app.command("restart")
def restart(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the new chain.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Begin a new chain: for one that holds words about people. A verified copy with the old one is kept first."""
    from valhalla.audit import restarting

    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; use --home with audit restart")
    if not yes:
        confirm(f"End the chain of {inv.home.database} and begin a new one?")
    done = restarting.restart(inv.home, reason)

    def render() -> None:
        print(
            f"The chain begins again. The old one had {done['entries']} entries and ended with {done['head']}."
        )
        print(f"It is kept in {done['copy']}, which still holds what was in it.")
        print(f"Note the new head outside of this computer: {done['new_head']}")

    inv.show(done, render)


@app.command("key")
def key(
    ctx: typer.Context,
    make: Annotated[
        str | None, typer.Option(help="Make a new key and keep it at keyring:SERVICE/NAME or env:NAME.")
    ] = None,
) -> None:
    """The key that signs heads, manifests and summaries: show its public half, or make one."""
    from valhalla.audit import signing

    inv = invocation(ctx)
    secret = None
    if make is None:
        with inv.reading() as database:
            signer = signing.configured(database)
        public = signer.public if signer else None
    else:
        with inv.writing() as database:
            public, secret = signing.make(database, make)

    def render() -> None:
        if public is None:
            print("No key is set; make one with: valhalla audit key --make keyring:valhalla/audit")
            return
        print(f"Public key: {public}")
        if secret is not None and make is not None:
            print(
                f"Set the environment variable {make.partition(':')[2]} to this, and keep it nowhere else: {secret}"
            )
        print("Give the public key to your auditor, who checks with: valhalla audit verify FILE --key KEY")

    inv.show({"public": public, "secret": secret} if secret else {"public": public}, render)


@app.command("prune")
def prune(ctx: typer.Context) -> None:
    """Remove what is older than the settings retention.* keep; a summary stays in the chain."""
    from valhalla.audit import retention

    inv = invocation(ctx)
    with inv.writing() as database:
        removed = retention.prune(database, "operator")

    def render() -> None:
        report = ", ".join(f"{count} of {table}" for table, count in removed.items())
        print(f"Removed: {report}." if removed else "Nothing is old enough.")

    inv.show({"removed": removed}, render)


@app.command("restore")
def restore(
    ctx: typer.Context,
    copy: Annotated[Path, typer.Argument(help="The audit copy that takes the place of the home's file.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go back to a copy. It is checked first; the replaced file is kept; refused while Valhalla runs."""
    from valhalla.audit import restoring

    inv = invocation(ctx)
    if inv.file:
        raise UsageError("--db only reads; name the copy as the argument")
    if not yes:
        confirm(f"Replace {inv.home.database} by {copy}?")
    kept = restoring.restore(inv.home, copy)

    def render() -> None:
        print(f"{inv.home.database} is now what {copy} holds.")
        if kept:
            print(f"The replaced file is kept as {kept}.")

    inv.show({"database": str(inv.home.database), "kept": str(kept) if kept else None}, render)


def _moment(text: str | None) -> int | None:
    """UTC microseconds of a day or a moment."""
    if text is None:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day or moment such as 2026-01-31 or 2026-01-31T12:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000)


def _short(facts: dict[str, Any]) -> str:
    text = ", ".join(f"{key}={value}" for key, value in facts.items())
    return text if len(text) <= 90 else text[:87] + "..."


class _Bar:
    """A progress bar on a terminal, which moves to and fro until it is known how far the work has come; nothing elsewhere."""

    def __init__(self, doing: str, *, quiet: bool) -> None:
        self._doing = doing
        self._shown = sys.stderr.isatty() and not quiet
        self._progress: Any = None

    def __enter__(self) -> _Bar:
        if self._shown:
            from rich.progress import Progress

            from valhalla.cli.tables import console

            self._progress = Progress(transient=True, console=console())
            self._progress.start()
            self._task = self._progress.add_task(self._doing, total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=total)
