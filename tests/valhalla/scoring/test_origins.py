"""Only outcomes of origins that may teach are learnt from; the others are kept."""

from __future__ import annotations

from typing import Any

import pytest

from db import Database
from valhalla.leads.outcomes import FROM_LIST
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.scoring import store as stages


def test_what_a_list_says_teaches_only_while_it_may(database: Database, people: Any, tell: Any) -> None:
    people(4)
    tell(1, "won", amount=100)
    tell(2, "won", amount=100, origin=FROM_LIST)
    before = stages.look(database, database.clock())
    assert before.snapshot.deals == 2
    settings.save(database, "learning.origins", "person")
    after = stages.load(database, database.clock(), before)
    assert after.snapshot.deals == 1, "also where the batch before is at hand"
    assert database.value("SELECT count(*) FROM outcome WHERE undone_at IS NULL") == 2
    with pytest.raises(UsageError, match="person, list"):
        settings.save(database, "learning.origins", "hearsay")
