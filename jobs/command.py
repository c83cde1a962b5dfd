"""The command ``valhalla-queue``: works on a queue, lists and retries its jobs, and proves what became of them."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from db import Database, DatabaseError
from jobs import sql
from jobs.admin import find_jobs, retry_jobs
from jobs.errors import JobsError
from jobs.proving import prove
from jobs.queue import JobQueue
from jobs.schema import SCHEMA
from jobs.state import STATES

MOST = 20
"""Violations that are printed; ``--json`` has all of them."""


class Refused(Exception):
    """What was asked for cannot be done; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. 0: done; 1: ``prove`` found a violation; 2: what was asked for cannot be done."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except (Refused, DatabaseError, JobsError) as error:
        print(f"valhalla-queue: {error}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="valhalla-queue", description=__doc__.partition(": ")[2])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    work = commands.add_parser("work", help="run jobs until Ctrl+C")
    work.add_argument("queue", metavar="MODULE:QUEUE", help="where the queue and its handlers are declared")
    work.add_argument("--threads", type=_whole, default=1, help="jobs that run at once (1)")
    work.add_argument("--queues", help="names of the queues to serve, with commas between (all)")
    work.set_defaults(run=_work)

    listed = commands.add_parser("list", help="jobs, the newest first")
    listed.add_argument("file", metavar="FILE", type=Path)
    listed.add_argument("--state", choices=STATES)
    listed.add_argument("--name", help="of the handler")
    listed.add_argument("--limit", type=_whole, default=50, help="so many at most (50)")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=_list)

    retry = commands.add_parser("retry", help="put jobs that have ended back into the queue")
    retry.add_argument("file", metavar="FILE", type=Path)
    retry.add_argument("jobs", metavar="ID", type=_whole, nargs="+")
    retry.set_defaults(run=_retry)

    proof = commands.add_parser("prove", help="was every job begun at most once per claim, and ended once?")
    proof.add_argument("file", metavar="FILE", type=Path)
    proof.add_argument("--json", action="store_true")
    proof.set_defaults(run=_prove)
    return parser


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _work(given: argparse.Namespace) -> int:
    queue = _queue(given.queue)
    names = given.queues.split(",") if given.queues else None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker = queue.worker(threads=given.threads, queues=names)
    worker.start()
    print(f"working on {queue.engine}; Ctrl+C ends it", flush=True)
    while not stop.wait(1.0):
        queue.engine.require_in_place()
    ended = worker.stop(timeout=10.0)
    print("stopped" if ended else "stopped; a job that still ran is taken up again by the next worker")
    return 0


def _queue(spec: str) -> JobQueue:
    module, _, name = spec.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found: Any = import_module(module)
    except ImportError as error:
        raise Refused(f"{module or 'a module without a name'} cannot be imported: {error}") from error
    queue = getattr(found, name or "queue", None)
    if not isinstance(queue, JobQueue):
        raise Refused(f"{name or 'queue'} in {module} is not a queue; name one as MODULE:QUEUE")
    return queue


def _reading(path: Path) -> Database:
    database = Database.open_copy(path, SCHEMA, any_schema=True)
    try:
        there = database.value(sql.HAS_A_QUEUE)
    except BaseException:
        database.close_all()
        raise
    if not there:
        database.close_all()
        raise Refused(f"{path} holds no queue; name the file that Queue.open() was given")
    return database


def _list(given: argparse.Namespace) -> int:
    with _reading(given.file) as database:
        found = find_jobs(database, state=given.state, name=given.name, limit=given.limit)
    if given.json:
        print(json.dumps([each.to_json() for each in found]))
        return 0
    for each in found:
        error = f"  {each.error}" if each.error else ""
        print(f"{each.id:>8}  {each.state:<9}  {each.name}  tries {each.tries}{error}")
    if not found:
        print("no jobs")
    return 0


def _retry(given: argparse.Namespace) -> int:
    with Database.open(given.file, SCHEMA, create=False) as database:
        retry_jobs(database, given.jobs)
    print(f"{len(given.jobs)} of {len(given.jobs)} back in the queue")
    return 0


def _prove(given: argparse.Namespace) -> int:
    with _reading(given.file) as database:
        proof = prove(database)
    if given.json:
        print(json.dumps({"holds": proof.holds, **asdict(proof)}))
        return int(not proof.holds)
    print(
        f"{proof.events} sealed events of {proof.jobs} jobs: begun {proof.begun} times, {proof.ended} ended; "
        f"{proof.unsealed} events are not sealed yet"
    )
    for each in proof.violations[:MOST]:
        print(each.what if each.event is None else f"{each.what} (event {each.event})")
    if len(proof.violations) > MOST:
        print(f"and {len(proof.violations) - MOST} more; --json has them all")
    print(
        "violated" if proof.violations else "holds: every job was begun at most once per claim and ended once"
    )
    return int(not proof.holds)


if __name__ == "__main__":
    sys.exit(main())
