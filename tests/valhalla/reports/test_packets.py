"""Packets: made when something changed, as page and PDF, safe with any text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit
from valhalla.effects.erasure import forget
from valhalla.intake.other_lists import import_buyers
from valhalla.leads.speech import spoken
from valhalla.leads.view import Viewer
from valhalla.program.errors import NotFound, UsageError
from valhalla.program.home import Home
from valhalla.reports import packet_pdf as drawn
from valhalla.reports import paper
from valhalla.reports.packet import ahead, make
from valhalla.reports.packet_files import refresh
from valhalla.reports.packet_page import page
from valhalla.scoring import scripts
from valhalla.scoring.policies import change
from valhalla.scoring.reevaluate import reevaluate

NASTY = '<script>alert(1)</script> & "x",x@example.com,50000,"Miami, FL",3055550100,<b>9</b> Bold Rd,90000,10000,2026-09-20,tax lien'


def test_it_has_everything_a_buyer_asks_about(database: Database, people: Any, tmp_path: Path) -> None:
    people(1)
    path = tmp_path / "buyers.csv"
    path.write_text('name,markets,price\nAnn,"Houston, TX",200000\nBob,FL,\n', encoding="utf-8")
    import_buyers(database, path)
    body = make(database, Viewer.now(database), 1).body
    assert body["status"] == "READY"
    assert body["numbers"]["mao_cents"] == 170_000_00
    assert body["offer"] == {"opening_cents": 150_000_00, "most_cents": 150_000_00}, "no more than is asked"
    assert body["buyers"]["fit"] == ["Ann"]
    assert "{name}" not in body["script"]["text"] and "1 Main St" in body["script"]["text"]
    assert (body["provenance"]["line"], body["provenance"]["import"]) == (2, 1)
    assert body["next_actions"][0]["channel"] == "call"


def test_offers_are_round_and_never_above_the_asking_price(database: Database, load: Any) -> None:
    load(
        'Ann,a@x.com,90050,"Houston, TX",7135550100,1 Main St,300000,30000,2026-09-20,',
        'Bob,b@x.com,250000,"Houston, TX",7135550101,2 Main St,300123,30000,2026-09-20,',
    )
    viewer = Viewer.now(database)
    first, second = (make(database, viewer, number).body for number in (1, 2))
    assert first["offer"] == {"opening_cents": 90_000_00, "most_cents": 90_000_00}
    assert second["offer"]["most_cents"] % 100_00 == 0 and second["offer"]["most_cents"] < 250_000_00
    assert first["numbers"]["equity_cents"] is None, "nobody knows what the owner owes"
    load(
        "Cem,c@x.com,7135550102,3 Main St,Houston,TX,77002,140000,200000",
        header="Name,Email,Phone,Address,City,State,Zip,Loan Balance,Estimated Value\n",
    )
    third = make(database, Viewer.now(database), 3).body
    assert third["numbers"]["equity_cents"] == 60_000_00 and third["numbers"]["asking_cents"] is None


def test_a_packet_is_made_again_only_when_it_would_say_something_new(
    database: Database, people: Any, clock: Any, tell: Any
) -> None:
    people(2)
    first = make(database, Viewer.now(database), 1)
    clock.advance(0.5)
    assert make(database, Viewer.now(database), 1)._replace(new=True) == first
    change(database, "score.size", 9, "x")
    assert reevaluate(database).decided == 2
    assert not make(database, Viewer.now(database), 1).new, "another policy version alone says nothing new"
    change(database, "packet.fee", 20_000, "x")
    reevaluate(database)
    second = make(database, Viewer.now(database), 1)
    assert second.new and second.body["numbers"]["mao_cents"] == 160_000_00
    tell(1, "contacted")
    assert make(database, Viewer.now(database), 1).new
    assert [row[0] for row in database.sql("SELECT action FROM audit WHERE action = 'packet.make'")] == [
        "packet.make"
    ] * 3
    assert audit.check_chain(database) == []
    with pytest.raises(NotFound):
        make(database, Viewer.now(database), 99)


def test_the_page_loads_nothing_and_runs_nothing(database: Database, load: Any) -> None:
    load(NASTY)
    text = page(make(database, Viewer.now(database), 1))
    assert "<script" not in text.lower()
    assert "&lt;script&gt;alert(1)" in text

    class Look(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[str, str | None]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "link", "iframe", "object", "b9")
            self.seen += [
                (name, value) for name, value in attrs if name in ("src", "href") or name.startswith("on")
            ]

    look = Look()
    look.feed(text)
    assert all(
        name == "src" and str(value).startswith("data:image/svg+xml;base64,") for name, value in look.seen
    )
    assert "url(" not in text and "@import" not in text


def test_the_pdf_is_one_and_holds_any_letters(
    database: Database, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load('Łukasz Ñandú 山田,x@example.com,150000,"Houston, TX",7135550100,1 Main St,300000,30000,2026-09-20,')
    made = make(database, Viewer.now(database), 1)
    for found in (paper.fonts(), None):
        monkeypatch.setattr(paper, "fonts", lambda found=found: found)
        data = drawn.pdf(made)
        assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
        assert drawn.pdf(made) == data, "equal packets give equal bytes"
    assert paper.plain("Łukasz Ñandú é 山") == "?ukasz Ñandú é ?"


@pytest.mark.parametrize(
    "values", ["Ann,a@x.com,150000,,,,,,,", 'Ann,,150000,"Houston, TX",7135550100,,90000,80000,,']
)
def test_what_is_not_given_is_missing_and_never_zero(database: Database, load: Any, values: str) -> None:
    load(values.replace("Ann,,", "Ann,n@x.com,"))
    made = make(database, Viewer.now(database), 1)
    text = page(made)
    assert "missing" in text
    assert drawn.pdf(made).startswith(b"%PDF")
    assert re.search(r"\bNone\b", text) is None


def test_only_leads_that_earn_one_get_one_unasked_and_old_ones_are_kept_up(
    database: Database, load: Any, tmp_path: Path, tell: Any, clock: Any
) -> None:
    load(
        'Good,g@x.com,150000,"Houston, TX",7135550100,1 Main St,300000,30000,2026-09-20,probate',
        "Plain,p@x.com,150000,,,,,,2024-01-01,",
    )
    home = Home(tmp_path)
    home.prepare()
    assert [packet.lead_id for packet in refresh(database, home)] == [1]
    assert refresh(database, home) == []
    asked = make(database, Viewer.now(database), 2)
    clock.advance(0.1)
    tell(2, "contacted")
    assert [(packet.lead_id, packet.id > asked.id) for packet in refresh(database, home)] == [(2, True)]
    assert sorted(path.name for path in home.packets.iterdir()) == ["lead-1.html", "lead-2.html"]


def test_the_next_tries_follow_the_ladder(database: Database, people: Any, tell: Any) -> None:
    people(1)
    viewer = Viewer.now(database)
    assert [(a.channel, a.due) for a in ahead(viewer.record(1).lead, viewer.calling)] == [("call", None)]
    tell(1, "contacted")
    now = database.clock()
    hours = [
        (a.channel, (a.due - now) // 3_600_000_000)
        for a in ahead(viewer.record(1).lead, viewer.calling)
        if a.due
    ]
    assert hours == [("text", 2), ("call", 4), ("call", 28)]
    tell(1, "lost")
    assert ahead(viewer.record(1).lead, viewer.calling) == []


def test_a_script_speaks_to_the_lead(database: Database, people: Any) -> None:
    people(1)
    lead = Viewer.now(database).record(1).lead
    said = spoken("Hi {name}, {caller} about {address}", lead, "Sam")
    assert said == "Hi Person, Sam about 1 Main St"
    of_a_city = lead._replace(address=None, location="Houston, TX")
    assert spoken("about the house at {address}", of_a_city, None) == "about your house in Houston, TX"
    assert (
        spoken("an offer for {address}", of_a_city._replace(location=None), None) == "an offer for your house"
    )
    for written, said in (
        *(
            ("Quillon, Dana", "Dana"),
            ("MERRITT, LOLA J", "Lola"),
            ("QUILLON DANA R & RAY", "Dana"),
            ("Ann", "Ann"),
        ),
        ("Blue Heron Holdings LLC", "Blue Heron Holdings LLC"),
    ):
        assert spoken("Hi {name}", lead._replace(name=written), None) == f"Hi {said}"


def test_no_blank_of_a_script_is_read_out_unfilled(database: Database, people: Any) -> None:
    people(1)
    lead = Viewer.now(database).record(1).lead
    bare = lead._replace(name="J", address=None, location=None)
    for (body,) in database.sql("SELECT body FROM script"):
        for each in (lead, bare):
            assert "{caller}" in body and "{" not in spoken(body, each, None)
            assert "(your name)" not in spoken(body, each, "Sam Ortiz")
    made = scripts.add(database, "Short", "Hi { Name }, it's {CALLER}.")
    assert spoken(made.body, lead, "Sam") == "Hi Person, it's Sam."
    with pytest.raises(UsageError, match=r"{phone} would be read out .* {name}, {address}, {caller}"):
        scripts.add(database, "Short", "Call me at {phone}")


def test_who_is_forgotten_is_in_no_packet_any_more(database: Database, people: Any, tmp_path: Path) -> None:
    people(2)
    home = Home(tmp_path)
    home.prepare()
    refresh(database, home)
    digest = home.logs / "digest-2026-09-21.txt"
    digest.write_text("call p1@example.com", encoding="utf-8")
    left = forget(database, [1])["still_in"]
    assert [path.name for path in home.packets.iterdir()] == ["lead-2.html"]
    assert not digest.exists() and str(digest) not in left
