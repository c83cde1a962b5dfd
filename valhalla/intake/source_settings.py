"""Sources as a person sets them up: which files belong to one, by which rules they are read, which column is which."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from db import Database, audit
from valhalla.intake import sql
from valhalla.intake.models import Source
from valhalla.intake.reading import Profile, SourceError, open_source
from valhalla.intake.reading.details import SIGNS
from valhalla.intake.reading.header import FIELDS, REJECT_COLUMNS
from valhalla.intake.reading.mapping import recognise
from valhalla.intake.records import add_source
from valhalla.intake.source_rules import mappings_of, put_mapping, source_rules
from valhalla.leads import source_pauses
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.names import is_folder_name

HERE = ("./", "../", ".\\", "..\\")
"""How a pattern begins that means the working folder."""


@dataclass(frozen=True)
class Change:
    """What a person wants to be different about a source."""

    pattern: str | None = None
    """Path or pattern of its files; an empty text takes the present one away."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Settings of the profile, as typed."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header to field; an empty field makes it an extra column."""
    accept: bool = False
    """Accept the suggested mappings."""
    like: Path | None = None
    """A list whose header ``columns`` are meant for; else the newest header of the source."""


def names(database: Database) -> dict[int, str]:
    """The names of all sources by their numbers."""
    return dict(Source.select(Source.id, Source.name).tuples().execute(database))


def all_sources(database: Database) -> list[dict[str, Any]]:
    """Every source with its pattern, profile, mappings and what was read of it."""
    found = []
    pauses = source_pauses.in_force(database)
    for number, name, pattern, profile, files, rows, rejected in database.sql(sql.SOURCES_WITH_COUNTS):
        mappings = [
            {"header": json.loads(each.header), "fields": json.loads(each.fields), "origin": each.origin}
            for each in mappings_of(database, number, "accepted", "suggested")
        ]
        found.append(
            {
                "name": name,
                "pattern": pattern,
                "profile": json.loads(profile),
                "mappings": mappings,
                "files": files,
                "rows": rows,
                "rejected": rejected,
                "pause": pauses[name].to_json() if name in pauses else None,
            }
        )
    return found


def set_source(
    database: Database, name: str, change: Change, actor: str = "operator", *, inbox: Path | None = None
) -> dict[str, Any]:
    """Make or change a source; audited and durable. Its lists are read again by the new rules. A relative pattern, such as
    ``probate*.csv``, means the lists in ``inbox``, unless it begins with ``./`` or names what is in the working folder.

    Raises :class:`UsageError` for a setting or field that does not exist, :class:`NotFound` when there is nothing to
    accept or no header to map.
    """
    if not is_folder_name(name):
        raise UsageError(f"{name!r} is not a name for a source")
    with database.write(durable=True):
        number, pattern, text = add_source(database, name)
        if change.pattern is not None:
            pattern = _pattern(change.pattern, inbox)
        profile = with_options(Profile.from_json(text), change.options)
        saved = Source.update(pattern=pattern, profile=profile.to_json())
        saved.where(Source.id == number).execute(database)
        accepted = _accept(database, number, name) if change.accept else 0
        if change.columns:
            _map(database, number, name, profile, change)
            accepted += 1
        body = {"pattern": pattern, "profile": profile.to_json(), "mappings": accepted}
        audit.append(database, "source.set", f"source:{number}", body, actor=actor)
    return next(source for source in all_sources(database) if source["name"] == name)


def _pattern(text: str, inbox: Path | None) -> str | None:
    text = text.strip()
    if not text:
        return None
    path = Path(text).expanduser()
    if inbox is not None and not text.startswith(HERE) and not path.exists():
        path = inbox / path  # an absolute path stays what it is
    return os.path.abspath(path)


def with_options(profile: Profile, options: Mapping[str, str]) -> Profile:
    """The profile with settings as a person typed them. Raises :class:`UsageError`."""
    known = {item.name: getattr(Profile(), item.name) for item in fields(Profile)}
    for name, text in options.items():
        if name not in known:
            raise UsageError(f"a source has no setting {name!r}; it has {', '.join(known)}")
        try:
            profile = replace(profile, **{name: _option(text.strip(), known[name])})
        except ValueError as error:
            raise UsageError(str(error) if name in str(error) else f"{name} must be {error}") from None
    return profile


def _option(text: str, like: Any) -> Any:
    if isinstance(like, bool):
        if text.lower() not in ("true", "on", "yes", "false", "off", "no"):
            raise ValueError(f"on or off, not {text!r}")
        return text.lower() in ("true", "on", "yes")
    if isinstance(like, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if like is None:
        return {"": None, "none": None, "tab": "\t", "comma": ",", "semicolon": ";"}.get(text.lower(), text)
    return text


def _accept(database: Database, source_id: int, name: str) -> int:
    waiting = mappings_of(database, source_id, "suggested")
    if not waiting:
        raise NotFound(f'no mapping of columns is suggested for source "{name}"')
    for each in waiting:
        put_mapping(database, source_id, each.header, each.fields, accepted=True)
    return len(waiting)


def _map(database: Database, source_id: int, name: str, profile: Profile, change: Change) -> None:
    header, read = _header(database, source_id, name, profile, change.like)
    _, mappings = source_rules(database, name)
    plain = json.dumps(header, ensure_ascii=False)
    chosen = dict(mappings.get(plain) or read)
    for column, target in change.columns.items():
        if column not in header:
            raise UsageError(f"there is no column {column!r}; the columns are {', '.join(header[:20])}")
        if target and target not in FIELDS:
            raise UsageError(f"there is no field {target!r}; the fields are {', '.join(FIELDS)}")
        chosen = {
            known: field
            for known, field in chosen.items()
            if known != column and (field != target or target in SIGNS)
        }
        if target:
            chosen[column] = target
    put_mapping(database, source_id, plain, json.dumps(chosen, ensure_ascii=False), accepted=True)


def _header(
    database: Database, source_id: int, name: str, profile: Profile, like: Path | None
) -> tuple[Sequence[str], Mapping[str, str]]:
    """The header that is meant, and what its columns are read as where nobody says otherwise."""
    fields: Mapping[str, str] | None = None
    if like is not None:
        try:
            with open_source(like, profile) as source:
                header, fields = source.header, source.mapping
        except SourceError as error:
            if not error.header:
                raise NotFound(error.message) from None
            header = error.header
    else:
        waiting = mappings_of(database, source_id, "suggested")
        newest = database.one(sql.NEWEST_NAMES, (source_id,))
        if not waiting and newest is None:
            raise NotFound(f'no list of source "{name}" was read yet; name one with --like FILE')
        if waiting:
            header = json.loads(waiting[-1].header)
        else:
            assert newest is not None
            header, fields = json.loads(newest[0]), json.loads(newest[1])
    names = [column for column in header if column not in REJECT_COLUMNS]
    return names, recognise(names) if fields is None else fields


def accept_suggestion(database: Database, name: str, path: Path, actor: str = "operator") -> dict[str, str]:
    """Remember for the source the mapping that is suggested for this list; audited and durable.

    Returns header to field. Raises :class:`NotFound` when none is suggested, because none is needed or none is found.
    """
    profile, _ = source_rules(database, name)
    try:
        open_source(path, profile).close()
    except SourceError as error:
        if not error.suggestion:
            raise NotFound(error.message) from None
        with database.write(durable=True):
            number = add_source(database, name).id
            header = json.dumps(
                [column for column in error.header if column not in REJECT_COLUMNS], ensure_ascii=False
            )
            fields_ = json.dumps(error.suggestion, ensure_ascii=False)
            put_mapping(database, number, header, fields_, accepted=True)
            audit.append(
                database, "source.map", f"source:{number}", {"fields": error.suggestion}, actor=actor
            )
        return error.suggestion
    raise NotFound(f"every column of {path} that is needed was recognized; there is nothing to accept")
