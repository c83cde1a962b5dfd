"""The scripts of a file: adding versions, finding and describing them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from db import Database, audit
from db.clock import iso
from db.orm import Case, fn
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.patterns import pattern
from valhalla.scoring import models, sql
from valhalla.scoring.stages.channels import CHANNELS

LONGEST = 20_000
"""Letters of a script."""

BLANKS = ("name", "address", "caller")
"""What is filled in when a script is said, written ``{name}``."""
_BLANK = pattern(r"\{\s*(\w[\w .-]{0,40})\s*\}")

_NEARNESS = ("primary", "secondary", "testing", "experimental")
"""The states by how near to use a script is in them; what is retired comes last."""


class Script(NamedTuple):
    """A row of table ``script``."""

    id: int
    name: str
    version: int
    channel: str
    market: str | None
    state: str
    body: str
    created_at: int
    pinned_at: int | None

    @property
    def title(self) -> str:
        """``Patient opener v2``."""
        return f"{self.name} v{self.version}"


def find_script(database: Database, which: str) -> Script:
    """A script by its number or its name (then the newest version); :class:`NotFound` when there is none."""
    called = models.Script.name.collate("NOCASE") == which.strip()
    query = selected().where(models.Script.id == int(which) if which.isdigit() else called)
    found: Script | None = query.order_by(models.Script.version.desc()).first(database)
    if found is None:
        raise NotFound(f"there is no script {which!r}; see: valhalla scripts list")
    return found


def selected() -> Any:
    """A query for scripts, to be narrowed and ordered; its rows are each a :class:`Script`."""
    return models.Script.select().objects(Script)


def add(
    database: Database,
    name: str,
    body: str,
    *,
    channel: str = "call",
    market: str | None = None,
    actor: str = "operator",
) -> Script:
    """Add a script, or a new version of one that has this name. It begins as experimental."""
    name, body = " ".join(name.split()), _filled(body.strip())
    if not name or not body:
        raise UsageError("a script needs a name and a text")
    if name.isdigit():
        raise UsageError("a script's name must not be a number, which is how scripts are counted")
    if len(body) > LONGEST:
        raise UsageError(f"the text is longer than {LONGEST:,} letters")
    if channel not in CHANNELS:
        raise UsageError(f"{channel!r} is not a channel; use {', '.join(CHANNELS)}")
    with database.write(durable=True):
        number = insert(database, name, body, channel=channel, market=market)
        note_move(database, number, None, "experimental", "It was added.", (), actor)
        return find_script(database, str(number))


def _filled(body: str) -> str:
    """The text with its blanks as they are filled in. Raises :class:`UsageError` for one that would be read out as it stands."""

    def blank(found: re.Match[str]) -> str:
        word = found[1].strip().lower()
        if word not in BLANKS:
            filled = ", ".join(f"{{{each}}}" for each in BLANKS)
            raise UsageError(f"{found[0]} would be read out as it stands; what is filled in: {filled}")
        return f"{{{word}}}"

    return _BLANK.sub(blank, body)


def insert(
    database: Database,
    name: str,
    body: str,
    *,
    channel: str = "call",
    market: str | None = None,
    state: str = "experimental",
) -> int:
    """The number of a new script, or of a new version of one that has this name. Inside a write transaction."""
    newest = models.Script.select(fn.max(models.Script.version)).where(models.Script.name == name)
    return int(
        models.Script.insert(
            name=name,
            version=(newest.scalar(database) or 0) + 1,
            channel=channel,
            market=market,
            state=state,
            body=body,
            created_at=database.clock(),
        ).execute(database)
    )


def set_state(database: Database, script_id: int, state: str) -> None:
    """Move a script; the move that explains it is stored in the same transaction."""
    models.Script.update(state=state).where(models.Script.id == script_id).execute(database)


def bring_back(database: Database, script_id: int, why: str, actor: str) -> None:
    """A retired script is compared again: it is testing. Inside a write transaction."""
    set_state(database, script_id, "testing")
    note_move(database, script_id, "retired", "testing", why, (), actor)


def of_market(database: Database, market: str) -> list[Script]:
    """The scripts that a market has for itself and that are not retired, the one in use first."""
    of_it = selected().where(models.Script.market == market, models.Script.state != "retired")
    return list(of_it.order_by(models.Script.state != "primary", models.Script.id).execute(database))


def copy_to(database: Database, script: Script, market: str, why: str, actor: str) -> int:
    """The number of a copy of the script for another market, which begins where the script is, unless that market has one in use.
    Inside a write transaction."""
    copy = add(
        database, f"{script.name} ({market})", script.body, channel=script.channel, market=market, actor=actor
    )
    taken = any(
        each.state == "primary" and each.channel == copy.channel for each in of_market(database, market)
    )
    state = "secondary" if script.state == "primary" and taken else script.state
    if state != copy.state:
        set_state(database, copy.id, state)
        note_move(database, copy.id, copy.state, state, why, (), actor)
    return copy.id


def withdraw(database: Database, script_id: int, why: str, actor: str) -> None:
    """Retire a script that should not have been there, also one in use. Inside a write transaction."""
    script = find_script(database, str(script_id))
    if script.state != "retired":
        set_state(database, script.id, "retired")
        note_move(database, script.id, script.state, "retired", why, (), actor)


def note_move(
    database: Database,
    script_id: int,
    before: str | None,
    after: str,
    why: str,
    evidence: Sequence[Any],
    actor: str,
) -> None:
    """Write down that a script moved, with the gates as they stood; inside the transaction that moves it."""
    text = json.dumps(list(evidence), ensure_ascii=False)
    insert_move(database, script_id, before, after, why, text, actor)
    body = {"before": before, "after": after, "why": why, "evidence": text}
    audit.append(database, "script.move", f"script:{script_id}", body, actor=actor)


def insert_move(
    database: Database,
    script_id: int,
    before: str | None,
    after: str,
    why: str,
    evidence: str,
    actor: str,
) -> None:
    """The row of a move; ``evidence`` is JSON. Inside the transaction that moves the script."""
    models.ScriptMove.insert(
        script_id=script_id,
        before=before,
        after=after,
        at=database.clock(),
        moved_by=actor,
        why=why,
        evidence=evidence,
    ).execute(database)


class MoveMade(NamedTuple):
    """A move of a script from one state to another, as the digest says it."""

    script: str
    before: str
    after: str
    moved_by: str
    why: str


def moves_since(database: Database, since: int) -> list[MoveMade]:
    """The moves since a time (UTC microseconds), oldest first; not those that only say where a script began or that it was pinned."""
    move, script = models.ScriptMove, models.Script
    query = (
        move.select(
            script.name.concat(" v").concat(script.version).alias("script"),
            move.before,
            move.after,
            move.moved_by,
            move.why,
        )
        .join(script, on=move.script_id == script.id)
        .where(move.at >= since, move.before != move.after)
        .order_by(move.id)
    )
    return list(query.objects(MoveMade).execute(database))


def all_scripts(database: Database) -> list[dict[str, Any]]:
    """Every script, those in use first, with what came of the leads it was used on."""
    script = models.Script
    place = Case(script.state, [(state, place) for place, state in enumerate(_NEARNESS)], len(_NEARNESS))
    ordered = selected().order_by(
        script.channel, script.market.is_null(False), script.market, place, script.id
    )
    return [_summary(database, each) for each in ordered.execute(database)]


def whole(database: Database, which: str) -> dict[str, Any]:
    """One script with its text and every move it made."""
    script = find_script(database, which)
    move = models.ScriptMove
    moves = move.select().where(move.script_id == script.id).order_by(move.id)
    return {
        **_summary(database, script),
        "body": script.body,
        "moves": [
            {
                "at": iso(each.at),
                "before": each.before,
                "after": each.after,
                "by": each.moved_by,
                "why": each.why,
                "evidence": json.loads(each.evidence),
            }
            for each in moves.execute(database)
        ],
    }


def _summary(database: Database, script: Script) -> dict[str, Any]:
    used, appointments, won, opted_out = database.sql(sql.SCRIPT_RECORD, (script.id,))[0]
    return {
        "id": script.id,
        "name": script.name,
        "version": script.version,
        "channel": script.channel,
        "market": script.market,
        "state": script.state,
        "pinned": script.pinned_at is not None,
        "created_at": iso(script.created_at),
        "used_on": used,
        "appointments": appointments,
        "won": won,
        "opted_out": opted_out,
    }
