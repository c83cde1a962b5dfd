"""Lead lists from a program: read, check, clean, decide on and store them with a few lines of Python.

>>> from valhalla.ingestion import CSVIngestion
>>> leads = CSVIngestion("my_leads.csv").ingest_from_csv()          # doctest: +SKIP

It is the importer of the command line. Without ``home`` or ``database`` it works on a private file in memory, and
reports go to ``logs/`` in the working folder.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from db import Database, DatabaseError, now
from db.clock import iso
from valhalla.intake import results
from valhalla.intake.custom_rules import OwnRules, Rules
from valhalla.intake.importer import import_file
from valhalla.intake.lines import (
    complete,
    cycle_begins,
    cycle_ends,
    file_lines,
    final_report,
    lead_lines,
    say,
    starting,
)
from valhalla.intake.reading import Chunk, Profile, Reject, Source
from valhalla.intake.reading.mapping import Columns
from valhalla.intake.reading.single import read_lead
from valhalla.intake.request import Hooks, Request
from valhalla.intake.results import FileResult, PassResult
from valhalla.intake.stats import STATS_NAME, RunStats
from valhalla.leads.view import Viewer
from valhalla.program import settings
from valhalla.program.database import memory_database
from valhalla.program.files import write_report
from valhalla.program.home import Home
from valhalla.safety import risk
from valhalla.scoring import store
from valhalla.scoring.opening import open_home
from valhalla.scoring.stages.explanation import explain
from valhalla.scoring.stages.row import Row

Lead = dict[str, Any]
"""A lead by field name: name, email, value, location, phone, source, ingestion_date, and every extra column."""


class CSVIngestion:
    """One list. Override :meth:`validate_lead_data`, :meth:`sanitize_lead` or :meth:`process_lead` to change what
    happens to a lead; then each record goes through these methods, one by one.

    ``home``: work on the ``valhalla.db`` of this folder; ``database``: on this one; neither: on a file in memory.
    ``verbose``: print a line for each lead and stage.
    """

    def __init__(
        self,
        file_path: str | os.PathLike[str],
        *,
        home: str | os.PathLike[str] | None = None,
        database: Database | None = None,
        source: str = "csv",
        verbose: bool = False,
    ) -> None:
        self.file_path = os.fspath(file_path)
        self.source = source
        self.verbose = verbose
        self.leads_ingested = 0
        """Records read, good and bad."""
        self.leads_valid = 0
        self.leads_invalid = 0
        self.processed_leads: list[Lead] = []
        self._headers_reported = False
        self._home = home
        self._given = database
        self._own: Database | None = None

    # -- what a program may override -----------------------------------------------------------------------

    def validate_lead_data(self, lead: Lead) -> bool:
        """Whether the lead (by field name, as read) keeps the documented rules; says in a line what is wrong."""
        problem = self._problem(lead)
        if problem is not None:
            self._say(f"[ERROR] {problem}")
        return problem is None

    def sanitize_lead(self, lead: Lead) -> Lead:
        """The lead as it is stored: trimmed, email in lower case, value a number, source and time of reading added.

        Raises ValueError with the rule that it breaks.
        """
        row, _, columns = read_lead(_readable(lead), source=self.source)
        if isinstance(row, Reject):
            raise ValueError(row.message)
        return _as_lead(row, columns.extras, columns.mapping, _now())

    def process_lead(self, lead_data: Lead) -> None:
        """Called with each sanitized lead when it is in the file, its six stages decided."""
        self.processed_leads.append(lead_data)

    # -- reading -------------------------------------------------------------------------------------------

    def ingest_from_csv(self) -> list[Lead] | None:
        """Read the list from its beginning. Returns its good leads, cleaned, in the order of the list, or None when the
        file is missing or no list; the sentence that says why is printed."""
        for line in starting(self.file_path):
            self._say(line)
        leads: list[Lead] = []
        began, self._headers_reported = time.perf_counter(), False
        with self._database() as database:
            result = self._read(database, leads, again=True)
        self.leads_ingested, self.leads_invalid = result.rows, result.rejected
        self.leads_valid = result.rows - result.rejected
        for line in file_lines(result):
            if not (self._headers_reported and line.startswith("[HEADERS]")):
                self._say(line)
        if result.error is not None:
            return None
        for line in complete(PassResult([result], time.perf_counter() - began)):
            self._say(line)
        return leads

    def _read(self, database: Database, leads: list[Lead], *, again: bool) -> FileResult:
        self.processed_leads = []
        readers: list[OwnRules] = []
        path = os.path.abspath(self.file_path)
        if not os.path.exists(path):
            return results.of_problem(path, "NOT_FOUND", f"The file '{self.file_path}' was not found.")
        request = Request(path, self.source, True, again, self._rows(readers), documented=True)

        def stored(source: Source, chunk: Chunk) -> None:
            self._stored(database, source, chunk, readers, leads)

        import_id = import_file(database, request, Hooks(stored=stored))
        if import_id is None:
            return results.of_unchanged(database, path)
        return results.of_import(database, import_id)

    def _rows(self, readers: list[OwnRules]) -> Any:
        """Makes the reader of records; None when no rule was overridden, so that the list is read in bulk."""
        validate, sanitize = self._overrides("validate_lead_data"), self._overrides("sanitize_lead")
        if not validate and not sanitize:
            return None
        rules = Rules(self.validate_lead_data if validate else None, self.sanitize_lead if sanitize else None)

        def make(columns: Columns, profile: Profile, source: str) -> OwnRules:
            readers.append(OwnRules(columns, profile, source, rules))
            return readers[-1]

        return make

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(CSVIngestion, name)

    def _stored(
        self, database: Database, source: Source, chunk: Chunk, readers: list[OwnRules], leads: list[Lead]
    ) -> None:
        if not self._headers_reported:
            self._headers_reported = True
            self._say("[HEADERS] " + ", ".join(source.header))
        when = _now()
        made = readers[-1].sanitized if readers else {}
        for row in chunk.accepted:
            lead = _as_lead(row, source.extras, source.mapping, when)
            own = made.pop(row.line, None)
            if own is not None:
                lead = {**lead, **own}
            if self.verbose:
                self._report(database, row)
            leads.append(lead)
            self.process_lead(lead)

    def _report(self, database: Database, row: Row) -> None:
        """The lines of one lead with its six decisions."""
        viewer = Viewer.now(database)
        stored = viewer.known_by(row.identity).lead
        lines = lead_lines(
            row.name,
            row.email or row.phone or "no contact",
            row.value,
            explain(stored, viewer.context(stored)),
        )
        for line in lines:
            self._say(line)

    def _problem(self, lead: Lead) -> str | None:
        row, _, _ = read_lead(_readable(lead), source=self.source)
        return row.message if isinstance(row, Reject) else None

    def _say(self, line: str) -> None:
        say(line)

    @contextmanager
    def _database(self) -> Iterator[Database]:
        """The file to work on: the given one, the home's, or one in memory that lives as long as this object."""
        if self._given is not None:
            store.seed(self._given)
            yield self._given
        elif self._home is not None:
            with open_home(Home(Path(self._home).absolute())) as database:
                yield database
        else:
            if self._own is None:
                self._own = memory_database()
                store.seed(self._own)
            yield self._own


