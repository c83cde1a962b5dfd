"""The program of a home with all its parts, as the service, a production run and the cockpit have it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from valhalla.effects.running import Effects
from valhalla.effects.sending import Senders
from valhalla.program import settings
from valhalla.safety.guards import Safety
from valhalla.service.background import Background
from valhalla.service.importing import ImportingProgram
from valhalla.service.reevaluating import ReevaluatingProgram


class WholeProgram(ImportingProgram, ReevaluatingProgram):
    """Adds background jobs, effects and the guards of a run."""

    @cached_property
    def background(self) -> Background:
        """What else can wait: digest, packets, audit copies, pruning, checks."""
        return Background(self.database, self.queue, self.home, self.reevaluating)

    @cached_property
    def effects(self) -> Effects:
        """What leaves this computer. Outside of a run it is only put into the queue: the lock of no run is open here."""
        return Effects(self.database, self.queue, Senders(self.database, settings.effective(self.database)))

    def guard(self, values: Mapping[str, Any], run_id: int, workspace: str | None = None) -> Safety:
        """The guards of the run ``run_id``, with the effects that its lock lets out. ``values``: the settings in force;
        ``workspace``: what a hub calls this home."""
        safety = Safety(self.database, self.home, self.queue, values, run_id, workspace)
        self.effects = safety.effects
        self.background.approved = safety.effects.enqueue
        return safety

    def all_kinds(self) -> Self:
        """Make every part, so that a worker of this process runs every kind of job."""
        _ = self.importing, self.background
        return self
