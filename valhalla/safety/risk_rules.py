"""The rules R1 to R17: what they look at and when they speak. docs/risk.md lists them."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from db.clock import DAY, MINUTE
from db.orm import fn
from valhalla.intake import disk_space, models
from valhalla.leads import source_pauses
from valhalla.leads.models import LeadChange, Suppression
from valhalla.safety import quality
from valhalla.sandbox.alerts import AlertSystem
from valhalla.sandbox.models import Alert
from valhalla.scoring import experiment_results, experiments
from valhalla.scoring.calibration import predictions
from valhalla.scoring.stages.statistics import calibration, sample_ratio_p
from valhalla.scoring.store import latest_policy

if TYPE_CHECKING:
    from db import Database

LEVELS = ("low", "medium", "high", "critical")
SEVERITY = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}
"""The alert's severity for each level."""

SRM_P = 0.001
SRM_ENOUGH = 100
SRM_MANY = 100_000
SRM_COUNTED_FOR = 5 * MINUTE
CALIBRATION_Z = 3.0
CALIBRATION_ENOUGH = 100

COLUMN_GONE = "MISSING_COLUMN"
SILENT_AFTER = 3
GROWING_FOR = 10 * MINUTE
UNDONE = "undone"
"""The state of an import that a person undid."""


@dataclass(frozen=True)
class Finding:
    """A rule that speaks about something."""

    rule: str
    level: str
    subject: str
    reason: str
    """Does not change while the finding stands; figures are in ``facts``."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_alerted: bool = False
    """Whether there is an alert of it already."""
    file: int | None = None
    """The list's number where the subject is its path: that may name somebody, and what alerts are about is in the chain."""

    @property
    def task(self) -> str:
        """What its alert is about: one alert per rule and subject."""
        return f"risk:{self.rule}:{self.subject if self.file is None else f'file {self.file}'}"


class Imported(NamedTuple):
    """The newest import of a list; ``warnings`` as JSON."""

    id: int
    path: str
    state: str
    rows: int
    warnings: str
    source: str
    source_id: int
    kind: str
    file_id: int


@dataclass(frozen=True)
class Ground:
    """What the rules look at. What a person did on purpose is nothing that they speak of."""

    database: Database
    values: Mapping[str, Any]
    performance: Mapping[str, Any]
    now: int


def findings(ground: Ground) -> tuple[list[Finding], dict[str, str]]:
    """What speaks now, and why the rules that could not be asked could not."""
    found: list[Finding] = []
    silent: dict[str, str] = {}
    for name, rule in RULES.items():
        for each in rule(ground):
            if isinstance(each, str):
                silent[name] = each
            else:
                found.append(each)
    return found, silent


Said = Iterator["Finding | str"]


def _r1(ground: Ground) -> Said:
    for file in _broken(ground):
        if file.error_code != COLUMN_GONE:  # which is R3's
            facts = {"code": file.error_code}
            yield Finding("R1", "high", file.path, str(file.error), facts, file=file.id)
    # What the last cycle was to read and could not; the alerts stand until one reads it.
    unread = Alert.select().where(Alert.state != "closed", Alert.task.startswith("list:"))
    for alert in unread.order_by(Alert.id).execute(ground.database):
        facts = json.loads(alert.context)
        yield Finding("R1", "high", facts.get("path", alert.task), alert.reason, facts, is_alerted=True)


def _broken(ground: Ground) -> Any:
    """Lists that could not be read at all."""
    row = models.File
    query = row.select(row.id, row.path, row.error_code, row.error).where(row.error_code.is_null(False))
    return query.order_by(row.id).execute(ground.database)


def _r2(ground: Ground) -> Said:
    least = ground.values["risk.validity_percent"] / 100
    counts = quality.standing(ground.database)
    if not counts:
        yield "no record has been read yet"
    for each in counts:
        if each.records < quality.ENOUGH:
            continue
        share = each.valid / each.records
        facts = {"valid": each.valid, "records": each.records}
        if share < least:
            reason = f"less than {least:.0%} of the rows of import {each.import_id} are valid"
            yield Finding("R2", "high", f"file {each.file_id}", reason, facts)
            continue
        before = [
            old for old in quality.history(ground.database, each.source_id) if old.import_id < each.import_id
        ]
        total = sum(old.records for old in before)
        if len(before) >= 5 and total:
            usual = sum(old.rejected for old in before) / total
            limit = usual + 3 * math.sqrt(usual * (1 - usual) / each.records)
            if each.rejected / each.records > limit and each.rejected:
                reason = f"import {each.import_id} has more refused rows than its source usually has"
                yield Finding(
                    "R2", "medium", f"file {each.file_id}", reason, {**facts, "usual": round(usual, 4)}
                )


