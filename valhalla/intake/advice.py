"""What would make more of a list usable: a setting, or a mapping of its columns; with the command that does it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from db import Database
from valhalla.intake.reading import Profile, SourceError, open_source
from valhalla.intake.reading.cure import SAMPLE, find_cure
from valhalla.intake.reading.mapping import recognise
from valhalla.intake.reading.profile import Contact
from valhalla.intake.request import Request
from valhalla.intake.results import FileResult
from valhalla.intake.source_rules import mapping_of, source_rules
from valhalla.intake.source_settings import Change, accept_suggestion, set_source
from valhalla.intake.sources import Candidate

CONTACTS: tuple[Contact, ...] = ("email", "phone")


def advice(database: Database, candidate: Candidate, result: FileResult) -> list[dict[str, Any]]:
    """What a person could do about a list that could not be used or of which over half was refused."""
    if not result.calls_for_advice:
        return []
    path, source = str(candidate.path), candidate.source
    cure = cure_for(database, path, source)
    if cure is None and result.error is not None:
        cure = _mapped_cure(database, path, source)
    return [cure] if cure is not None else []


def follow(database: Database, path: str, source: str, cure: dict[str, Any], actor: str = "operator") -> None:
    """Set what a piece of advice says, so that the list is read by it next."""
    settings = {name: _word(value) for name, value in cure["settings"].items()}
    with database.write(durable=True):
        set_source(database, source, Change(options=settings), actor)
        if cure.get("mapping"):
            accept_suggestion(database, source, Path(path), actor)


def _mapped_cure(database: Database, path: str, source: str) -> dict[str, Any] | None:
    """For a list in which columns are missing: the mapping that is suggested, and the settings it needs in addition."""
    profile, _ = source_rules(database, source)
    for contact in dict.fromkeys((profile.contact, *CONTACTS)):
        tried = replace(profile, contact=contact)
        try:
            open_source(path, tried, source=source).close()
        except SourceError as error:
            if error.suggestion:
                return _of_mapping(path, source, profile, tried, error)
        except OSError:
            return None
    return None


def _of_mapping(
    path: str, source: str, profile: Profile, tried: Profile, error: SourceError
) -> dict[str, Any]:
    further = find_cure(path, tried, error.suggestion, source=source)
    settings: dict[str, Any] = {} if tried == profile else {"contact": tried.contact}
    settings |= further.settings if further else {}
    known = recognise(error.header)
    guessed = {name: field for name, field in error.suggestion.items() if known.get(name) != field}
    words = " and ".join(f'"{name}" is {field}' for name, field in guessed.items())
    tried_rows, accepted = (further.tried, further.after) if further else _count(path, tried, error, source)
    found: dict[str, Any] = {"settings": settings, "mapping": error.suggestion, "guessed": guessed}
    found |= {"tried": tried_rows, "before": 0, "after": accepted}
    sentence = f'If {words}, say so once for source "{source}": {accepted:,} of {tried_rows:,} rows are accepted then, now 0.'
    return {
        **found,
        "sentence": sentence,
        "command": f"valhalla imports reread {_quoted(path)} {_options(settings)} --accept".replace(
            "  ", " "
        ),
    }


def _count(path: str, profile: Profile, error: SourceError, source: str) -> tuple[int, int]:
    """Rows tried and accepted with the suggested mapping."""
    with open_source(path, profile, error.suggestion, source=source) as opened:
        chunk = opened.read(SAMPLE, final=True)
    return (chunk.records, len(chunk.accepted)) if chunk is not None else (0, 0)


def cure_for(database: Database, path: str, source: str) -> dict[str, Any] | None:
    """The cure of a list, with how many of the tried rows are accepted before and after; None when there is none.

    Reads up to 20,000 rows of the list a few times; ask only when most of it was refused.
    """
    profile, _ = source_rules(database, source)
    try:
        mapping = mapping_of(database, Request(path, source))
        cure = find_cure(path, profile, mapping, source=source)
    except (SourceError, OSError):
        return None
    if cure is None:
        return None
    return {
        "settings": cure.settings,
        "tried": cure.tried,
        "before": cure.before,
        "after": cure.after,
        "sentence": cure.sentence(source),
        "command": f"valhalla imports reread {_quoted(path)} {_options(cure.settings)}",
    }


def _options(settings: dict[str, Any]) -> str:
    return " ".join(f"--with {name}={_word(value)}" for name, value in settings.items())


def _word(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
