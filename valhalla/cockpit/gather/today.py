"""Today: who to call, in groups, how far the day is, what came in and what needs a person."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from db import Database
from db.clock import iso
from valhalla.cockpit.gather.calls import viewer_of
from valhalla.cockpit.state import Cockpit
from valhalla.cockpit.work import running_work
from valhalla.intake import log, sample_leads
from valhalla.leads import call_list_index, tags, today, working
from valhalla.leads.card_words import clock, micros
from valhalla.leads.view import Viewer
from valhalla.team.belonging import only_of
from valhalla.team.holds import of_others

EACH = 5
"""Rows of a group, until somebody asks for all."""

ALL = 100
LISTS = 4


def gather(
    cockpit: Cockpit, *, only: str | None = None, market: str | None = None, source: str | None = None
) -> dict[str, Any]:
    """Today as of now, but for what waits for a person, which every page has around it; ``only``: all rows of one group. Bounded
    work, however many leads there are."""
    database = cockpit.database
    with database.view():
        viewer = viewer_of(database)
        values = viewer.values
        each, who = EACH if only is None else ALL, only_of(cockpit.member)
        elsewhere = set() if cockpit.member is None else of_others(database, cockpit.actor)
        found = today.groups(
            database,
            viewer,
            each=each,
            market=market,
            source=source,
            only=only,
            without=elsewhere,
        )
        zone = values["timezone"]
        groups = [_group(database, viewer, group, zone) for group in found if only in (None, group.key)]
        passed = cockpit.calling.skipped(viewer.at) | elsewhere
        whole = only is None and market is None and source is None and not elsewhere
        row = working.first_of(viewer, found, passed) if whole else None
        following = (
            working.next_row(database, viewer, without=passed) if row is None else working.Next(row, None)
        )
        return {
            "groups": groups,
            "only": only,
            "market": market,
            "source": source,
            "next": None if following.row is None else following.row.to_json(viewer, 1),
            "opens": None if following.opens is None else iso(following.opens),
            "opens_says": None if following.opens is None else clock(following.opens, zone, "%a %I:%M %p"),
            "day": working.day(database, values, who=who),
            "week": [
                {**each, "says": clock(micros(each["at"]), zone, "%a %I:%M %p")}
                for each in working.week(database, values, who=who)
            ],
            "lists": [{**each, "file": PurePath(each["path"]).name} for each in log.recent(database, LISTS)],
            "work": running_work(database),
            "leads": call_list_index.newest_lead(database) > 0,
            "samples": sample_leads.present(database),
            "caller": values["my.name"],
            "as_of": iso(database.clock()),
        }


def _group(database: Database, viewer: Viewer, group: today.Group, zone: str | None) -> dict[str, Any]:
    rows = [row.to_json(viewer, rank) for rank, row in enumerate(group.rows, 1)]
    known = tags.of_leads(database, [row["id"] for row in rows])
    for row in rows:
        row["tags"] = known.get(row["id"], [])
        if row["promise"]:
            row["promise"]["says"] = clock(micros(row["promise"]["at"]), zone, "%a %I:%M %p")
    return {
        "key": group.key,
        "heading": group.heading,
        "count": group.total,
        "more": group.more,
        "says": group.says,
        "rows": rows,
    }
