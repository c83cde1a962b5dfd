"""``/metrics`` for Prometheus: read from the file when it is asked, and nothing in it is about a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import Response

from db import audit
from db.clock import SECOND
from jobs import count_up_to
from jobs.web.views import Route
from valhalla import __version__
from valhalla.cockpit.state import Cockpit, Here
from valhalla.console.history import FIGURES
from valhalla.console.moments import now_ms
from valhalla.effects import register
from valhalla.intake import log
from valhalla.leads import call_list_index, view
from valhalla.sandbox.governor import GovernorEnforcer
from valhalla.sandbox.heartbeat import seen_from_outside
from valhalla.service import runs

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

FRESH_MS = 300_000
"""A board's figures that are older are left out: nobody has looked since."""

router = APIRouter(tags=["health"], route_class=Route)


@router.get(
    "/metrics",
    summary="For Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(here: Here) -> Response:
    """Counters and gauges of the run, the queue, alerts, effects, the file, and the console's boards with their sources, in the text format of Prometheus."""
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(OfFile(here))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), media_type=None, headers={"content-type": CONTENT_TYPE_LATEST})


class OfFile:
    """What Prometheus collects, as the file has it now."""

    def __init__(self, cockpit: Cockpit) -> None:
        self.cockpit = cockpit

    def collect(self) -> Iterator[Metric]:
        """Every metric; all of one moment."""
        with self.cockpit.database.view():
            yield from self._run()
            yield from self._work()
            yield from self._file()
        yield from self._boards()

    def _run(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

        database = self.cockpit.database
        around = self.cockpit.frame()
        yield InfoMetricFamily("valhalla", "The program.", {"version": __version__})
        state = GaugeMetricFamily("valhalla_state", "1 for the state it is in.", labels=["state"])
        for name in ("running", "paused", "stopped"):
            state.add_metric([name], float(around["state"]["name"] == name))
        yield state
        yield _gauge("valhalla_live", "1 while the dry-run lock is off.", float(around["lock"]["live"]))
        cycle = runs.last_cycle(database, of_any_run=True)
        if cycle is not None:
            yield _gauge("valhalla_cycle_number", "Cycles of this run that have ended.", cycle.number)
            yield _gauge("valhalla_cycle_seconds", "How long the last one took.", cycle.seconds)
            yield _gauge(
                "valhalla_cycle_ended_timestamp_seconds", "When it ended.", cycle.finished_at / SECOND
            )
        heart = seen_from_outside(database)
        if heart is not None:
            age = heart["seconds_since_heartbeat"]
            yield _gauge("valhalla_heartbeat_age_seconds", "Seconds since the last beat.", age)
        yield _by("valhalla_alerts", "Open alerts.", "severity", around["alerts"])
        waiting = {
            name: around["counts"][name] for name in ("duplicates", "approvals", "uncertain", "changes")
        }
        yield _by(
            "valhalla_decisions", "What waits for a person; at most 1,000 are counted.", "kind", waiting
        )

    def _work(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        database = self.cockpit.database
        counts = count_up_to(database)
        jobs = {name: getattr(counts, name) for name in ("waiting", "running", "dead")}
        yield _by("valhalla_jobs", "Jobs; at most 1,000 of a state are counted.", "state", jobs)
        yield _by("valhalla_effects", "Effects.", "state", register.counts(database))
        records = CounterMetricFamily(
            "valhalla_records", "Rows of lists, by what became of them.", labels=["outcome"]
        )
        for outcome, count in log.outcomes(database)._asdict().items():
            records.add_metric([outcome], count)
        yield records
        used = GaugeMetricFamily("valhalla_governor_used", "Actions in the window.", labels=["resource"])
        most = GaugeMetricFamily("valhalla_governor_limit", "Actions allowed in it.", labels=["resource"])
        denied = CounterMetricFamily("valhalla_governor_denied", "Actions denied.", labels=["resource"])
        for resource, each in GovernorEnforcer(database=database).get_status().items():
            used.add_metric([resource], each["current_actions"])
            most.add_metric([resource], each["max_actions"])
            denied.add_metric([resource], each["denied_count"])
        yield from (used, most, denied)

    def _file(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        database = self.cockpit.database
        # Counting a million rows takes longer than a scrape should; up to a minute old it is.
        leads = self.cockpit.figures.get("leads", view.count, of=call_list_index.newest_lead(database))
        if leads is not None:
            yield _gauge("valhalla_leads", "Leads in the file, counted within the last minute.", leads.value)
        entries = CounterMetricFamily("valhalla_audit_entries", "Entries of the audit chain.")
        entries.add_metric([], audit.head(database).entries)
        yield entries
        if database.path is not None:
            wal = database.path.with_name(database.path.name + "-wal")
            yield _gauge("valhalla_file_bytes", "Size of the file.", database.path.stat().st_size)
            size = wal.stat().st_size if wal.exists() else 0
            yield _gauge("valhalla_wal_bytes", "Size of its write-ahead log.", size)

    def _boards(self) -> Iterator[Metric]:
        """The console's boards and their sources, as they were when somebody, or the history, last looked: nothing is asked for this."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        console = self.cockpit.boards.console
        states = {"federation": console.federation_state, "memory": console.memory_state} if console else {}
        mode = GaugeMetricFamily("valhalla_board_mode", "1 for what a board shows.", labels=["board", "mode"])
        figures = GaugeMetricFamily(
            "valhalla_board_figure", "What a board shows while it is real.", labels=["board", "figure"]
        )
        read = GaugeMetricFamily(
            "valhalla_board_read_timestamp_seconds", "When real data was read last.", labels=["board"]
        )
        for board, state in states.items():
            source = state.frame["source"]
            for name in ("production", "simulated", "unavailable"):
                mode.add_metric([board, name], float(source["mode"] == name))
            if source["as_of"] is not None:
                read.add_metric([board], source["as_of"] / 1_000)
            fresh = source["mode"] == "production" and now_ms() - source["as_of"] <= FRESH_MS
            for name in FIGURES[board] if fresh else ():
                if state.frame[name] is not None:
                    figures.add_metric([board, name], state.frame[name])
        yield from (mode, figures, read)
        up = GaugeMetricFamily(
            "valhalla_board_source_up", "1 if its last answer was one.", labels=["board", "source"]
        )
        took = GaugeMetricFamily(
            "valhalla_board_source_seconds", "How long its last answer took.", labels=["board", "source"]
        )
        answers = CounterMetricFamily("valhalla_board_source_answers", "Answers.", labels=["board", "source"])
        failed = CounterMetricFamily(
            "valhalla_board_source_failures", "Failures.", labels=["board", "source"]
        )
        for board, source_name, vitals in console.vitals() if console else ():
            labels = [board, source_name]
            if vitals.answers or vitals.failures:
                up.add_metric(labels, float(vitals.failures_in_a_row == 0))
            if vitals.took_ms is not None:
                took.add_metric(labels, vitals.took_ms / 1_000)
            answers.add_metric(labels, vitals.answers)
            failed.add_metric(labels, vitals.failures)
        yield from (up, took, answers, failed)


def _gauge(name: str, says: str, value: float) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, says, value=value)


def _by(name: str, says: str, label: str, values: dict[str, Any]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    found = GaugeMetricFamily(name, says, labels=[label])
    for word, value in values.items():
        found.add_metric([word], value)
    return found
