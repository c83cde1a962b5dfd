"""What is used of peewee, loaded without drivers of its own."""

from __future__ import annotations

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
        PeeweeException,
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
    "PeeweeException",
    "TextField",
    "fn",
]
