"""A Huey task as JSON and back: its arguments, follow-up jobs, and the chord it belongs to."""

from __future__ import annotations

from typing import Any

from jobs.errors import BadRow, PayloadError, UnknownHandler
from jobs.huey import SKIPPED, ChordConfig, Error
from jobs.kind import JobRegistry, JobTask
from jobs.serializer import tagged, untagged


def body_of(task: JobTask) -> dict[str, Any]:
    """The payload of a row for ``task``; defaults are left out, so a job without arguments is ``{}``."""
    body: dict[str, Any] = {}
    kind = task.kind
    if task.args:
        args = [repr(item) if isinstance(item, BaseException) else item for item in task.args]
        if any(isinstance(item, list | tuple) and any(_special(part) for part in item) for item in args):
            body["tagged"], args = True, tagged(args)
        body["args"] = args
    if task.kwargs:
        body["kwargs"] = {key: value for key, value in task.kwargs.items() if value is not task}
    if task.retries != kind.retry.retries:
        body["retries"] = task.retries
    if task.timeout != kind.time_limit:
        body["time_limit"] = task.timeout
    if task.on_complete is not None:
        body["then"] = message_of(task.on_complete)
    if task.on_error is not None:
        body["on_error"] = message_of(task.on_error)
    if task.chord_config is not None:
        config = task.chord_config
        body["chord"] = [config.cid, config.size, config.idx, message_of(config.callback)]
    return body


def message_of(task: JobTask) -> dict[str, Any]:
    """The same including the name, for tasks that have no row of their own yet."""
    body = body_of(task)
    body["name"] = task.kind.name
    if task.priority:
        body["priority"] = task.priority
    return body


def task_of(registry: JobRegistry, name: str, body: dict[str, Any]) -> JobTask:
    """The task that ``body`` describes. Raises :class:`UnknownHandler` or :class:`BadRow`."""
    task_class = registry.task_class(name)
    if task_class is None:
        raise UnknownHandler(f"no handler has the name {name!r}")
    try:
        if not body:
            return task_class()
        args, kwargs = body.get("args", ()), body.get("kwargs") or {}
        if body.get("tagged"):
            args = untagged(args)
        if "more" in body:  # what a batch came to
            args = [*args, *body["more"]]
        chord = None
        if "chord" in body:
            cid, size, index, callback = body["chord"]
            chord = ChordConfig(str(cid), int(size), int(index), _nested(registry, callback))
        return task_class(
            tuple(args),
            dict(kwargs),
            retries=_whole(body.get("retries")),
            timeout=_number(body.get("time_limit", task_class.kind.time_limit)),
            priority=_whole(body.get("priority")),
            on_complete=_nested(registry, body["then"]) if "then" in body else None,
            on_error=_nested(registry, body["on_error"]) if "on_error" in body else None,
            chord_config=chord,
        )
    except (TypeError, ValueError, KeyError) as error:
        raise BadRow(f"its payload does not describe a job: {error}") from None


def _nested(registry: JobRegistry, message: Any) -> JobTask:
    if not isinstance(message, dict) or not isinstance(message.get("name"), str):
        raise BadRow("its payload names an invalid follow-up job")
    return task_of(registry, message["name"], message)


def _special(value: Any) -> bool:
    return value is SKIPPED or isinstance(value, Error)


def _whole(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadRow("its payload has something else where a whole number belongs")
    return value


def _number(value: Any) -> float | None:
    if value is not None and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise BadRow("its payload has something else where a number belongs")
    return value


def must_be_task(value: Any) -> JobTask:
    """``value`` if it can be enqueued. Raises :class:`PayloadError`."""
    if not isinstance(value, JobTask):
        raise PayloadError(f"{type(value).__name__} is not a job; enqueue what handler.s(...) returns")
    return value