def ingest_real_data(
    path: str | os.PathLike[str],
    *,
    home: str | os.PathLike[str] | None = None,
    database: Database | None = None,
) -> list[Lead] | None:
    """Read one list; see :meth:`CSVIngestion.ingest_from_csv`."""
    return CSVIngestion(path, home=home, database=database).ingest_from_csv()


class ContinuousDataIngestion(CSVIngestion):
    """One list, looked at again and again. An unchanged list is not read again: its good rows count as unchanged.

    Rules come from the methods of this class, or from those of ``ingestion_class``.
    """

    ingestion_class: ClassVar[type[CSVIngestion] | None] = None

    def __init__(
        self,
        csv_path: str | os.PathLike[str] = "real_leads.csv",
        interval: float = 30,
        *,
        home: str | os.PathLike[str] | None = None,
        database: Database | None = None,
        source: str = "csv",
        verbose: bool = False,
        ingestion_class: type[CSVIngestion] | None = None,
    ) -> None:
        super().__init__(csv_path, home=home, database=database, source=source, verbose=verbose)
        self.csv_path = self.file_path
        self.interval = interval
        self.stats = RunStats(now())
        self.risk: dict[str, Any] | None = None
        """The newest risk report; None: not measured."""
        self.stop_event = threading.Event()
        """Set it to end :meth:`run_continuous` after the cycle that is running."""
        chosen = ingestion_class or self.ingestion_class
        self._reader: CSVIngestion = self
        if chosen is not None:
            self._reader = chosen(csv_path, home=home, database=database, source=source, verbose=verbose)

    def run_ingestion_cycle(self) -> bool:
        """Look at the list once and read what is new. False: it could not be read; the line printed says why."""
        self._say(cycle_begins(self.stats.cycles + 1, now()))
        self.stats.status = "RUNNING"
        began, leads = time.perf_counter(), list[Lead]()
        self._reader._headers_reported = True  # once is enough for a list that is looked at again and again
        try:
            with self._reader._database() as database:
                result = self._reader._read(database, leads, again=False)
        except DatabaseError as error:
            self._say(f"[ERROR] {error}")
            return False
        self.leads_ingested += result.rows
        self.leads_invalid += result.rejected
        self.leads_valid += result.rows - result.rejected
        self.processed_leads = self._reader.processed_leads
        for line in file_lines(result):
            if not line.startswith("[HEADERS]"):
                self._say(line)
        done = PassResult([result], time.perf_counter() - began)
        self.stats.add(done, now())
        self.measure_risk()
        self._say(cycle_ends(self.stats.cycles, now(), done))
        return result.error is None

    def measure_risk(self) -> dict[str, Any] | None:
        """Measure data quality, performance and safety now, and write ``risk_monitoring_results.json`` next to the statistics; returns the
        report, which is also in ``risk``. None, and nothing is measured, while the setting ``risk_monitoring`` is off."""
        with self._reader._database() as database:
            values = settings.effective(database)
            if not values["risk_monitoring"]:
                return None
            home = None if self._home is None else Home(Path(self._home).absolute())
            self.risk = risk.assess(database, home, values)
        if values["json_export"]:
            risk.save(self.risk, self._logs())
        return self.risk

    def run_continuous(self, max_cycles: int | None = None) -> None:
        """Cycle each ``interval`` seconds until ``max_cycles`` are done (None: until stopped or Ctrl+C)."""
        try:
            while not self.stop_event.is_set() and (max_cycles is None or self.stats.cycles < max_cycles):
                started = time.monotonic()
                self.run_ingestion_cycle()
                self.save_stats()
                if max_cycles is not None and self.stats.cycles >= max_cycles:
                    break
                self.stop_event.wait(max(0.0, self.interval - (time.monotonic() - started)))
        except KeyboardInterrupt:
            pass
        finally:
            self.stats.status = "STOPPED"
            self.save_stats()
        self.show_stats()

    def save_stats(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write ``continuous_ingestion_stats.json`` (or ``path``); returns where it is."""
        target = Path(path) if path is not None else self._logs() / STATS_NAME
        write_report(target, self.stats.as_json(now()))
        return target

    def show_stats(self) -> None:
        """Print the report of what was done so far."""
        level = None if self.risk is None else self.risk["risk_level"]
        quality = None if self.risk is None else self.risk["data_quality"]["score"]
        for line in final_report(self.stats, now(), risk_level=level, data_quality=quality):
            self._say(line)

    def _logs(self) -> Path:
        return Path(self._home) / "logs" if self._home is not None else Path("logs")


def _now() -> str:
    return iso(now())


def _readable(lead: Lead) -> Lead:
    """Without what we add ourselves: a sanitized lead may be checked again."""
    return {name: value for name, value in lead.items() if name != "ingestion_date"}


_OPTIONAL = {"arv": 100, "repairs": 100, "sqft": 1, "beds": 1}


def _as_lead(row: Row, extras: list[str], mapping: dict[str, str], when: str) -> Lead:
    """The documented form of a stored row. Recognised further columns keep their own names too."""
    lead: Lead = {
        "name": row.name,
        "email": row.email or "",
        "value": None if row.value is None else row.value / 100,
        "location": row.location or "",
        "phone": row.phone or "",
        "source": row.source,
        "ingestion_date": when,
    }
    if row.extras is not None:
        lead.update(zip(extras, json.loads(row.extras), strict=False))
    for name, field in mapping.items():
        if field in _OPTIONAL:
            number = getattr(row, field)
            lead[name] = (
                None if number is None else number / _OPTIONAL[field] if _OPTIONAL[field] > 1 else number
            )
        elif field in ("address", "condition"):
            lead[name] = getattr(row, field) or ""
        elif field == "list_date":
            lead[name] = iso(row.list_date)[:10] if row.list_date is not None else ""
    return lead