def _newest(ground: Ground) -> list[Imported]:
    row, source = models.Import, models.Source
    newest = row.select(fn.max(row.id)).group_by(row.file_id)
    columns = row.id, row.path, row.state, row.rows, row.warnings, source.name, row.source_id, row.kind
    query = row.select(*columns, row.file_id).join(source, on=source.id == row.source_id)
    query = query.where(row.id.in_(newest)).order_by(row.id).tuples()
    return [Imported(*each) for each in query.execute(ground.database)]


def _done(source_id: int) -> Any:
    """The newest imports of a source."""
    row = models.Import
    query = row.select(row.rows, row.started_at).where(row.source_id == source_id, row.state == "done")
    return query.order_by(row.id.desc()).limit(20)


def _warned(ground: Ground, rule: str, levels: Mapping[str, str], what: str) -> Said:
    for newest in _newest(ground):
        if newest.state == UNDONE:
            continue
        codes = {
            each.get("code") if isinstance(each, dict) else each[1] for each in json.loads(newest.warnings)
        }
        hits = [code for code in levels if code in codes]
        if hits:
            level = max((levels[code] for code in hits), key=LEVELS.index)
            reason = f"{newest.path}: {what} ({', '.join(hits)})"
            yield Finding(rule, level, newest.path, reason, {"import": newest.id}, file=newest.file_id)


def _r3(ground: Ground) -> Said:
    for file in _broken(ground):
        if file.error_code == COLUMN_GONE:
            reason = f"{file.path}: a required column is gone"
            yield Finding("R3", "high", file.path, reason, {}, file=file.id)
    yield from _warned(
        ground, "R3", {"COLUMNS_MISSING": "medium", "COLUMN_RENAMED": "medium"}, "the columns have changed"
    )


def _r4(ground: Ground) -> Said:
    for newest in _newest(ground):
        # A list that grows is imported in parts, which say nothing about its size.
        whole = _done(newest.source_id).where(models.Import.id < newest.id, models.Import.kind == "whole")
        sizes = [each.rows for each in whole.execute(ground.database)]
        if newest.state != "done" or newest.kind != "whole" or len(sizes) < 3:
            continue
        middle = statistics.median(sizes)
        if middle and not 0.5 <= newest.rows / middle <= 3.0:
            reason = f"{newest.path} has far more or fewer rows than {newest.source} usually has"
            facts = {"rows": newest.rows, "median": middle}
            yield Finding("R4", "medium", newest.path, reason, facts, file=newest.file_id)


def _r5(ground: Ground) -> Said:
    most = ground.values["risk.duplicate_percent"] / 100
    for each in quality.standing(ground.database):
        if each.valid >= quality.ENOUGH and each.duplicates / each.valid > most:
            reason = f"more than {most:.0%} of the rows of import {each.import_id} are duplicates"
            yield Finding(
                "R5",
                "medium",
                f"file {each.file_id}",
                reason,
                {"duplicates": each.duplicates, "valid": each.valid},
            )


def _r6(ground: Ground) -> Said:
    waiting = LeadChange.select().where(LeadChange.state == "open").count(ground.database)
    if waiting > ground.values["risk.review_waiting"]:
        yield Finding("R6", "medium", "review", "too many changes wait for review", {"waiting": waiting})


def _r7(ground: Ground) -> Said:
    pauses = source_pauses.in_force(ground.database)
    # Every source, also one that has delivered nothing yet.
    sources = models.Source.select(models.Source.id, models.Source.name).order_by(models.Source.id)
    for source, name in sources.tuples().execute(ground.database):
        if name in pauses:
            continue
        # A lead that was entered by hand is no sign that a source still delivers.
        arrived = _done(source).where(~models.Import.path.startswith("(by hand)"))
        times = [each.started_at for each in arrived.execute(ground.database)]
        gaps = [
            later - earlier
            for earlier, later in itertools.pairwise(sorted(times))
            if later - earlier > MINUTE
        ]
        if len(gaps) >= 3 and ground.now - times[0] > SILENT_AFTER * statistics.median(gaps) > 0:
            yield Finding(
                "R7",
                "medium",
                name,
                f"source {name} has been silent for more than three of its usual intervals",
                {},
            )


def _r8(ground: Ground) -> Said:
    row = models.Import
    first_last = fn.min(row.started_at), fn.max(row.started_at)
    tails = row.select(row.path, fn.count(), *first_last, fn.max(row.file_id)).where(row.kind == "tail")
    recent = tails.where(row.started_at >= ground.now - 6 * GROWING_FOR).group_by(row.path).tuples()
    for path, parts, first, last, number in recent.execute(ground.database):
        if parts > 2 and last - first > GROWING_FOR and ground.now - last < GROWING_FOR:
            reason = f"{path} has been growing for more than ten minutes"
            yield Finding("R8", "low", path, reason, {"parts": parts}, file=number)


def _r9(ground: Ground) -> Said:
    levels = {"FORMULA_CELL": "medium", "PERSONAL_COLUMN": "medium"}
    yield from _warned(ground, "R9", levels, "cells like formulas, or sensitive personal data")


