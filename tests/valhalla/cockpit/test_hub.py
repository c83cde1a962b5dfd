"""A hub in the browser: one log-in, one Today, and each workspace's own pages behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from db.clock import MINUTE
from valhalla.cockpit.server import Server
from valhalla.fleet import hub
from valhalla.intake import by_hand
from valhalla.leads import promises
from valhalla.program.home import Home
from valhalla.program.instance import Instance, running
from valhalla.scoring.opening import open_home
from valhalla.service import links
from valhalla.service.hub_run import HubEvents, HubRun
from valhalla.service.whole import WholeProgram

SAME = {"Sec-Fetch-Site": "same-origin"}


class Here(NamedTuple):
    """A hub at work."""

    home: Home
    run: HubRun
    server: Server


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A hub with two workspaces of one lead each, at work and served; ``busy`` is run by another process."""
    home = Home(tmp_path_factory.mktemp("hubs") / "hub")
    hub.begin(home)
    for name, owner in (("dallas", "Dora Dallas"), ("houston", "Hank Houston")):
        with open_home(hub.add(home, name).home) as database:
            by_hand.add_lead(
                database,
                {"name": owner, "phone": "713-555-0142", "address": f"12 Oak St, {name.title()}, TX 77002"},
            )
    elsewhere = Instance(hub.add(home, "busy").home.path)
    elsewhere.acquire("run")
    stop, ready = threading.Event(), threading.Event()
    served: list[Server] = []

    class Serving:
        def __init__(self, at_work: HubRun) -> None:
            served.append(Server(program, port=0, hub=at_work))

        def __enter__(self) -> None:
            served[0].start()

        def __exit__(self, *_: object) -> None:
            served[0].stop()

    with WholeProgram.open(home) as program:
        tried: list[str] = []

        def heard(name: str, *_: str) -> None:
            tried.append(name)
            if len(tried) == 3:
                ready.set()

        at_work = HubRun(home, links.name_of(program.database), HubEvents(begins=heard, trouble=heard), 3600)
        thread = threading.Thread(target=lambda: at_work.run(stop, Serving))
        thread.start()
        assert ready.wait(30)
        yield Here(home, at_work, served[0])
        stop.set()
        thread.join(20)
    elsewhere.release()


def test_one_link_opens_the_hub_and_each_workspace_behind_it(here: Here) -> None:
    with httpx.Client(base_url=here.server.url, headers=SAME, follow_redirects=True, timeout=20) as browser:
        assert browser.get("/").status_code == 401
        page = browser.get(here.server.link())
        assert page.status_code == 200 and "Dora Dallas" in page.text and "Hank Houston" in page.text
        groups = browser.get("/api/today").json()["groups"]
        assert [(each["key"], each["count"]) for each in groups] == [("new", 2)]
        rows = {row["workspace"]: row for row in groups[0]["rows"]}

        # Its own host, its own cookie, its own pages.
        lead = browser.get(f"/w/houston/leads/{rows['houston']['id']}")
        assert lead.status_code == 200 and "Hank Houston" in lead.text
        assert lead.url.host != httpx.URL(here.server.url).host and lead.url.path.startswith("/leads/")
        own = f"http://{lead.url.host}:{lead.url.port}"
        assert "Dora" not in browser.get(f"{own}/").text
        said = browser.post(f"{own}/leads/{rows['houston']['id']}/outcome", data={"event": "no_answer"},
                            headers={"accept": "application/json"})  # fmt: skip
        assert said.status_code == 200, said.text
        assert [each["workspace"] for each in browser.get("/api/week").json()["workspaces"]] == [
            "busy",
            "dallas",
            "houston",
        ]
        week = browser.get("/api/week").json()
        assert (week["dials"], [each["dials"] for each in week["workspaces"]]) == (1, [0, 0, 1])
        found = browser.get("/api/leads", params={"q": "oak"}).json()
        assert sorted(each["workspace"] for each in found["leads"]) == ["dallas", "houston"]
        for path in ("/week", "/week?back=2", "/leads", "/leads?q=oak", "/workspaces", "/?only=new"):
            assert browser.get(path).status_code == 200, path
        assert browser.get("/w/nowhere/").status_code == 404
        state = browser.get("/api/state").json()
        assert state["state"]["name"] == "running" and state["hub"] == {"workspaces": 3, "unread": 0}


def test_a_session_of_one_workspace_opens_no_other_one_and_not_the_hub(here: Here) -> None:
    site = here.run.sites["houston"]
    own, other = (
        f"http://{here.run.sites[name].host}:{here.server.cockpit.port}" for name in ("houston", "dallas")
    )
    with httpx.Client(headers=SAME, follow_redirects=True, timeout=20) as browser:
        assert browser.get(links.make(site.program.database, own)).status_code == 200
        cookie = browser.cookies.get(here.server.cockpit.cookie)
        assert cookie
        for place in (other, here.server.url):
            held = {"cookie": f"{here.server.cockpit.cookie}={cookie}"}
            assert httpx.get(f"{place}/api/state", headers=held, timeout=20).status_code == 401


def test_what_is_due_in_any_workspace_is_announced_with_its_page(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = here.run.sites["dallas"].program.database
    now = database.clock()
    promises.add(database, 1, "callback", now + MINUTE, note="about the roof")
    monkeypatch.setattr(database, "clock", lambda: now + 2 * MINUTE)
    with httpx.Client(base_url=here.server.url, headers=SAME, follow_redirects=True, timeout=20) as browser:
        browser.get(here.server.link())
        (due,) = browser.get("/api/promises/due").json()
        assert (due["workspace"], due["name"], due["note"]) == ("dallas", "Dora Dallas", "about the roof")
        lead = browser.get(due["page"])
        assert lead.status_code == 200 and "Dora Dallas" in lead.text


def test_what_another_process_runs_is_read_here_and_named(here: Here) -> None:
    with httpx.Client(base_url=here.server.url, headers=SAME, follow_redirects=True, timeout=20) as browser:
        browser.get(here.server.link())
        rows = {row["workspace"]: row for row in browser.get("/api/workspaces").json()}
        assert [(name, row["working"]) for name, row in rows.items()] == [
            ("busy", False),
            ("dallas", True),
            ("houston", True),
        ]
        assert "already runs" in rows["busy"]["why"] and rows["busy"]["leads"] == 0
        refused = browser.get("/w/busy/", headers={"accept": "application/json"})
        assert refused.status_code == 409 and "already runs" in refused.json()["error"]["message"]


def test_each_home_says_where_its_pages_are_and_one_poller_serves_all(here: Here) -> None:
    for name, site in here.run.sites.items():
        found = running(site.home.path)
        assert found is not None and found.url == f"http://{site.host}:{here.server.cockpit.port}", name
    # One poller for all of them, and no maintenance thread of a queue besides it.
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("poller") == 1 and "Scheduler" not in names
