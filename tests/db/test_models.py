"""The models say what the migrations made."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

import valhalla
from db import Database
from valhalla.program.database import memory_database
from valhalla.program.models import Base

ROOMS = sorted(
    f"valhalla.{path.parent.name}.{path.stem}"
    for path in Path(valhalla.__file__).parent.glob("*/*.py")
    if path.stem.endswith(("models", "model"))
)
MODELS = [
    each
    for room in ROOMS
    for _, each in inspect.getmembers(importlib.import_module(room), inspect.isclass)
    if issubclass(each, Base) and each is not Base
]


@pytest.fixture(scope="module")
def schema() -> Iterator[Database]:
    with memory_database() as database:
        yield database


def test_there_are_models_of_several_rooms() -> None:
    assert len(ROOMS) > 1 and len(MODELS) > len(ROOMS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_has_its_tables_columns_in_order_with_their_kind(
    model: type[peewee.Model], schema: Database
) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    real = schema.sql(
        f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{meta.table_name}') ORDER BY cid"
    )
    keys = [field.column_name for field in meta.get_primary_keys()]
    kinds = {
        peewee.TextField: "TEXT",
        peewee.BigIntegerField: "INTEGER",
        peewee.AutoField: "INTEGER",
        peewee.BlobField: "BLOB",
    }
    described = [
        (
            field.column_name,
            kinds[type(field)],
            int(not field.null),
            keys.index(field.column_name) + 1 if field.column_name in keys else 0,
        )
        for field in meta.sorted_fields
    ]
    assert described == [tuple(row) for row in real]
    assert real != []


def test_a_key_that_the_file_counts_up_is_a_counting_field(schema: Database) -> None:
    for model in MODELS:
        meta = model._meta
        info = schema.sql(f"SELECT type FROM pragma_table_info('{meta.table_name}') WHERE pk > 0")
        assert isinstance(meta.primary_key, peewee.AutoField) == (info == [("INTEGER",)]), meta.table_name


def test_no_model_carries_a_database() -> None:
    assert [model for model in MODELS if model._meta.database is not None] == []
