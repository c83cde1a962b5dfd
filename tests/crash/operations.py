"""What a person does once and which must not be left half done, in processes that are killed at one of their steps.

``python operations.py`` reads a line ``[operation, home, step]`` at a time, performs it in a child of its own that is killed before
that step (null: not at all), and answers with what ended the child and the steps that it took.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

from valhalla.audit import restarting, restoring
from valhalla.effects import erasure
from valhalla.intake import unfolding
from valhalla.intake.undo import undo_import
from valhalla.leads import merge
from valhalla.program.errors import ValhallaError
from valhalla.program.home import Home
from valhalla.service.program import Program

FILES = ("replace", "rename", "link", "unlink", "fsync", "truncate")
"""What of :mod:`os` is a step, in addition to each statement."""


def on_program(act: Callable[[Any], object]) -> Callable[[Home], None]:
    def run(home: Home) -> None:
        with Program.open(home) as program:
            act(program.database)

    return run


unfolding.BATCH = unfolding.SMALLEST = 2  # several batches, for few leads

OPERATIONS: dict[str, Callable[[Home], object]] = {
    "undo": on_program(lambda database: undo_import(database, 2)),
    "merge": on_program(lambda database: merge.merge(database, 1, 2)),
    "unmerge": on_program(lambda database: merge.unmerge(database, 4)),
    "unfold": on_program(lambda database: unfolding.unfold(database, unfolding.begin(database))),
    "refold": on_program(lambda database: unfolding.undo(database, 1)),
    "erasure": on_program(lambda database: erasure.forget(database, [5])),
    "restore": lambda home: restoring.restore(home, home.audit / "then.db"),
    "restart": lambda home: restarting.restart(home, "test"),
}


def perform(operation: str, home: Home, last: int | None, told: int) -> None:
    """In the child: the operation, with every step counted and told."""
    steps: list[str] = []

    def step(what: str) -> None:
        if last is not None and len(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        steps.append(what)

    def statement(cursor: object, text: str, bindings: object) -> bool:
        step("statement")
        return True

    apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(statement))
    for name in FILES:
        setattr(os, name, counted(step, name, getattr(os, name)))
    shutil.copyfile = counted(step, "copyfile", shutil.copyfile)  # type: ignore[assignment]
    ended = "done"
    try:
        OPERATIONS[operation](home)
    except ValhallaError as refusal:
        ended = f"refused: {refusal}"
    os.write(told, json.dumps([ended, steps]).encode())


def counted(step: Callable[[str], None], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **options: Any) -> Any:
        step(name)
        return real(*arguments, **options)

    return call


def main() -> None:
    for line in sys.stdin:
        operation, home, last = json.loads(line)
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            try:
                perform(operation, Home(Path(home)), last, told)
            except BaseException as error:
                os.write(told, json.dumps([f"{type(error).__name__}: {error}", []]).encode())
            os._exit(0)
        os.close(told)
        with os.fdopen(heard, encoding="utf-8") as answer:
            text = answer.read()
        os.waitpid(child, 0)
        print(text or json.dumps(["killed", []]), flush=True)


if __name__ == "__main__":
    main()
