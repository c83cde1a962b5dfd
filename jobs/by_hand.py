"""Jobs that a person makes, or changes before they begin, of kinds that allow it (``by_hand=True``).

Arguments are JSON text: an object by the names of the handler's parameters, or a list in their order.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import TYPE_CHECKING, Any

from db.clock import SECOND
from jobs import admin, sql
from jobs.errors import LONGEST, BadRow, CannotBeAsked, WrongState
from jobs.holding import HELD
from jobs.huey_hooks import SEALED
from jobs.serializer import from_json, payload_from_json, to_json
from jobs.state import SCHEDULED, WAITING, JobState

if TYPE_CHECKING:
    from jobs.queue import JobQueue
    from jobs.waiting import JobId

__all__ = ["LONGEST", "allows", "edit", "given", "kinds", "make", "may_edit"]

ARGUMENTS = ("args", "kwargs", "tagged")
"""What of a payload the handler is called with."""


def allows(queue: JobQueue, name: str) -> bool:
    """Whether jobs of the kind ``name`` may be made and changed by hand."""
    kind = queue.kinds.get(name)
    return kind is not None and kind.by_hand


def may_edit(queue: JobQueue, job: JobState) -> bool:
    """Whether ``job`` may be changed: it has not begun, and its kind allows it."""
    return job.state in (WAITING, SCHEDULED) and allows(queue, job.name)


def kinds(queue: JobQueue) -> list[dict[str, Any]]:
    """The kinds that allow it, with what their handlers take: each parameter as Python writes it, and an example of the JSON."""
    found = []
    for name in sorted(queue.kinds):
        if allows(queue, name):
            taken = _parameters(queue, name)
            found.append(
                {
                    "name": name,
                    "takes": [str(each) for each in taken],
                    "about": (inspect.getdoc(queue.handlers[name].func) or "").partition("\n")[0],
                    "arguments": to_json(
                        {each.name: _example(each) for each in taken if _plain(each)}, "an example"
                    ),
                }
            )
    return found


def given(queue: JobQueue, job: JobState) -> str:
    """What ``job`` is called with, as JSON text to be changed; an empty object when that cannot be read here."""
    try:
        body = queue.opened(payload_from_json(job.payload))
        args, by_name = body.get("args", []), body.get("kwargs", {})
        if args and not body.get("tagged"):
            bound = _signature(queue, job.name).bind(*args, **by_name).arguments
            args, by_name = ([], bound) if all(map(_plain, _parameters(queue, job.name))) else (args, by_name)
    except (BadRow, TypeError):
        return "{}"
    return json.dumps(args if args and not by_name else by_name, ensure_ascii=False, indent=2)


def make(
    queue: JobQueue,
    name: str,
    arguments: str,
    *,
    priority: int | None = None,
    delay: float | None = None,
    actor: str = "operator",
) -> JobId:
    """Enqueue a job of the kind ``name``, durably. A tag records who made it. Raises :class:`CannotBeAsked`."""
    args, by_name = _read(queue, name, arguments)
    with queue.database.write(durable=not queue.database.in_write()):
        job: JobId = queue.enqueue(
            queue.handlers[name].s(*args, **by_name),
            priority=priority,
            delay=delay or None,
            tags=[f"by {actor}"],
        )
    return job


def edit(
    queue: JobQueue,
    job_id: int,
    arguments: str,
    *,
    priority: int | None = None,
    delay: float | None = None,
    actor: str = "operator",
) -> None:
    """Change a job that has not begun, durably. What is None stays as it is. ``delay``: seconds from now. Its history records who
    changed what, and the SHA-256 of the previous arguments. Raises ``UnknownJob``, ``WrongState``, :class:`CannotBeAsked`."""
    database = queue.database
    with database.write(durable=not database.in_write()):
        job = admin.show_job(database, job_id)
        args, by_name = _read(queue, job.name, arguments)
        if job.state not in (WAITING, SCHEDULED):
            raise WrongState(
                f"job {int(job_id)} is {job.state}; only a job that has not begun can be changed"
            )
        if delay is not None and job.due == HELD:
            raise CannotBeAsked(f"job {int(job_id)} waits for other jobs and begins when they have ended")
        payload = _payload(queue, job, args, by_name)
        rank = job.priority if priority is None else priority
        due = job.due if delay is None else database.clock() + int(delay * SECOND)
        state = SCHEDULED if due is not None and due > database.clock() else WAITING
        changed = {
            "arguments": payload != job.payload,
            "priority": rank != job.priority,
            "time": delay is not None,
        }
        what = ", ".join(name for name, differs in changed.items() if differs) or "nothing"
        before = hashlib.sha256(job.payload.encode()).hexdigest()
        database.sql(sql.EDIT, (payload, rank, state, due, job_id))
        if not database.changes():
            raise WrongState(
                f"job {int(job_id)} has begun just now; only a job that has not begun can be changed"
            )
        row = (
            job_id,
            database.clock(),
            "released",
            None,
            None,
            f"changed by {actor}: {what}",
            f"before: {before}",
        )
        database.sql(sql.EVENT, row)
        database.after_commit(lambda: queue.arrived(rank))


def _payload(queue: JobQueue, job: JobState, args: list[Any], by_name: dict[str, Any]) -> str:
    """The payload with other arguments: what else it says stays, and what was encrypted is again."""
    outer = payload_from_json(job.payload)
    if SEALED in outer:
        inner = queue.opened({SEALED: outer.pop(SEALED)})
    else:
        inner = outer if queue.cipher is None else {key: outer.pop(key) for key in ARGUMENTS if key in outer}
    for key in ARGUMENTS:
        inner.pop(key, None)
    inner |= {"args": args} if args else {}
    inner |= {"kwargs": by_name} if by_name else {}
    if queue.cipher is not None:
        inner = from_json(queue.sealed(to_json(inner, "the arguments")), "a payload") if inner else {}
        inner |= outer
    return to_json(inner, "the arguments") if inner else "{}"


def _read(queue: JobQueue, name: str, arguments: str) -> tuple[list[Any], dict[str, Any]]:
    """The arguments in order and by name. Raises :class:`CannotBeAsked` when the handler does not take them."""
    if not allows(queue, name):
        raise CannotBeAsked(f"jobs of the kind {name!r} are neither made nor changed by hand")
    try:
        found = json.loads(arguments.strip() or "{}")
    except ValueError as error:
        raise CannotBeAsked(f"the arguments are not JSON: {error}") from None
    if not isinstance(found, dict | list):
        raise CannotBeAsked('the arguments are a JSON object, such as {"day": "2026-05-01"}, or a list')
    args, by_name = (found, {}) if isinstance(found, list) else ([], found)
    try:
        _signature(queue, name).bind(*args, **by_name)
    except TypeError as error:
        takes = ", ".join(map(str, _parameters(queue, name))) or "nothing"
        raise CannotBeAsked(
            f"{name} cannot be called with these arguments: {error}; it takes {takes}"
        ) from None
    return args, by_name


def _signature(queue: JobQueue, name: str) -> inspect.Signature:
    function = queue.handlers[name].func
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, SyntaxError, TypeError):  # an annotation that cannot be read plays no part
        return inspect.signature(function)


def _parameters(queue: JobQueue, name: str) -> list[inspect.Parameter]:
    return list(_signature(queue, name).parameters.values())


def _plain(parameter: inspect.Parameter) -> bool:
    """Whether it can be given by its name."""
    return parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _example(parameter: inspect.Parameter) -> Any:
    default = parameter.default
    return default if isinstance(default, str | int | float | bool | None) else None
