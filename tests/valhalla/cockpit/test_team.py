"""A team in the cockpit: who gets in, what each role may, and that two callers are never handed one person."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from valhalla.cockpit import pages
from valhalla.cockpit.app import make_app
from valhalla.cockpit.security import roles
from valhalla.cockpit.security.permitting import Roles
from valhalla.cockpit.server import Server
from valhalla.intake import jobs
from valhalla.team import members, passwords, signing_in
from valhalla.team.members import Member

WORDS = "correct horse battery"
SAME = {"Sec-Fetch-Site": "same-origin"}
HEADER = "name,email,value,phone,address,location\n"

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def team(server: Server, load: Any) -> Server:
    """A cockpit whose team is on, with thirty people to call."""
    load(
        *(f"Person {n},p{n}@example.com,{100000 + n},713-555-{2100 + n},{n} Oak St,Houston TX" for n in range(1, 31)),
        header=HEADER,
    )  # fmt: skip
    database = server.cockpit.database
    members.switch(database, True)
    for name, role in (("Ann", "caller"), ("Bo", "caller"), ("Mia", "manager"), ("Rob", "auditor")):
        members.add(database, name, role)
        code = passwords.invite(database, name)[1].code
        passwords.accept(database, code, WORDS, WORDS)
    return server


@pytest.fixture
def enter(team: Server) -> Iterator[Callable[[str], httpx.Client]]:
    """A function that signs somebody in."""
    made: list[httpx.Client] = []

    def enter(name: str) -> httpx.Client:
        client = httpx.Client(base_url=team.url, timeout=20, headers=SAME)
        made.append(client)
        assert client.post("/sign-in", data={"name": name, "password": WORDS}).status_code == 303
        return client

    yield enter
    for client in made:
        client.close()


def test_with_the_team_off_there_is_no_such_door(server: Server, visitor: httpx.Client) -> None:
    database = server.cockpit.database
    members.add(database, "Dana", "owner")
    code = passwords.invite(database, "Dana")[1].code
    for path in ("/sign-in", f"/invitation?code={code}"):
        assert visitor.get(path).status_code == 404
    assert visitor.post("/sign-in", data={"name": "Dana"}, headers=SAME).status_code == 404
    assert visitor.get("/leads").status_code == 401


def test_from_the_invitation_to_signing_out(team: Server, visitor: httpx.Client) -> None:
    database = team.cockpit.database
    members.add(database, "Dana", "caller")
    code = passwords.invite(database, "Dana")[1].code
    assert visitor.get("/leads").headers["location"] == "/sign-in"
    for _ in range(2):
        assert "Welcome, Dana" in visitor.get("/invitation", params={"code": code}).text, (
            "looking uses nothing up"
        )
    chosen = {"code": code, "password": WORDS, "again": WORDS}
    assert (
        visitor.post("/invitation", data=chosen, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    assert "easy to guess" in visitor.post("/invitation", data={**chosen, "password": "dana123456", "again": "dana123456"}, headers=SAME).text  # fmt: skip
    assert visitor.post("/invitation", data=chosen, headers=SAME).status_code == 200
    assert visitor.post("/invitation", data=chosen, headers=SAME).status_code == 403, "once"
    assert visitor.get("/invitation", params={"code": code}).status_code == 403

    given = {"name": "Dana", "password": WORDS}
    assert visitor.post("/sign-in", data=given, headers={"Origin": "http://evil.example"}).status_code == 403
    answers = [visitor.post("/sign-in", data=each, headers=SAME) for each in
               ({"name": "Dana", "password": "a guess"}, {"name": "Eve", "password": "a guess"})]  # fmt: skip
    assert [each.status_code for each in answers] == [403, 403]
    assert answers[0].text.replace("Dana", "Eve") == answers[1].text, "nobody learns which names there are"

    name = team.cockpit.member_cookie("http")
    visitor.cookies.set(name, "planted-by-somebody", domain=team.cockpit.name)
    assert visitor.post("/sign-in", data=given, headers=SAME).status_code == 303
    mine = visitor.cookies.get(name, domain=team.cockpit.name)
    assert mine and mine != "planted-by-somebody"
    assert visitor.get("/api/state").json()["home"] == ""
    assert visitor.post("/sign-out", headers=SAME).status_code == 303
    visitor.cookies.set(name, mine, domain=team.cockpit.name)
    assert visitor.get("/api/state").status_code == 401, "the cookie is good for nothing any more"
    for _ in range(signing_in.TRIES):
        visitor.post("/sign-in", data={**given, "password": "a guess"}, headers=SAME)
    locked = visitor.post("/sign-in", data=given, headers=SAME)
    assert (locked.status_code, "quarter of an hour" in locked.text) == (429, True)


def passed(app: Any, role: str, method: str, path: str, kind: str = "http") -> bool:
    """Whether the rule lets a member's request through."""
    seen: list[bool] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(True)

    async def send(message: Any) -> None:
        pass

    scope = {"type": kind, "method": method, "path": path, "headers": [], "query_string": b"", "root_path": "",
             "app": app, "member": Member(1, "X", role, 0)}  # fmt: skip
    if kind == "websocket":
        del scope["method"]
    asyncio.run(Roles(inner)(scope, None, send))  # type: ignore[arg-type]
    return bool(seen)


