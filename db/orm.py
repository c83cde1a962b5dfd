"""What is used of peewee, loaded without drivers of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from db.hiding import DRIVERS, hidden, postponed

with hidden(*DRIVERS), postponed("calendar"), postponed("decimal"), postponed("socket"):
    from peewee import (
        JOIN,
        AutoField,
        BigIntegerField,
        BlobField,
        Case,
        CompositeKey,
        Model,
        TextField,
        fn,
    )
    from playhouse.apsw_ext import APSWDatabase

__all__ = [
    "JOIN",
    "APSWDatabase",
    "AutoField",
    "BigIntegerField",
    "BlobField",
    "Case",
    "CompositeKey",
    "Model",
    "Models",
    "TextField",
    "fn",
]


class Models(APSWDatabase):  # type: ignore[misc]
    """What peewee takes for its database: it makes SQL of queries, which ``run`` runs."""

    def __init__(self, run: Callable[[str, Sequence[Any] | None], Any]) -> None:
        super().__init__(None, timeout=None)
        self._run = run

    def execute_sql(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """Run a query to its end."""
        return self._run(sql, params)
