"""What people wrote about somebody elsewhere than on this person's own leads: for erasing them."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from valhalla.leads import search, sql

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from db import Database
    from valhalla.leads.traces import Traces


class Forgotten(NamedTuple):
    """What became of it."""

    texts: int
    """Rows of which words were left out, or that were deleted."""
    packets: list[int]
    """Leads whose packets were deleted: they are made again when somebody asks for them."""


def forget(database: Database, traces: Traces) -> Forgotten:
    """Leave the people out of notes, reasons and other words under any lead; delete labels, filters and packets that name
    them. Inside the caller's transaction."""
    count = 0
    changed: dict[str, list[int]] = {}
    for table, columns in sql.WRITTEN.items():
        rewrite = sql.rewrite(table, columns)
        for number, *texts in _naming(database, table, columns, traces):
            kept = (None if text is None else traces.without(str(text)) for text in texts)
            changed.setdefault(table, []).extend(
                lead_id for (lead_id,) in database.sql(rewrite, (*kept, number)) if lead_id
            )
            count += 1
    for table, columns in sql.LABELS.items():
        for number, *_ in _naming(database, table, columns, traces):
            changed.setdefault(table, []).extend(
                lead_id for (lead_id,) in database.sql(sql.delete_label(table), (number,))
            )
            count += 1
    for lead_id in dict.fromkeys(
        number for table in ("note", "outcome", "tag") for number in changed.get(table, ())
    ):
        search.index_again(database, lead_id)
    return Forgotten(count, changed.get("packet", []))


def _naming(
    database: Database, table: str, columns: tuple[str, ...], traces: Traces
) -> Iterator[tuple[int, ...]]:
    """The rows that name them: number and texts."""
    text, after = sql.written(table, columns), 0
    while page := database.sql(text, (after,)):
        for row in page:
            if any(traces.in_prose(said) for each in row[1:] for said in _said(each)):
                yield row
        after = page[-1][0]


def _said(text: str | None) -> Iterator[str]:
    """``text``; of a JSON object each thing that it says, without the names of its fields."""
    if text is None:
        return
    if text.startswith("{"):
        with contextlib.suppress(ValueError):
            yield from _values(json.loads(text))
            return
    yield text


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _values(each)
    elif value is not None:
        yield str(value)


def leads_naming(database: Database, traces: Traces, but: Collection[int] = ()) -> list[int]:
    """Other people's leads whose rows name them by address or number, as far as the search index knows."""
    found = {
        lead_id
        for number in traces.numbers
        for key in {number, f"1{number}"}
        for (lead_id,) in database.sql(sql.LEADS_OF_PHONE, (int(key), sql.FEW_LEADS))
    }
    for text in (*traces.emails, *traces.numbers):
        words = search.whole_words(text) if text.isascii() else None
        if words is not None:
            found.update(number for (number,) in database.sql(sql.LEADS_OF_WORDS, (words, sql.FEW_LEADS)))
    return sorted(
        number
        for number in found - set(but)
        if any(traces.in_text(str(text)) for text in search.texts_of(database, number) if text)
    )