CLOSED_TO_CALLERS = ("settings", "effects", "audit", "jobs", "imports", "alerts", "experiments", "safety", "live", "digest",
                     "decisions", "week", "scripts", "sources", "overview", "folder", "charts", "policy", "buyers", "dnc",
                     "metrics.json", "federation", "memory", "welcome", "filters", "stack", "calls")  # fmt: skip


def test_every_route_for_every_role(team: Server) -> None:
    app = make_app(team.cockpit)
    declared, wrong = set(), []
    for route in app.routes:
        path = getattr(route, "path", "")
        if path.startswith("/static") or path in ("/api/openapi.json",):
            continue
        kind = "http" if getattr(route, "methods", None) else "websocket"
        first = path.removeprefix("/api").removeprefix("/ws").strip("/").split("/")[0]
        for method in getattr(route, "methods", None) or {"GET"}:
            declared.add(f"{method} {path}")
            asked = "".join("7" if part.startswith("{") else part for part in re.split(r"(\{[^}]*\})", path))
            let = {role: passed(app, role, method, asked, kind) for role in members.ROLES}
            closed = (
                first in CLOSED_TO_CALLERS
                or "export" in path
                or "lists" in path
                or "packet" in path
                or "sheet" in path
            )
            changes = method not in ("GET", "HEAD") and path not in ("/theme", "/sign-out")
            if not let["owner"] or (let["caller"] and closed) or (let["auditor"] and changes):
                wrong.append((method, path, let))
            if let["caller"] and not let["manager"]:
                wrong.append((method, path, let))
    assert wrong == []
    assert declared >= roles.CALLER | roles.OWNER | roles.FILES | roles.ANYBODY, (
        "the table names no route that is not there"
    )


def test_a_role_holds_over_the_wire_however_an_address_is_spelled(
    enter: Callable[[str], httpx.Client],
) -> None:
    ann, rob, mia = enter("Ann"), enter("Rob"), enter("Mia")
    for path in ("/settings", "/settings/", "/%73ettings", "/settings?x=1", "/effects", "/audit", "/api/settings",
                 "/leads/../settings", "/api/alerts", "/week", "/imports"):  # fmt: skip
        assert ann.get(path).status_code in (403, 404), path
    assert ann.get("/api/settings").json()["error"]["code"] == "ROLE"
    for path in ("/", "/work", "/leads", "/leads/1", "/calendar", "/deals"):
        page = ann.get(path)
        assert page.status_code == 200, path
        for closed in ("/settings", "/effects", "/audit", "/imports", "/leads/lists"):
            assert f'href="{closed}"' not in page.text, (path, closed)
    assert (
        rob.get("/audit").status_code
        == rob.get("/settings").status_code
        == rob.get("/work").status_code
        == 200
    )
    for path in ("/work/record", "/leads/1/note", "/settings", "/live/on", "/work/hold", "/work/release"):
        assert rob.post(path).status_code == 403
    assert mia.get("/settings").status_code == mia.get("/week").status_code == 200
    assert mia.post("/settings", data={"key": "interval", "value": "60"}).status_code == 403
    assert mia.post("/live/on", data={"word": "LIVE"}).status_code == 403


