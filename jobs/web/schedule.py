"""Periodic jobs as a page shows them: when each runs, what became of its slots, and its newest runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.clock import iso
from jobs import sql
from jobs.admin import newest_jobs
from jobs.queue import JobQueue
from jobs.web.showing import entry, title_of

RUNS = 12
"""Runs of a periodic job that are shown."""


def gather(queue: JobQueue, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each periodic job: those declared in this program (``declared``), and those that the database knows of another one."""
    database, now = queue.database, queue.database.clock()
    declared = {each.name: each for each in queue.periodic}
    with database.view():
        kept = {row[0]: row[1:] for row in database.sql(sql.CYCLES, (queue.name,))}
        runs = {name: newest_jobs(database, [name], limit=RUNS) for name in {*declared, *kept}}
    found = []
    for name in sorted({*declared, *kept}, key=lambda name: (name not in declared, title_of(name, titles))):
        spec, last, fired, missed, overrun, _ = kept.get(
            name, (declared[name].spec if name in declared else "", None, 0, 0, 0, None)
        )
        job = declared.get(name)
        due = job.next(now) if job is not None else None
        found.append(
            {
                "name": name,
                "title": title_of(name, titles),
                "spec": (job.spec if job is not None else spec),
                "zone": None if job is None or job.zone is None else str(job.zone),
                "declared": job is not None,
                "last": None if last is None or not fired else iso(last),
                "next": None if due is None else iso(due),
                "fired": fired,
                "missed": missed,
                "overrun": overrun,
                "runs": [entry(each, now, titles) for each in runs[name]],
            }
        )
    return found
