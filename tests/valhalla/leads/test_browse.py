"""Pages of leads that a filter chooses: looking goes on from window to window, and no lead is left out at an edge."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from valhalla.leads import browse
from valhalla.leads.browse import Wanted
from valhalla.leads.view import Viewer

DALLAS = (1, 6, 7, 15, 16, 17, 29, 30)


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("seconds", [0.0, 3600.0], ids=["a window a page", "many windows a page"])
def test_pages_hold_every_lead_that_fits_once(
    desk: Any, monkeypatch: pytest.MonkeyPatch, order: str, seconds: float
) -> None:
    places = ("Dallas, TX" if number in DALLAS else "Houston, TX" for number in range(1, 31))
    rows = (f'P {at},p{at}@example.com,1000,,"{place}"\n' for at, place in enumerate(places, 1))
    desk.take("a.csv", "".join(rows))
    viewer = Viewer.now(desk.database)
    monkeypatch.setattr(browse, "SECONDS", seconds)
    for page, window in itertools.product(range(1, 5), repeat=2):
        monkeypatch.setattr(browse, "PAGE", page)
        monkeypatch.setattr(browse, "WINDOW", window)
        seen: list[int] = []
        wanted = Wanted(market="Dallas, TX", order=order)
        while True:
            found = browse.page(desk.database, viewer, wanted)
            assert len(found.records) <= page and found.looked <= (seconds == 0)
            seen += [record.lead.id for record in found.records]
            if found.next is None:
                break
            wanted = Wanted(market="Dallas, TX", order=order, after=found.next)
        assert seen == sorted(DALLAS, reverse=order == "newest"), (page, window)