def test_two_callers_are_handed_two_people_and_what_they_do_bears_their_names(
    team: Server, enter: Callable[[str], httpx.Client], clock: Any
) -> None:
    database = team.cockpit.database
    ann, bo = enter("Ann"), enter("Bo")
    first, second = ann.get("/api/work").json(), bo.get("/api/work").json()
    one, other = first["card"]["lead"]["id"], second["card"]["lead"]["id"]
    assert one != other and first["hold"]["by"] == "Ann" and first["caller"] == "Ann"
    assert ann.get("/api/work").json()["card"]["lead"]["id"] == one, (
        "the same one until something is recorded"
    )
    assert one not in [each["id"] for each in second["upcoming"]]
    assert one not in [row["id"] for group in bo.get("/api/today").json()["groups"] for row in group["rows"]]
    refused = bo.get(f"/work?lead={one}")
    assert refused.status_code == 400 and "somebody else" in refused.text.lower()

    clock.advance(9 / 1440)
    assert ann.post("/work/hold").json()["until"]
    clock.advance(9 / 1440)
    assert bo.get("/api/work").json()["card"]["lead"]["id"] != one, "renewed while the page is open"
    assert ann.post("/work/release").status_code == 204
    assert ann.post("/work/hold").json()["until"] is None

    mine = ann.get("/api/work").json()
    lead = mine["card"]["lead"]["id"]
    record = {"key": mine["key"], "event": "callback", "when": "in 2 h", "note": "after work"}
    assert ann.post("/work/record", data=record).status_code == 303
    assert database.one("SELECT recorded_by FROM outcome") == ("Ann",)
    assert database.one("SELECT actor FROM audit WHERE action = 'outcome.record'") == ("Ann",)
    (promise,) = database.one("SELECT id FROM promise WHERE made_by = 'Ann'")
    clock.advance(0.1)
    assert bo.get("/api/work").json()["card"]["lead"]["id"] != lead, "a promise is for who made it"
    assert ann.get("/api/work").json()["card"]["lead"]["id"] == lead
    ann.post("/work/release")
    days = lambda who: [p["lead"] for day in who.get("/api/calendar").json()["days"] for p in day["promises"]]  # noqa: E731
    assert (days(ann), days(bo), days(enter("Mia"))) == ([lead], [], [lead])
    assert bo.post(f"/calendar/{promise}/end", data={"state": "dropped"}).status_code == 400
    (outcome,) = database.one("SELECT id FROM outcome")
    assert bo.post(f"/outcomes/{outcome}/undo").status_code == 400
    assert enter("Mia").post(f"/outcomes/{outcome}/undo").status_code == 303
    assert database.one("SELECT undone_by FROM outcome") == ("Mia",)
    assert bo.post("/leads/3/note", data={"text": "a dog"}).status_code == 303
    assert database.one("SELECT by FROM note WHERE text = 'a dog'") == ("Bo",)


def test_a_browser_that_dies_gives_the_person_back(
    team: Server, enter: Callable[[str], httpx.Client], clock: Any
) -> None:
    first = enter("Ann").get("/api/work").json()["card"]["lead"]["id"]
    bo = enter("Bo")
    assert bo.get("/api/work").json()["card"]["lead"]["id"] != first
    bo.post("/work/release")
    clock.advance(11 / 1440)
    assert bo.get("/api/work").json()["card"]["lead"]["id"] == first


def test_a_lead_that_somebody_adds_bears_their_name(
    team: Server, enter: Callable[[str], httpx.Client]
) -> None:
    added = {"name": "Gus Gray", "phone": "713-555-0177"}
    assert enter("Mia").post("/leads/add", data=added).status_code == 303
    assert team.cockpit.database.one("SELECT actor FROM audit WHERE action = 'lead.add'") == ("Mia",)


def _calls(module: Any) -> Iterator[tuple[str, ast.Call, Any]]:
    """The calls in a module of functions that can be found by their name there."""
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        parts = ast.unparse(node.func).split(".")
        found: Any = jobs.Chores if parts[0] == "chores" else module
        for part in parts[parts[0] == "chores" :]:
            found = getattr(found, part, None)
        if callable(found):
            yield ".".join(parts), node, found


def test_whatever_a_page_has_done_is_done_under_the_name_of_who_asks() -> None:
    nameless, named = [], 0
    for each in pkgutil.iter_modules(pages.__path__):
        module = importlib.import_module(f"{pages.__name__}.{each.name}")
        for name, call, function in _calls(module):
            try:
                parameters = [one for one in inspect.signature(function).parameters if one != "self"]
            except (TypeError, ValueError):
                continue
            if "actor" not in parameters:
                continue
            given = any(word.arg == "actor" for word in call.keywords)
            named += 1
            if not given and len(call.args) <= parameters.index("actor"):
                nameless.append(f"{each.name}.py:{call.lineno}: {name}")
    assert nameless == [] and named > 50