def _r10(ground: Ground) -> Said:
    yield from _warned(
        ground, "R10", {"ENCODING_ASSUMED": "low", "ENCODING_MIXED": "low"}, "the encoding was assumed"
    )


def _r11(ground: Ground) -> Said:
    for each in quality.standing(ground.database):
        sample = min(each.stored, quality.SAMPLE)
        if sample >= quality.ENOUGH and (each.same_value > 0.3 * sample or each.outliers > 0.05 * sample):
            reason = f"the prices of import {each.import_id} are odd: many are the same, or far out"
            yield Finding(
                "R11",
                "low",
                f"file {each.file_id}",
                reason,
                {"same": each.same_value, "outliers": each.outliers},
            )


_counted: WeakKeyDictionary[Database, tuple[int, dict[int, int]]] = WeakKeyDictionary()
"""What R12 counted of many leads, and when, UTC microseconds."""


def _drawn(database: Database) -> dict[int, int]:
    """:func:`experiment_results.drawn`, which looks at each lead, for one who asks after each cycle: of :data:`SRM_MANY` leads a count is
    good for :data:`SRM_COUNTED_FOR`. Of a million it takes a second, and how they are split changes slowly."""
    now = database.clock()
    at, found = _counted.get(database, (0, {}))
    if not 0 <= now - at < SRM_COUNTED_FOR:
        found = experiment_results.drawn(database)
        if sum(found.values()) >= SRM_MANY:
            _counted[database] = now, found
    return found


def _r12(ground: Ground) -> Said:
    arms: dict[tuple[int, str], list[tuple[int, int]]] = {}
    running = [each for each in experiments.every(ground.database) if each.state == "running"]
    drawn = _drawn(ground.database) if running else {}
    for each in running:
        variants = experiments.variants(ground.database, each.id)
        arms[each.id, each.name] = [(drawn.get(variant.id, 0), variant.weight) for variant in variants]
    if not arms:
        yield "no experiment runs"
    for (_, name), pairs in arms.items():
        counts = [leads for leads, _ in pairs]
        weights = [weight for _, weight in pairs]
        if len(pairs) > 1 and sum(counts) >= SRM_ENOUGH and any(weights):
            p = sample_ratio_p(counts, weights)
            if p < SRM_P:
                yield Finding(
                    "R12",
                    "high",
                    name,
                    f"experiment {name} does not split as its weights say",
                    {"p": f"{p:.2g}"},
                )


def _r13(ground: Ground) -> Said:
    _, policy = latest_policy(ground.database)
    known = predictions(ground.database, policy)
    if len(known) < CALIBRATION_ENOUGH:
        yield f"{len(known)} predictions can be judged, {CALIBRATION_ENOUGH} are needed"
        return
    found = calibration([each.p / 1_000_000 for each in known], [int(each.closed) for each in known])
    if abs(found.z) > CALIBRATION_Z:
        facts = {"expected": f"{found.expected:.1f}", "observed": found.observed, "z": f"{found.z:.1f}"}
        yield Finding("R13", "medium", "calibration", "more or fewer deals close than was predicted", facts)


def _r15(ground: Ground) -> Said:
    sentences = {
        "cycle_time": "a cycle takes longer than its interval",
        "wal": "the write-ahead log has grown above its limit",
        "disk": "the disk is nearly full",
    }
    for name, sentence in sentences.items():
        if ground.performance["metrics"]["checks"][name] is False:
            is_alerted = name == "disk" and bool(
                AlertSystem(database=ground.database).standing(disk_space.TASK)
            )
            yield Finding("R15", "medium", name, sentence, {}, is_alerted)


def _r16(ground: Ground) -> Said:
    loaded = Suppression.select(fn.max(Suppression.created_at)).where(Suppression.origin == "list")
    newest = loaded.scalar(ground.database)
    days = ground.values["risk.dnc_days"]
    if newest is None:
        yield "no do-not-contact list was ever loaded"
    elif ground.now - newest > days * DAY:
        yield Finding("R16", "medium", "dnc", f"the do-not-contact list is older than {days} days", {})


def _r17(ground: Ground) -> Said:
    for newest in _newest(ground):
        if newest.state == "failed" and newest.rows:
            reason = f"import {newest.id} of {newest.path} failed half-way"
            yield Finding("R17", "high", newest.path, reason, {"rows": newest.rows}, file=newest.file_id)


RULES: dict[str, Callable[[Ground], Said]] = {
    "R1": _r1, "R2": _r2, "R3": _r3, "R4": _r4, "R5": _r5, "R6": _r6, "R7": _r7, "R8": _r8, "R9": _r9, "R10": _r10,
    "R11": _r11, "R12": _r12, "R13": _r13, "R15": _r15, "R16": _r16, "R17": _r17,
}  # fmt: skip
"""R14, a lead on do-not-contact in something that was to go out, speaks when it happens: see valhalla/effects/running.py."""
