"""What waits for a person's word, as JSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from valhalla.cockpit.gather import decisions
from valhalla.cockpit.rendering import Answer
from valhalla.cockpit.state import Here

router = APIRouter(prefix="/api/decisions", tags=["decisions"])

After = Annotated[int, Query(ge=0, lt=2**63)]


@router.get("", summary="What waits for a person's word")
def show(here: Here, pairs_after: After = 0, changes_after: After = 0) -> Response:
    """Possible duplicates side by side, changes that lists ask for, drafted effects, and merges that can be taken back.

    Counts end at 1,000. ``next_pairs`` and ``next_changes`` go into ``pairs_after`` and ``changes_after``.
    """
    return Answer(decisions.gather(here.database, pairs_after=pairs_after, changes_after=changes_after))
