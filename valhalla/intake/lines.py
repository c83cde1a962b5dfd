"""The lines that a pass, a cycle and a run print."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

from db.clock import SECOND, to_datetime
from valhalla.intake.results import FileResult, PassResult
from valhalla.intake.stats import RunStats
from valhalla.program.terminal import clean, unwrapped
from valhalla.program.wording import money, several
from valhalla.scoring.stages.lead import STAGES, StageResult

_STYLES = {
    "[OK]": "32",
    "[ERROR]": "31",
    "[WARNING]": "33",
    "[HINT]": "36",
    "[REJECTED]": "33",
    "[OFFERED]": "36",
    "[INGESTION COMPLETE]": "1",
    "[INGESTION INCOMPLETE]": "31",
}
"""ANSI colours of the tags, on a terminal."""

REJECTS_SHOWN = 10


def say(line: str = "") -> None:
    """Print a line at once; on a terminal its tag is coloured."""
    line = clean(line)
    if line and sys.stdout.isatty():
        for tag, style in _STYLES.items():
            if tag in line:
                line = line.replace(tag, f"\x1b[{style}m{tag}\x1b[0m", 1)
                break
    print(line, file=unwrapped(sys.stdout), flush=True)


def warn(line: str) -> None:
    """Print a line that is not part of a document: on standard error."""
    print(line, file=sys.stderr, flush=True)


def stamp(at: int) -> str:
    """Local time as the cycle lines show it."""
    return f"[{to_datetime(at).astimezone():%Y-%m-%d %H:%M:%S}]"


def starting(path: str) -> list[str]:
    """Before a file is read."""
    return [f"[STARTING] CSV Ingestion from: {path}"]


def file_lines(file: FileResult) -> list[str]:
    """What became of one file, its problems by line."""
    lines = []
    hints = [f"[HINT] {item['sentence']} Do it with: {item['command']}" for item in file.advice]
    if file.error:
        return [f"[ERROR] {file.error['message']}", *hints]
    if file.mapping:
        lines.append("[HEADERS] " + ", ".join(file.columns or file.mapping))
    lines += [
        f"[WARNING] {file.path}{_at(item['line'])}: {item['message']}"
        for item in file.warnings[:REJECTS_SHOWN]
    ]
    refused, count = [item for item in file.rejects if item["code"] != "BUYER"], file.rejected - file.offered
    lines += [
        f"[REJECTED] {file.path}{_at(item['line'])}: {item['message']}" for item in refused[:REJECTS_SHOWN]
    ]
    if file.offered:
        lines.append(
            f"[OFFERED] {several(file.offered, 'row')} of {file.path} about people who buy: no leads; "
            "see them with: valhalla buyers list --offered"
        )
    if count > REJECTS_SHOWN:
        kinds = Counter(item["code"] for item in refused)
        worst = ", ".join(f"{count} {code}" for code, count in kinds.most_common(3))
        lines.append(f"[REJECTED] ... {count - REJECTS_SHOWN:,} more; most of them: {worst}")
    return lines + hints


def _at(line: int) -> str:
    return f":{line}" if line else ""


def lead_lines(name: str, contact: str, value: int | None, results: Iterable[StageResult]) -> list[str]:
    """One lead and what each stage decided, for --verbose."""
    titles = [title for _, title in STAGES]
    worth = "unknown" if value is None else money(value, exact=True)
    lines = [f"[PROCESSING] {name} - {contact} - Value: {worth}"]
    for number, (title, result) in enumerate(zip(titles, results, strict=True), 1):
        lines.append(f"  [{number}/{len(titles)}] {title}: PROCESSED - {result.decision}")
    return lines


def complete(result: PassResult) -> list[str]:
    """The end of a pass."""
    rows, rejected, offered = (result.total(name) for name in ("rows", "rejected", "offered"))
    asked = rows - offered
    rate = f"{100 * (rows - rejected) / asked:.1f}%" if asked else "not measured (no record was read)"
    parts = ", ".join(
        f"{result.total(count):,} {count}" for count in ("new", "updated", "unchanged", "duplicate")
    )
    return [
        f"[INGESTION INCOMPLETE] {_unread(result)}" if _unread(result) else "[INGESTION COMPLETE]",
        f"  Total records: {rows}",
        f"  Valid leads: {rows - rejected}",
        f"  Invalid leads: {rejected - offered}",
        *([f"  Buyers offered: {offered}"] if offered else []),
        f"  Success rate: {rate}",
        f"  Of the valid ones: {parts}",
    ]


def _unread(result: PassResult) -> str | None:
    failed = sum(file.error is not None for file in result.files)
    return f"{failed} list{'s' if failed > 1 else ''} could not be imported" if failed else None


def cycle_begins(number: int, at: int) -> str:
    """The line a cycle begins with."""
    return f"{stamp(at)} [CYCLE {number}] Starting ingestion..."


def cycle_ends(number: int, at: int, result: PassResult) -> str:
    """The line a cycle ends with."""
    failed = sum(file.error is not None for file in result.files)
    tag = "[ERROR]" if failed else "[OK]"
    tail = f"; {failed} file{'s' if failed > 1 else ''} could not be read" if failed else ""
    return f"{stamp(at)} {tag} Cycle {number}: {result.total('rows')} leads in {result.seconds:.2f}s{tail}"


def _failed(stats: RunStats) -> str:
    return f"; in {stats.failed} of them a list could not be read" if stats.failed else ""


def final_report(
    stats: RunStats, now: int, *, risk_level: str | None, data_quality: float | None
) -> list[str]:
    """The report at the end of a run; what was not measured says so."""
    rate, speed = stats.success_rate, stats.leads_per_second
    counts = (
        f"{stats.new} new, {stats.updated} updated, {stats.unchanged} unchanged, "
        f"{stats.duplicate} duplicate, {stats.rejected} refused"
    )
    missing = "not measured"
    return [
        "[FINAL REPORT]",
        f"  Total cycles: {stats.cycles}{_failed(stats)}",
        f"  Total leads processed: {stats.rows} ({counts})",
        f"  Success rate: {f'{rate:.1f}% ({stats.valid}/{stats.rows})' if rate is not None else missing}",
        f"  Leads per second: {f'{speed:,.1f}' if speed is not None else missing}",
        f"  Duration: {(now - stats.started_at) / SECOND:.1f} seconds",
        f"  Risk level: {risk_level or missing}",
        f"  Data quality: {f'{data_quality:.1f}%' if data_quality is not None else missing}",
    ]
