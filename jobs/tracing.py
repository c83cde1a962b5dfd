"""OpenTelemetry: a job continues the trace of the code that enqueued it. For programs that have ``opentelemetry-api``.

from valhalla_queue.tracing import instrument

instrument(queue)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry import propagate, trace

from jobs.current import CurrentJob
from jobs.queue import JobQueue
from jobs.serializer import payload_from_json

CARRIED = "trace"
"""Where a payload holds the context, as W3C headers."""


def instrument(queue: JobQueue, tracer: trace.Tracer | None = None) -> None:
    """Give each job of ``queue`` a span, a child of the span in which it was enqueued, by the program's tracer provider."""
    spans = tracer or trace.get_tracer("valhalla_queue")

    def carry(body: dict[str, Any]) -> None:
        headers: dict[str, str] = {}
        propagate.inject(headers)
        if headers:
            body[CARRIED] = headers

    @queue.middleware
    def traced(job: CurrentJob, run: Callable[[], Any]) -> Any:
        headers = payload_from_json(job.payload).get(CARRIED)
        context = propagate.extract(headers) if isinstance(headers, dict) else None
        attributes: dict[str, str | int] = {
            "messaging.system": "valhalla_queue",
            "messaging.message.id": str(job.id),
            "job.try": job.tries,
        }
        with spans.start_as_current_span(
            f"job {job.name}", context, kind=trace.SpanKind.CONSUMER, attributes=attributes
        ):
            return run()

    queue.carriers.append(carry)
