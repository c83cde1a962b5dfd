"""One home's program: its database, its queue, and every kind of job, each put together here and nowhere else.

A part is made, and its modules are loaded, when it is first used: a command that only records an outcome has no use for
what imports lists. A worker runs the kinds of job whose parts exist when it starts; :meth:`Program.all_kinds` makes them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from db import Database
    from jobs import JobQueue
    from valhalla.effects.running import Effects
    from valhalla.intake.passes import Importing
    from valhalla.program.home import Home
    from valhalla.safety.guards import Safety
    from valhalla.scoring.jobs import Reevaluating
    from valhalla.service.background import Background


class Program:
    """The parts of one home. ``queue``: another queue than one of its own, as tests have it."""

    def __init__(self, database: Database, home: Home, queue: JobQueue | None = None) -> None:
        self.database = database
        self.home = home
        if queue is not None:
            self.queue = queue

    @classmethod
    @contextmanager
    def open(cls, home: Home) -> Iterator[Self]:
        """Open a home's database (made or migrated where needed) with everything that belongs to it."""
        from valhalla.scoring.opening import open_home

        with open_home(home) as database:
            yield cls(database, home)

    @cached_property
    def queue(self) -> JobQueue:
        """The queue of all jobs."""
        from jobs import JobQueue

        return JobQueue(self.database)

    @cached_property
    def importing(self) -> Importing:
        """Imports, their undoing, and the indexes that follow them."""
        from valhalla.intake.passes import Importing

        return Importing(self.database, self.queue)

    @cached_property
    def reevaluating(self) -> Reevaluating:
        """The re-evaluation of leads, after which scripts may come into use or go."""
        from valhalla.scoring.jobs import Reevaluating
        from valhalla.scoring.promoting import review

        def review_scripts() -> None:
            if review(self.database):
                self.reevaluating.ask()

        return Reevaluating(self.database, self.queue, review_scripts)

    @cached_property
    def background(self) -> Background:
        """What else can wait: digest, packets, audit copies, pruning, checks."""
        from valhalla.service.background import Background

        return Background(self.database, self.queue, self.home, self.reevaluating)

    @cached_property
    def effects(self) -> Effects:
        """What leaves this computer. Outside of a run it is only put into the queue: the lock of no run is open here."""
        from valhalla.effects.running import Effects
        from valhalla.effects.sending import Senders
        from valhalla.program import settings

        return Effects(self.database, self.queue, Senders(self.database, settings.effective(self.database)))

    def guard(self, values: Mapping[str, Any], run_id: int) -> Safety:
        """The guards of the run ``run_id``, with the effects that its lock lets out. ``values``: the settings in force."""
        from valhalla.safety.guards import Safety

        safety = Safety(self.database, self.home, self.queue, values, run_id)
        self.effects = safety.effects
        self.background.approved = safety.effects.enqueue
        return safety

    def all_kinds(self) -> Self:
        """Make every part, so that a worker of this process runs every kind of job."""
        _ = self.importing, self.background
        return self
