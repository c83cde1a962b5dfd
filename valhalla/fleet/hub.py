"""A hub: several workspaces on one computer, each a home with its file, and one answer from all of them.

A workspace is a market, or an operator. Nothing of it is copied: the hub's own home holds only the names of the workspaces and
where they are, each file stays provable by itself, and what is asked of all of them is asked of each and put in order. One
that cannot be read is named with the reason; the others answer.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Callable, Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from weakref import WeakKeyDictionary
from zlib import crc32

from db import Database, DatabaseError
from db.clock import iso
from db.files import whole
from db.orm import fn
from valhalla.intake.models import Import
from valhalla.leads import browse, today, view, working
from valhalla.leads.card_words import clock, micros
from valhalla.leads.view import Entries, Viewer
from valhalla.program.database import open_database
from valhalla.program.errors import InputError, UsageError
from valhalla.program.home import Home
from valhalla.reports import week
from valhalla.scoring.opening import open_home

FILE = "hub.json"
"""In the hub's home: the workspaces by name."""

EACH = 5
"""Rows of a group of Today, until somebody asks for all."""

THREADS = 4
"""That ask the workspaces."""

MOST = 200
"""Workspaces of a hub."""

WORKSPACES = "workspaces"
"""In the hub's home: where workspaces are, unless somebody named another place."""

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

ORDER = {key: number for number, key in enumerate(today.HEADINGS)}

_T = TypeVar("_T")


class Workspace(NamedTuple):
    """One of them."""

    name: str
    home: Home


class Trouble(NamedTuple):
    """A workspace that could not be asked, and why."""

    workspace: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """The shape that lists show."""
        return {"workspace": self.workspace, "error": self.why}


def begin(home: Home) -> Path:
    """Make a hub of ``home``; returns its file. Raises :class:`UsageError` when it is one, or a workspace with leads of its own."""
    path = home.path / FILE
    if path.exists():
        raise UsageError(f"{home.path} is a hub already; add a workspace with: valhalla hub add NAME")
    if home.database.exists():
        raise UsageError(
            f"{home.path} has leads of its own; name an empty folder for the hub with --home, and add this home to it"
        )
    home.prepare()
    _keep(home, {})
    return path


def add(home: Home, name: str, folder: Path | None = None) -> Workspace:
    """Add the home at ``folder`` as a workspace, or a new one in the hub's own folder. A file that is missing is made."""
    if NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name a workspace; use small letters, digits and hyphens, such as houston"
        )
    known = {each.name: each.home for each in workspaces(home)}
    if name in known:
        raise UsageError(f"there is a workspace {name} already, in {known[name].path}; choose another name")
    if len(known) >= MOST:
        raise UsageError(f"a hub has at most {MOST} workspaces")
    place = Home((folder or home.path / WORKSPACES / name).expanduser().absolute())
    for other, there in known.items():
        if there.path.resolve() == place.path.resolve():
            raise UsageError(f"{place.path} is the workspace {other} already")
    if place.path.resolve() == home.path.resolve():
        raise UsageError("a hub is no workspace of itself; name another folder")
    with open_home(place):
        pass
    _keep(home, {**{key: value.path for key, value in known.items()}, name: place.path})
    return Workspace(name, place)


def workspaces(home: Home) -> list[Workspace]:
    """The workspaces of the hub in ``home``, by name. Raises :class:`InputError` when it is no hub."""
    path = home.path / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["workspaces"]
        return [Workspace(str(name), Home(Path(place))) for name, place in sorted(found.items())]
    except FileNotFoundError:
        raise InputError(f"{home.path} is no hub yet; make it one with: valhalla hub init") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} cannot be read ({type(error).__name__}); mend it, or add the workspaces again"
        ) from None


def remove(home: Home, name: str) -> None:
    """The hub has this workspace no longer; its home stays as it is."""
    _keep(home, {each.name: each.home.path for each in workspaces(home) if each.name != name})


def put(home: Home, name: str, place: Home) -> None:
    """The home at ``place``, which is there already, is the workspace ``name``."""
    _keep(home, {**{each.name: each.home.path for each in workspaces(home)}, name: place.path})


def _keep(home: Home, places: dict[str, Path]) -> None:
    body = {"workspaces": {name: str(place) for name, place in sorted(places.items())}}
    with whole(home.path / FILE) as part:
        part.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


