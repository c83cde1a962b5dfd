"""The cockpit on the local network: off by default, over TLS only, for members who sign in and for nobody else."""

from __future__ import annotations

import hashlib
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from db import Database
from valhalla.cockpit.server import Server
from valhalla.program import settings
from valhalla.program.errors import InputError, UsageError
from valhalla.program.home import Home
from valhalla.service import network, team_links, tokens
from valhalla.team import members, passwords

WORDS = "correct horse battery"
SAME = {"Sec-Fetch-Site": "same-origin"}

pytestmark = pytest.mark.usefixtures("quick_passwords")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def reached(database: Database, serve: Callable[..., Server]) -> Server:
    """A cockpit that the network reaches, with one caller."""
    members.switch(database, True)
    members.add(database, "Ann", "caller")
    code = passwords.invite(database, "Ann")[1].code
    passwords.accept(database, code, WORDS, WORDS)
    settings.save(database, "team.port", str(free_port()))
    network.switch(database, True)
    return serve()


def test_nothing_listens_beyond_this_computer_until_the_owner_says_so(
    database: Database, serve: Callable[..., Server]
) -> None:
    with pytest.raises(UsageError, match="team on"):
        network.switch(database, True)
    settings.save(database, "team.network", "on")
    server = serve()
    assert {each.getsockname()[0] for each in server._sockets} <= {"127.0.0.1", "::1"}
    assert not (server.cockpit.home.path / "tls").exists()


def test_from_the_network_there_is_only_tls_and_only_who_signs_in(
    reached: Server, cockpit_home: Home
) -> None:
    cockpit, database = reached.cockpit, reached.cockpit.database
    found = network.network(database, cockpit_home)
    plain = [each.getsockname() for each in reached._sockets[:-1]]
    assert {each[0] for each in plain} <= {"127.0.0.1", "::1"}
    base = f"https://127.0.0.1:{found.port}"
    host = {"Host": f"{found.names[0]}:{found.port}"}
    trust = ssl.create_default_context(cafile=str(found.identity.certificate))
    trust.check_hostname = False
    with pytest.raises((httpx.HTTPError, OSError)):
        httpx.get(f"http://127.0.0.1:{found.port}/healthz", headers=host)
    with httpx.Client(base_url=base, verify=trust, headers={**host, **SAME}, timeout=20) as phone:
        assert phone.get("/healthz").status_code == 200
        assert phone.get("/healthz", headers={"Host": "evil.example"}).status_code == 400, "no other name"
        assert phone.get("/leads").headers["location"] == "/sign-in"
        link = reached.link().partition("/?")[2]
        assert phone.get(f"/?{link}").headers.get("location") == "/sign-in", "links are for this computer"
        token = {"Authorization": f"Bearer {tokens.add(database, 'console', 'write')}"}
        assert phone.get("/api/leads", headers=token).status_code == 401, "and so are tokens"
        given = {"name": "Ann", "password": WORDS}
        assert phone.post("/sign-in", data=given, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        answer = phone.post("/sign-in", data=given)
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-valhalla=")
        for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
            assert part.lower() in cookie.lower()
        mine = {"Cookie": cookie.partition(";")[0]}
        assert phone.get("/", headers=mine).status_code == 200
        assert phone.get("/settings", headers=mine).status_code == 403
        origin = {"Sec-Fetch-Site": "", "Origin": f"http://{found.names[0]}:{found.port}"}
        del origin["Sec-Fetch-Site"]
        with httpx.Client(base_url=base, verify=trust, headers={**host, **mine}) as other:
            assert other.post("/theme", headers=origin).status_code == 403, "its own address is https"
            assert other.post("/theme", headers={"Origin": found.url}).status_code == 303
    der = ssl.get_server_certificate(("127.0.0.1", found.port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(der)).hexdigest().upper()
    assert found.identity.fingerprint.replace(":", "") == digest
    assert team_links.invitation(database, cockpit.home, "x") == f"{found.url}/invitation?code=x"
    if sys.platform != "win32":
        assert found.identity.key.stat().st_mode & 0o077 == 0


def test_the_certificate_stays_and_the_owner_may_bring_another(
    database: Database, cockpit_home: Home, tmp_path: Path, monkeypatch: Any
) -> None:
    members.switch(database, True)
    first = network.identity(database, cockpit_home)
    assert network.identity(database, cockpit_home) == first and not first.own
    with pytest.raises(InputError, match="certificate"):
        network.bring(database, first.certificate, first.certificate)
    mine, key = tmp_path / "mine.pem", tmp_path / "mine.key"
    network._make(mine, key)
    network.bring(database, mine, key)
    brought = network.identity(database, cockpit_home)
    assert brought.own and brought.fingerprint != first.fingerprint
    monkeypatch.setattr(network, "RENEW_DAYS", network.DAYS + 1)
    settings.save(database, "team.certificate", "")
    assert network.identity(database, cockpit_home).fingerprint != first.fingerprint, (
        "made again in good time"
    )


def test_a_terminal_shows_the_address_as_a_picture() -> None:
    assert len(network.picture("https://192.168.1.5:8443/sign-in").splitlines()) > 10
