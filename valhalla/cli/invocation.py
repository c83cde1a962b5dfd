"""What every command is given: the home, the file and how to print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import typer

from valhalla.program.errors import InputError, UsageError
from valhalla.program.home import Home
from valhalla.program.terminal import escaped, outlive_output

if TYPE_CHECKING:
    from db import Database
    from valhalla.cli.browser import MakeServer
    from valhalla.program.logs import End
    from valhalla.service.reevaluating import ReevaluatingProgram
    from valhalla.service.whole import WholeProgram

_T = TypeVar("_T")


class Given(NamedTuple):
    """What the process hands to the root command."""

    cockpit: MakeServer | None
    ends: list[End]
    """See :attr:`Invocation.ends`."""


@dataclass(frozen=True)
class Invocation:
    """The options that hold for every command."""

    home: Home
    file: Path | None
    """--db: a file to read instead of the home's."""
    json: bool
    cockpit: MakeServer | None = None
    """Makes the server of the cockpit's pages; None: this process cannot serve them."""
    ends: list[End] = field(default_factory=list)
    """Called with the exit code of the command, when there is one."""
    command: str = ""
    """The command's own words, such as ``dnc add``."""

    def note(self, command: str = "") -> None:
        """Have ``commands.log`` record this command, which changes something, and how it ends."""
        from valhalla.program import logs

        outlive_output()
        self.ends.append(logs.of_command(self.home.logs, command or self.command))

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """The file, for a command that only looks."""
        from valhalla.program.database import open_copy, open_database

        if self.file:
            database = open_copy(self.file)
        elif not self.home.database.exists():
            raise InputError(
                f"there is no Valhalla file in {self.home.path} yet; start with: valhalla ingest FILE (or name a --home)"
            )
        else:
            database = open_database(self.home.database, create=False)
        with database:
            yield database

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """The home's file, for a command that changes it; made when there is none."""
        from valhalla.scoring.opening import open_home

        with self._changing(open_home) as database:
            yield database

    def program(self) -> AbstractContextManager[ReevaluatingProgram]:
        """The home's program, for a command that changes its database and leaves leads to be decided on again."""
        from valhalla.service.reevaluating import ReevaluatingProgram

        return self._changing(ReevaluatingProgram.open)

    def whole_program(self) -> AbstractContextManager[WholeProgram]:
        """The same with effects and all other kinds of jobs."""
        from valhalla.service.whole import WholeProgram

        return self._changing(WholeProgram.open)

    @contextmanager
    def _changing(self, open_: Callable[[Home], AbstractContextManager[_T]]) -> Iterator[_T]:
        if self.file:
            raise UsageError("--db only reads; use --home with a command that changes the file")
        with open_(self.home) as opened:
            self.note()
            yield opened

    def clock(self) -> Callable[[str], str]:
        """What writes an ISO time for people: on the operator's clock, to the minute."""
        from datetime import datetime

        from valhalla.program import settings
        from valhalla.program.moments import clock_text

        if self.file or self.home.database.exists():
            with self.reading() as database:
                zone = settings.value(database, "timezone")
        else:
            zone = settings.effective(None)["timezone"]
        return lambda text: clock_text(round(datetime.fromisoformat(text).timestamp() * 1_000_000), zone)

    def show(self, data: Any, render: Callable[[], object]) -> None:
        """Print ``data`` as one JSON document with --json, else call ``render``, which prints for people."""
        if self.json:
            sys.stdout.write(escaped(json.dumps(data, ensure_ascii=False, indent=2, default=str)) + "\n")
        else:
            render()

    def table(self, data: Any, headers: Sequence[str], rows: Iterable[Sequence[str]], **options: Any) -> None:
        """The same with a table of ``rows``, which are gone through only for people; ``options`` as for :func:`~valhalla.cli.tables.table`."""

        def render() -> None:
            from valhalla.cli.tables import table

            table(headers, rows, **options)

        self.show(data, render)


def invocation(ctx: typer.Context) -> Invocation:
    """The invocation that the root command made."""
    found = ctx.find_object(Invocation)
    if found is None:
        raise RuntimeError("a command was called without the root command")
    return replace(found, command=ctx.command_path.partition(" ")[2])
