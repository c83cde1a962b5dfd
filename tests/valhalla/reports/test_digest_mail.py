"""The digest as a mail: an effect like any other."""

from __future__ import annotations

import email
import email.policy
from pathlib import Path
from typing import Any

import pytest

from db import Database
from valhalla.effects import mail, register
from valhalla.effects.outcome import Refused
from valhalla.effects.sending import Senders
from valhalla.program import settings
from valhalla.program.errors import UsageError
from valhalla.program.home import Home
from valhalla.reports.digest_mail import draft
from valhalla.service.whole import WholeProgram

VALUES = {"mail.host": "127.0.0.1", "mail.from": "me@example.com", "mail.tls": "none"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "logs").mkdir()
    return Home(tmp_path)


def senders(database: Database) -> Senders:
    return Senders(database, {**settings.effective(database), **VALUES})


def test_it_is_drafted_once_a_day_and_names_nobody(
    database: Database, home: Home, load: Any, tmp_path: Path
) -> None:
    load("Ann Lee,a@x.com,150000,,7135550100,,,,,")
    effect = draft(database, home, "me@example.com")
    assert (effect["state"], effect["kind"], effect["target"]) == ("drafted", "email", "me@example.com")
    assert effect["payload"]["digest"] == "2026-09-21" and "Ann" not in str(effect)
    assert draft(database, home, "me@example.com")["id"] == effect["id"]
    assert draft(database, home, "you@example.com")["id"] != effect["id"]
    with pytest.raises(UsageError, match="not an e-mail address"):
        draft(database, home, "me")


def test_text_and_page_are_sent(
    database: Database, home: Home, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load("Ann Lée,a@x.com,150000,,7135550100,,,,,")
    sent = []

    class Client:
        def send_message(self, message: Any, to_addrs: list[str]) -> None:
            assert to_addrs == ["me@example.com"]
            sent.append(message.as_bytes())

        def quit(self) -> None:
            pass

    monkeypatch.setattr(mail, "_connected", lambda server, line: Client())
    effect = draft(database, home, "me@example.com")
    senders(database).prepare(effect)()
    found = email.message_from_bytes(sent[0], policy=email.policy.default)
    plain, page = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None and "Ann Lée" in plain.get_content()
    assert page is not None and "Ann Lée" in page.get_content() and "<html" in page.get_content()
    assert found["Subject"].startswith("Valhalla, 2026-09-21: 1 new lead")


def test_a_digest_that_is_gone_is_refused_before_anything_is_sent(database: Database, home: Home) -> None:
    effect = draft(database, home, "me@example.com")
    for path in home.logs.glob("digest-*"):
        path.unlink()
    with pytest.raises(Refused, match="2026-09-21 cannot be read"):
        senders(database).prepare(effect)


def test_each_evening_drafts_one_and_a_standing_approval_lets_it_pass(database: Database, home: Home) -> None:
    background, passed = WholeProgram(database, home).background, list[int]()
    background.approved = passed.append
    background._digest()
    assert register.find(database) == []
    settings.save(database, "digest.mail", "me@example.com")
    background._digest()
    assert [each["state"] for each in register.find(database)] == ["drafted"] and passed == []
    register.stand(database, "email", 5)
    settings.save(database, "digest.mail", "you@example.com")
    background._digest()
    assert [each["state"] for each in register.find(database)] == ["drafted", "approved"]
    assert passed == [2]
