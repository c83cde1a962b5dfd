"""The scripts of a file: adding versions, finding and describing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from db import Database, audit
from db.clock import iso
from valhalla.program.errors import NotFound, UsageError
from valhalla.scoring import sql
from valhalla.scoring.stages.calling import CHANNELS

LONGEST = 20_000
"""Letters of a script."""


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
    row = (
        database.one(sql.SCRIPT_BY_ID, (int(which),))
        if which.isdigit()
        else database.one(sql.SCRIPT_BY_NAME, (which.strip(),))
    )
    if row is None:
        raise NotFound(f"there is no script {which!r}; see: valhalla scripts list")
    return Script(*row)


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
    name, body = " ".join(name.split()), body.strip()
    if not name or not body:
        raise UsageError("a script needs a name and a text")
    if name.isdigit():
        raise UsageError("a script's name must not be a number, which is how scripts are counted")
    if len(body) > LONGEST:
        raise UsageError(f"the text is longer than {LONGEST:,} letters")
    if channel not in CHANNELS:
        raise UsageError(f"{channel!r} is no channel; use {', '.join(CHANNELS)}")
    with database.write(durable=True):
        version = database.value(sql.NEXT_SCRIPT_VERSION, (name,))
        number = database.value(
            sql.ADD_SCRIPT, (name, version, channel, market, "experimental", body, database.clock())
        )
        note_move(database, number, None, "experimental", "It was added.", (), actor)
        return find_script(database, str(number))


def bring_back(database: Database, script_id: int, why: str, actor: str) -> None:
    """A retired script is compared again: it is testing. Inside a write transaction."""
    database.sql(sql.SET_SCRIPT_STATE, ("testing", script_id))
    note_move(database, script_id, "retired", "testing", why, (), actor)


def of_market(database: Database, market: str) -> list[Script]:
    """The scripts that a market has for itself and that are not retired, the one in use first."""
    return [
        find_script(database, str(number)) for (number,) in database.sql(sql.SCRIPTS_OF_MARKET, (market,))
    ]


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
        database.sql(sql.SET_SCRIPT_STATE, (state, copy.id))
        note_move(database, copy.id, copy.state, state, why, (), actor)
    return copy.id


def withdraw(database: Database, script_id: int, why: str, actor: str) -> None:
    """Retire a script that should not have been there, also one in use. Inside a write transaction."""
    script = find_script(database, str(script_id))
    if script.state != "retired":
        database.sql(sql.SET_SCRIPT_STATE, ("retired", script.id))
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
    database.sql(sql.ADD_SCRIPT_MOVE, (script_id, before, after, database.clock(), actor, why, text))
    body = {"before": before, "after": after, "why": why, "evidence": text}
    audit.append(database, "script.move", f"script:{script_id}", body, actor=actor)


def all_scripts(database: Database) -> list[dict[str, Any]]:
    """Every script, those in use first, with what came of the leads it was used on."""
    return [_told(database, Script(*row)) for row in database.sql(sql.ALL_SCRIPTS)]


def whole(database: Database, which: str) -> dict[str, Any]:
    """One script with its text and every move it made."""
    script = find_script(database, which)
    return {
        **_told(database, script),
        "body": script.body,
        "moves": [
            {
                "at": iso(at),
                "before": before,
                "after": after,
                "by": actor,
                "why": why,
                "evidence": json.loads(evidence),
            }
            for before, after, at, actor, why, evidence in database.sql(sql.SCRIPT_MOVES, (script.id,))
        ],
    }


def _told(database: Database, script: Script) -> dict[str, Any]:
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
