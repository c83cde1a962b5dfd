"""By which rules a list is read: those of its source, and the mapping that a person accepted for its header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from valhalla.intake import reading, sql
from valhalla.intake.reading import DEFAULT_SOURCE, Position, Profile, SourceError
from valhalla.intake.reading.container import on_disk
from valhalla.intake.records import find_source
from valhalla.intake.request import Request
from valhalla.program.later import later

if TYPE_CHECKING:
    from db import Database
    from valhalla.intake import models, watchdog
    from valhalla.intake.reading import Source
    from valhalla.intake.reading import header as headers
else:
    models = later("valhalla.intake.models")
    watchdog = later("valhalla.intake.watchdog")
    headers = later("valhalla.intake.reading.header")


def source_rules(database: Database, source: str) -> tuple[Profile, dict[str, dict[str, str]]]:
    """The reading rules of a source, and the column mappings that a person accepted for it, by header (JSON text)."""
    found = find_source(database, source)
    if found is None:
        return Profile(), {}
    mappings = {header: json.loads(fields) for header, fields in database.sql(sql.FIND_MAPPINGS, (found.id,))}
    return Profile.from_json(found.profile), mappings


def mappings_of(database: Database, source_id: int, *origins: str) -> list[Any]:
    """The rows of a source's mappings of columns that were ``accepted`` or ``suggested``, the oldest first."""
    row = models.Mapping
    query = row.select().where(row.source_id == source_id, row.origin.in_(origins)).order_by(row.id)
    return list(query.execute(database))


def put_mapping(database: Database, source_id: int, header: str, fields: str, *, accepted: bool) -> None:
    """Keep a mapping of columns; a suggested one replaces none that a person accepted. Inside the caller's transaction."""
    row = models.Mapping
    new = row.insert(
        source_id=source_id,
        header=header,
        fields=fields,
        origin="accepted" if accepted else "suggested",
        created_at=database.clock(),
    )
    new.on_conflict(
        conflict_target=(row.source_id, row.header),
        preserve=(row.fields, row.origin),
        where=None if accepted else row.origin == "suggested",
    ).execute(database)


def rules_of(database: Database, source: str) -> str:
    """What the lists of a source are read by now, as one text: a file is read again when it changes."""
    profile, mappings = source_rules(database, source)
    return json.dumps([profile.to_json(), mappings], ensure_ascii=False, sort_keys=True)


def mapping_of(database: Database, request: Request) -> dict[str, str] | None:
    """The mapping that a person accepted for exactly the file's header; None when there is none."""
    profile, mappings = source_rules(database, request.source)
    patience = watchdog.Patience(Path(request.path))
    with watchdog.Watchdog(patience) as thread:
        return thread.call(lambda: _mapping(request, profile, mappings, patience.progress))


def _mapping(
    request: Request,
    profile: Profile,
    mappings: dict[str, dict[str, str]],
    progress: Callable[[], object] | None,
) -> dict[str, str] | None:
    if not mappings:
        return None
    try:
        with reading.open_source(request.path, profile, source=request.source, progress=progress) as source:
            header = source.header
    except SourceError as error:
        header = error.header
    return mappings.get(plain_header(header))


def open_list(
    request: Request,
    rules: tuple[Profile, dict[str, dict[str, str]]],
    start: Position | None,
    passed: blake2b | None,
    progress: Callable[[], object] | None = None,
) -> Source:
    """Open the file by the rules of its source (see :func:`source_rules`); a mapping accepted for exactly its header is used.

    ``passed``: the hash of the bytes before ``start``. ``progress``: see :func:`open_source`.
    """
    profile, mappings = rules
    if request.documented:
        profile = replace(profile, rules="documents")
    mapping = _mapping(request, profile, mappings, progress)
    return reading.open_source(
        *(request.path, profile, mapping, start),
        source=request.source,
        rows=request.rows,
        passed=passed,
        progress=progress,
    )


def adopted_source(database: Database, request: Request) -> str | None:
    """The source that a repaired list of rejects belongs to, when nothing else names its source."""
    if request.source != DEFAULT_SOURCE:
        return None
    try:
        with open(on_disk(request.path), "rb") as file:
            head = file.read(4096).decode("utf-8-sig", "replace")
    except OSError:
        return None
    names, _, rest = head.partition("\n")
    if not names.startswith("_reject"):
        return None
    number = re.match(r'"?(\d{1,18})\b', rest)
    return database.value(sql.SOURCE_OF_REJECT, (int(number[1]),)) if number else None


def plain_header(header: list[str]) -> str:
    """The header as mappings are kept by: without the columns that an export of rejects puts in front."""
    return json.dumps([name for name in header if name not in headers.REJECT_COLUMNS], ensure_ascii=False)
