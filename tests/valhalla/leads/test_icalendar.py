"""Promises as an iCalendar file."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from db import Database
from db.clock import DAY, HOUR
from valhalla.leads import do_not_contact, icalendar, promises, suppression


def unfolded(text: str) -> list[str]:
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n")), "RFC 5545, 3.1"
    assert "\n" not in text.replace("\r\n", "")
    cut = [first for first, second in pairwise(text.split("\r\n")) if second.startswith(" ")]
    assert all(len(line.encode()) > 75 - 4 for line in cut), "only where the next letter does not fit"
    return text.replace("\r\n ", "").split("\r\n")


def test_each_open_promise_is_an_event(database: Database, load: Callable[..., int], clock: Any) -> None:
    load(
        'Ann "Łu" Lee,ann@x.com,150000,"Houston, TX",7135550101,"1 Main St, Unit 2",,,,',
        'Bob,bob@x.com,150000,"Houston, TX",7135550102,2 Main St,,,,',
        'Cem,cem@x.com,150000,"Houston, TX",7135550103,3 Main St,,,,',
    )
    note = "bring; the, contract\nBEGIN:VEVENT " + "ö" * 60
    first = promises.add(database, 1, "appointment", clock() + DAY, note=note)
    promises.confirm(database, first.id)
    promises.add(database, 2, "callback", clock() + 2 * DAY + 3 * HOUR)
    promises.add(database, 3, "task", clock() + DAY)
    do_not_contact.add(database, [suppression.entry("713-555-0103")])
    kept = promises.add(database, 2, "callback", clock() + HOUR)
    promises.done(database, kept.id)
    lines = unfolded(icalendar.calendar(database))
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == 2
    assert "DTSTART:20260922T141320Z" in lines and "DTEND:20260922T151320Z" in lines
    assert "STATUS:CONFIRMED" in lines and "STATUS:TENTATIVE" in lines
    assert any(re.fullmatch(r"LOCATION:1 Main St\\, Unit 2\\, Houston\\, TX", line) for line in lines)
    (described,) = [line for line in lines if line.startswith("DESCRIPTION:bring")]
    assert described.startswith("DESCRIPTION:bring\\; the\\, contract\\nBEGIN:VEVENT ö")
    uids = [line for line in lines if line.startswith("UID:")]
    again = unfolded(icalendar.calendar(database))
    assert uids == [line for line in again if line.startswith("UID:")], "imported twice, an event stands once"
