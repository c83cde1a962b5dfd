"""Who may ask the cockpit for what: every rule, over a real connection."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from db import Database
from valhalla.cockpit.security import limits
from valhalla.cockpit.security.sessions import FIRST, IDLE, MOST, Sessions
from valhalla.cockpit.server import Server, _has_second_address
from valhalla.program.database import open_database
from valhalla.service import links

MINUTE = 60_000_000


def raw(server: Server, request: str) -> str:
    """The first line of the answer to a request that no client would send."""
    with socket.create_connection(("127.0.0.1", server.cockpit.port), timeout=10) as line:
        line.sendall(request.encode("latin-1"))
        return line.recv(4096).decode("latin-1").split("\r\n")[0]


def test_it_listens_on_this_computer_only(server: Server) -> None:
    assert {each.getsockname()[0] for each in server._sockets} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("{name}:{port}", 200),
        ("{name}", 400),
        ("other.localhost:{port}", 400),
        ("x.{name}:{port}", 400),
        ("127.0.0.1", 400),
        ("127.0.0.1:1", 400),
        ("evil.example:{port}", 400),
        ("127.0.0.1.evil.example:{port}", 400),
        ("localhost.:{port}", 400),
        ("", 400),
    ],
)
def test_only_names_of_this_computer_are_answered(server: Server, host: str, status: int) -> None:
    for path in ("/healthz", "/static/cockpit.css"):
        line = raw(
            server,
            f"GET {path} HTTP/1.1\r\nHost: {host.format(port=server.cockpit.port, name=server.cockpit.name)}\r\n\r\n",
        )
        assert line.split()[1] == str(status)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_address_that_programs_share_explains_itself_and_shows_nothing(
    server: Server, client: httpx.Client, name: str
) -> None:
    host = {"Host": f"{name}:{server.cockpit.port}"}
    cookie = {"Cookie": f"{server.cockpit.cookie}={client.cookies[server.cockpit.cookie]}"}
    link = server.link().partition("/?")[2]
    with httpx.Client(base_url=f"http://127.0.0.1:{server.cockpit.port}", headers=host) as browser:
        for headers in ({}, cookie):
            for path in ("/", "/leads", "/nothing", f"/?{link}"):
                answer = browser.get(path, headers=headers)
                assert answer.status_code == 421
                assert "valhalla cockpit --open" in answer.text
                assert "set-cookie" not in answer.headers
                assert server.cockpit.name not in answer.text  # who does not know it need not learn it
            answer = browser.get("/api/state", headers=headers)
            assert answer.status_code == 401
            assert "valhalla token add" in answer.json()["error"]["message"]
            answer = browser.post("/theme", headers={**headers, "Sec-Fetch-Site": "same-origin"})
            assert answer.status_code == 421
        assert browser.get("/healthz").status_code == 200
    with httpx.Client() as person:
        assert person.get(f"{server.url}/?{link}").status_code == 303  # nobody has used it up there


def test_the_browser_keeps_the_cookie_from_every_other_port(
    client: httpx.Client, receive: Callable[..., str]
) -> None:
    seen: list[str | None] = []

    def answer(request: Any) -> None:
        seen.append(request.headers["Cookie"])
        request.send_response(204)
        request.end_headers()

    port = receive(answer).rpartition(":")[2]
    for name in ("127.0.0.1", "localhost"):
        assert client.get(f"http://{name}:{port}/").status_code == 204
    assert seen == [None, None]


def test_the_name_is_made_once_for_each_home(
    server: Server, serve: Callable[..., Server], tmp_path: Path
) -> None:
    assert serve().cockpit.name == server.cockpit.name
    with open_database(tmp_path / "other.db") as other:
        assert links.name_of(other) == links.name_of(other) != server.cockpit.name


@pytest.mark.skipif(not _has_second_address(), reason="there is no ::1 here")
def test_nobody_else_can_listen_where_browsers_look_first(server: Server, client: httpx.Client) -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sys.platform != "win32")
        with pytest.raises(OSError):
            other.bind(("::1", server.cockpit.port))
    assert httpx.get(f"http://[::1]:{server.cockpit.port}/healthz").status_code == 200


def test_two_host_headers_are_refused(server: Server) -> None:
    name = f"127.0.0.1:{server.cockpit.port}"
    line = raw(server, f"GET /healthz HTTP/1.1\r\nHost: {name}\r\nHost: evil.example\r\n\r\n")
    assert line.split()[1] == "400"


def test_a_foreign_host_opens_no_socket(server: Server, client: httpx.Client) -> None:
    line = raw(
        server,
        "GET /ws/live HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nOrigin: {server.url}\r\n"
        f"Cookie: {server.cockpit.cookie}={client.cookies[server.cockpit.cookie]}\r\n\r\n",
    )
    assert "101" not in line


def test_without_a_session_nothing_is_shown(visitor: httpx.Client) -> None:
    for path in ("/", "/leads", "/api/state", "/api/openapi.json", "/nothing"):
        answer = visitor.get(path)
        assert answer.status_code == 401
        assert "valhalla cockpit --open" in answer.text
    assert visitor.get("/api/state").json()["error"]["code"] == "SIGNED_OUT"
    assert visitor.get("/healthz").json() == {"ok": True}


def test_a_link_becomes_a_cookie_by_a_redirect(server: Server, visitor: httpx.Client) -> None:
    answer = visitor.get(server.link())
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"valhalla_{server.cockpit.port}=")
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "domain" not in cookie.lower()
    assert visitor.get("/").status_code == 200


def test_a_token_has_at_least_128_bits_and_the_file_only_its_hash(server: Server, database: Database) -> None:
    token = server.link().partition("token=")[2]
    assert len(token) * 6 >= 128
    rows = database.sql("SELECT key, value FROM kv WHERE queue = 'cockpit'")
    assert rows
    assert token not in str(rows)


def test_a_link_stays_good_until_its_cookie_is_presented(server: Server) -> None:
    link = server.link()
    with httpx.Client(base_url=server.url) as scanner, httpx.Client(base_url=server.url) as person:
        assert scanner.get(link).status_code == 303  # looks at the link and follows nothing
        assert person.get(link).status_code == 303
        assert person.get("/").status_code == 200
    with httpx.Client(base_url=server.url) as late:
        answer = late.get(link)
        assert answer.status_code == 403
        assert "fresh link" in answer.text


@pytest.fixture
def told(database: Database) -> Callable[[], list[str]]:
    """A function that returns what alerts and the audit log say of links."""

    def told() -> list[str]:
        alerts = database.sql("SELECT reason FROM alert WHERE task = 'cockpit.link'")
        entries = database.sql("SELECT action FROM audit WHERE action = 'link.again'")
        return [text for (text,) in [*alerts, *entries]]

    return told


def test_who_shows_a_cookie_of_a_link_first_ends_the_others(
    server: Server, told: Callable[[], list[str]]
) -> None:
    link = server.link()
    with httpx.Client(base_url=server.url) as thief, httpx.Client(base_url=server.url) as person:
        assert thief.get(link).status_code == 303  # saw it first, and waits
        assert person.get(link).status_code == 303
        assert person.get("/").status_code == 200
        assert told() == []
        assert thief.get("/").status_code == 401
        assert person.get("/").status_code == 200
    assert len(told()) == 2
    assert "signs everybody out" in told()[0]


def test_a_second_use_of_a_link_is_reported_once(
    server: Server, visitor: httpx.Client, client: httpx.Client, told: Callable[[], list[str]]
) -> None:
    link = server.link()
    assert visitor.get(link).status_code == 303
    assert visitor.get("/").status_code == 200
    assert visitor.get(link).status_code == 303  # a browser that is signed in may open it again
    assert told() == []
    for _ in range(3):
        with httpx.Client() as late:
            answer = late.get(link)
        assert answer.status_code == 403
        assert "in another browser" in answer.text
    assert len(told()) == 2


def test_a_link_that_a_signed_in_browser_opens_is_spent(server: Server, client: httpx.Client) -> None:
    link = server.link()
    assert client.get(link).status_code == 303
    with httpx.Client() as late:
        assert late.get(link).status_code == 403


def test_a_cookie_that_is_kept_for_later_lets_nobody_in() -> None:
    now = 0.0
    sessions = Sessions(lambda link: True, lambda: now)
    kept, used = sessions.exchange("one"), sessions.exchange("two")
    session = sessions.present(used)
    assert session is not None
    assert sessions.come_in(session)
    now = FIRST + 1
    assert sessions.present(kept) is None
    assert sessions.present(used) is session
    now += IDLE + 1
    assert sessions.present(used) is None


def test_cookies_that_nobody_shows_push_out_nobody() -> None:
    sessions = Sessions(lambda link: True)
    used = sessions.exchange("one")
    session = sessions.present(used)
    assert session is not None
    sessions.come_in(session)
    for _ in range(MOST + 1):
        sessions.exchange("two")
    assert sessions.present(used) is session


def test_a_spent_link_stays_spent_when_the_program_starts_again(
    server: Server, serve: Callable[..., Server], visitor: httpx.Client, told: Callable[[], list[str]]
) -> None:
    link = server.link()
    assert visitor.get(link).status_code == 303
    assert visitor.get("/").status_code == 200
    server.stop()
    again = serve()
    with httpx.Client(base_url=again.url) as thief:
        assert thief.get("/?token=" + link.partition("token=")[2]).status_code == 403
    assert len(told()) == 2


def test_an_old_cookie_alone_is_no_second_use(
    server: Server, serve: Callable[..., Server], client: httpx.Client, told: Callable[[], list[str]]
) -> None:
    again = serve()
    value = client.cookies[server.cockpit.cookie]
    with httpx.Client(base_url=again.url, cookies={again.cockpit.cookie: value}) as old:
        assert old.get("/").status_code == 401
    assert told() == []


def test_a_link_lapses_after_a_minute(server: Server, visitor: httpx.Client, database: Database) -> None:
    link, now = server.link(), database.clock()
    database.clock = lambda: now + MINUTE + 1
    assert visitor.get(link).status_code == 403
    database.clock = lambda: now - MINUTE  # nor does setting the clock back keep it good
    assert visitor.get(link).status_code == 403


def test_another_process_makes_a_link_through_the_file(
    server: Server, visitor: httpx.Client, database: Database
) -> None:
    assert database.path is not None
    with open_database(database.path) as beside:
        beside.clock = database.clock
        link = links.make(beside, server.url)
    assert visitor.get(link).status_code == 303


def test_a_wrong_token_is_refused(server: Server, visitor: httpx.Client) -> None:
    for token in ("", "x", "0" * 32, "%00", "é"):
        assert visitor.get("/", params={"token": token}).status_code in (401, 403)


def test_a_token_redirects_within_the_cockpit_only(server: Server) -> None:
    for path in ("//evil.example/", "/%5Cevil.example", "///evil.example"):
        token = server.link().partition("token=")[2]
        with httpx.Client(base_url=server.url) as person:
            answer = person.get(f"{server.url}{path}?token={token}&a=1")
        assert answer.headers["location"].startswith("/")
        assert answer.headers["location"][1] not in "/\\"


def test_signing_out_ends_the_session(client: httpx.Client, server: Server) -> None:
    value = client.cookies[server.cockpit.cookie]
    assert client.post("/sign-out").status_code == 303
    assert client.get("/", headers={"Cookie": f"{server.cockpit.cookie}={value}"}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),  # what a page without referrer sends
        ({"Sec-Fetch-Site": "same-site"}, False),  # another port of this computer
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://{name}:{port}"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Origin": "http://{name}:{port}"}, True),
        ({"Origin": "http://127.0.0.1:{port}"}, False),
        ({"Origin": "http://localhost:{port}"}, False),
        ({"Origin": "https://{name}:{port}"}, False),
        ({"Origin": "http://{name}:1"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_come_from_our_own_pages(
    server: Server, client: httpx.Client, headers: dict[str, str], allowed: bool, method: str
) -> None:
    del client.headers["Sec-Fetch-Site"]
    given = {
        each: value.format(port=server.cockpit.port, name=server.cockpit.name)
        for each, value in headers.items()
    }
    answer = client.request(method, "/theme", headers=given)
    assert (answer.status_code != 403) is allowed


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:1"])
def test_a_socket_from_elsewhere_is_refused(connect: Callable[..., object], origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect("/ws/live", origin=origin)
    assert refused.value.response.status_code == 403


def test_a_socket_needs_the_cookie(connect: Callable[..., object]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect("/ws/live", cookie=False)
    assert refused.value.response.status_code in (401, 403)


def test_every_answer_forbids_what_pages_do_not_need(visitor: httpx.Client, client: httpx.Client) -> None:
    answers = [
        client.get("/"),
        client.get("/api/state"),
        client.get("/nothing"),
        client.get("/static/cockpit.css"),
        visitor.get("/"),
        visitor.get("/", headers={"Host": "evil.example"}),
        client.post("/theme", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in answer.headers
    assert client.get("/").headers["cache-control"] == "no-store"


def test_pages_have_no_inline_script_or_style(client: httpx.Client) -> None:
    for entry in ("/", "/live"):
        page = client.get(entry).text
        assert "<style" not in page
        assert " style=" not in page
        assert "javascript:" not in page
        assert "<script>" not in page
        assert " onclick" not in page


def test_too_large_a_body_is_refused(client: httpx.Client, server: Server) -> None:
    large = b"x" * (limits.BODY + 1)
    answer = client.post("/theme", content=large)
    assert answer.status_code == 413

    def pieces() -> object:
        for _ in range(limits.BODY // 65_536 + 2):
            yield b"y" * 65_536

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post("/theme", content=pieces(), headers=form).status_code == 413  # type: ignore[arg-type]


def test_long_addresses_and_many_parameters_are_refused(client: httpx.Client) -> None:
    assert client.get("/?" + "a" * limits.QUERY).status_code == 414
    assert client.get("/?" + "&".join(f"a{i}=1" for i in range(100))).status_code == 414


def test_errors_say_one_sentence_and_no_trace(
    client: httpx.Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret ann@example.com /home/somebody")

    monkeypatch.setattr("valhalla.cockpit.frame.gather", broken)
    for path, accept in (("/", "text/html"), ("/api/state", "application/json")):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "ann@" not in answer.text
        assert "Traceback" not in answer.text
        assert "the log has it under" in answer.text


def test_what_is_wrong_with_a_parameter_is_told_without_repeating_it(client: httpx.Client) -> None:
    answer = client.get("/nothing<script>alert(1)</script>")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert client.get("/api/nothing").json()["error"]["code"] == "NOT_FOUND"


def test_a_read_only_cockpit_refuses_on_the_server(
    serve: Callable[..., Server], sign_in: Callable[[Server], httpx.Client]
) -> None:
    client = sign_in(serve(read_only=True))
    answer = client.post("/live/on", data={"word": "LIVE"}, headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "READ_ONLY"
    assert client.get("/").status_code == 200
    assert client.post("/theme", data={"theme": "dark"}).status_code == 303


def test_static_files_do_not_lead_out_of_their_folder(server: Server) -> None:
    name = f"127.0.0.1:{server.cockpit.port}"
    for path in (
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..\\app.py",
        "/static//etc/passwd",
    ):
        assert raw(server, f"GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n").split()[1] in ("400", "401", "404")


def test_the_documentation_pages_that_load_from_elsewhere_are_not_there(client: httpx.Client) -> None:
    for path in ("/docs", "/redoc"):
        assert client.get(path).status_code == 404
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Valhalla"