class Hub:
    """The databases of all workspaces, opened when they are first asked and kept open.

    ``at_work``: the database of a workspace that this process has open already, by name; None: it has not.
    """

    def __init__(self, home: Home, at_work: Callable[[str], Database | None] = lambda name: None) -> None:
        self.home = home
        self.workspaces = workspaces(home)
        self._at_work = at_work
        self._opened: dict[str, Database] = {}
        self._entries: WeakKeyDictionary[Database, Entries] = WeakKeyDictionary()
        self._mutex = threading.Lock()
        # A workspace is always asked by the same thread: each connection has a cache of its own.
        self._threads = [ThreadPoolExecutor(1, "valhalla-hub") for _ in range(THREADS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close those that it has opened."""
        for thread in self._threads:
            thread.shutdown()
        for database in self._opened.values():
            database.close_all()
        self._opened.clear()

    def database(self, workspace: Workspace) -> Database:
        """A workspace's database."""
        if (found := self._at_work(workspace.name)) is not None:
            return found
        with self._mutex:
            if workspace.name not in self._opened:
                if not workspace.home.database.exists():
                    raise InputError(f"there is no Valhalla file in {workspace.home.path} any more")
                self._opened[workspace.name] = open_database(workspace.home.database, create=False)
            return self._opened[workspace.name]

    def each(
        self, ask: Callable[[Database], _T], only: Container[str] | None = None
    ) -> tuple[list[tuple[Workspace, _T]], list[Trouble]]:
        """The answers of all workspaces that can be asked, several at a time, and those that cannot. ``only``: their names."""

        def asked(workspace: Workspace) -> _T | Trouble:
            try:
                return ask(self.database(workspace))
            except (DatabaseError, InputError, OSError) as error:
                return Trouble(workspace.name, str(error))

        wanted = [each for each in self.workspaces if only is None or each.name in only]
        asking = [
            (each, self._threads[crc32(each.name.encode()) % THREADS].submit(asked, each)) for each in wanted
        ]
        answers = [(each, future.result()) for each, future in asking]
        good = [(workspace, answer) for workspace, answer in answers if not isinstance(answer, Trouble)]
        return good, [answer for _, answer in answers if isinstance(answer, Trouble)]

    def top(self, limit: int) -> tuple[list[dict[str, Any]], list[Trouble]]:
        """Who to call today over all workspaces: the groups in their order, within each what is due first, or the best. Each entry
        has its ``workspace``."""

        def ask(database: Database) -> tuple[Viewer, list[today.Row]]:
            viewer = self._viewer(database)
            return viewer, list(islice(today.walk(database, viewer, batch=limit), limit))

        answers, troubles = self.each(ask)
        rows = [
            (_rank(viewer, row), number, workspace, viewer, row)
            for workspace, (viewer, found) in answers
            for number, row in enumerate(found)
        ]
        rows.sort(key=lambda each: (each[0], each[1], each[2].name))
        entries = [
            {"workspace": workspace.name, **row.to_json(viewer, rank)}
            for rank, (_, _, workspace, viewer, row) in enumerate(rows[:limit], 1)
        ]
        return entries, troubles

    def today(
        self, each: int = EACH, only: str | None = None, names: Container[str] | None = None
    ) -> dict[str, Any]:
        """Today over all workspaces (``names``: over these): each group with its count and first rows, and how far the day is.
        ``only``: more rows of this group."""

        def ask(database: Database) -> tuple[Viewer, list[today.Group], dict[str, Any], str | None]:
            with database.view():
                viewer = self._viewer(database)
                groups = today.groups(database, viewer, each=each, only=only)
                return viewer, groups, working.day(database, viewer.values), viewer.values["timezone"]

        answers, troubles = self.each(ask, names)
        shown = []
        for key, heading in today.HEADINGS.items():
            found = [
                (workspace, viewer, group, zone)
                for workspace, (viewer, groups, _, zone) in answers
                for group in groups
                if group.key == key
            ]
            if not found or only not in (None, key):
                continue
            rows = [
                (_rank(viewer, row), number, workspace.name, viewer, row, zone)
                for workspace, viewer, group, zone in found
                for number, row in enumerate(group.rows)
            ]
            rows.sort(key=lambda row: row[:3])
            count, more = (
                sum(group.total for _, _, group, _ in found),
                any(group.more for _, _, group, _ in found),
            )
            shown.append(
                {
                    "key": key,
                    "heading": heading,
                    "count": count,
                    "says": f"{count}+" if more else str(count),
                    "rows": [
                        _shown(name, row, viewer, zone, rank)
                        for rank, (_, _, name, viewer, row, zone) in enumerate(rows[:each], 1)
                    ],
                }
            )
        days = [day for _, (_, _, day, _) in answers]
        return {
            "groups": shown,
            "only": only,
            "day": {
                name: sum(day[name] or 0 for day in days)
                for name in ("dials", "talked", "appointments", "goal")
            },
            "unread": [trouble.to_json() for trouble in troubles],
        }

    def week(self, back: int = 0, names: Container[str] | None = None) -> dict[str, Any]:
        """What a week of calls came to, together and in each workspace, on each one's own calendar."""
        answers, troubles = self.each(lambda database: week.figures(database, back), names)
        total = week.together(figures for _, (_, figures) in answers)
        return {
            "from": min((monday.isoformat() for _, (monday, _) in answers), default=None),
            "back": back,
            **total.to_json(),
            "workspaces": [
                {"workspace": workspace.name, "from": monday.isoformat(), **figures.to_json()}
                for workspace, (monday, figures) in answers
            ],
            "unread": [trouble.to_json() for trouble in troubles],
        }

    def search(
        self, q: str, limit: int = browse.FOUND, names: Container[str] | None = None
    ) -> dict[str, Any]:
        """Leads in which every word of ``q`` begins some word, over all workspaces, best score first."""

        def ask(database: Database) -> list[tuple[int, dict[str, Any]]]:
            with database.view():
                viewer = self._viewer(database)
                records = browse.page(database, viewer, browse.Wanted(q)).records if q.strip() else []
                return [
                    (viewer.points(each), {**viewer.entry(each), "suppressed": each.lead.suppressed})
                    for each in records
                ]

        answers, troubles = self.each(ask, names)
        found = [(points, workspace.name, entry) for workspace, each in answers for points, entry in each]
        found.sort(key=lambda each: (-each[0], each[1], each[2]["id"]))
        return {
            "q": q,
            "leads": [{"workspace": name, **entry} for _, name, entry in found[:limit]],
            "more": len(found) > limit,
            "unread": [trouble.to_json() for trouble in troubles],
        }

    def _viewer(self, database: Database) -> Viewer:
        return Viewer.now(database, entries=self._entries.setdefault(database, Entries()))

    def table(self, names: Container[str] | None = None) -> tuple[list[dict[str, Any]], list[Trouble]]:
        """Each workspace: its leads, who may be called, when a list was last read, and the size of its file."""

        def ask(database: Database) -> dict[str, Any]:
            viewer = self._viewer(database)
            groups = {each.key: each.says for each in today.groups(database, viewer, each=0)}
            last = Import.select(fn.max(Import.finished_at)).scalar(database)
            read = None if last is None else iso(last)
            return {"leads": view.count(database), "today": groups, "last_import": read}

        answers, troubles = self.each(ask, names)
        return [
            {
                "workspace": workspace.name,
                "home": str(workspace.home.path),
                **answer,
                "bytes": _size(workspace.home.database),
            }
            for workspace, answer in answers
        ], troubles


def _rank(viewer: Viewer, row: today.Row) -> tuple[int, int]:
    """The group, and within it: what was promised by time, leads by score, deals as their workspace has them."""
    if row.promise is not None:
        return ORDER[row.group], row.promise.promise.at
    if row.deal is not None:
        return ORDER[row.group], 0
    return ORDER[row.group], -viewer.points(row.record)


def _shown(name: str, row: today.Row, viewer: Viewer, zone: str | None, rank: int) -> dict[str, Any]:
    found = {"workspace": name, **row.to_json(viewer, rank)}
    if found["promise"]:
        found["promise"]["says"] = clock(micros(found["promise"]["at"]), zone, "%a %I:%M %p")
    return found


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


@contextlib.contextmanager
def opened(home: Home) -> Iterator[Hub]:
    """The hub in ``home``."""
    with Hub(home) as hub:
        yield hub
