"""Whom an effect reaches is asked of do-not-contact, when it is drafted and where sending begins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from db import Database
from valhalla.effects import live, register
from valhalla.effects.outcome import EffectError
from valhalla.effects.recipients import NotToBeContacted
from valhalla.leads import do_not_contact, suppression
from valhalla.program import secrets

Make = Callable[..., Any]


def keep_out(database: Database, *texts: str) -> None:
    do_not_contact.add(database, [suppression.entry(text) for text in texts])


def mail_to(database: Database, address: str) -> int:
    payload = {"subject": "Hello", "text": "Hello"}
    return int(register.draft(database, "email", address, payload, about=address)["id"])


@pytest.mark.parametrize("entry", ["jane@canary.example", "canary.example"])
def test_a_mail_to_an_address_on_the_list_is_not_drafted(database: Database, entry: str) -> None:
    keep_out(database, entry)
    with pytest.raises(NotToBeContacted, match="must not be contacted"):
        mail_to(database, "Jane@Canary.example")
    assert register.find(database) == []


def test_a_webhook_about_an_address_or_number_on_the_list_is_not_drafted(database: Database) -> None:
    keep_out(database, "jane@canary.example", "713-555-0188")
    for lead in ({"email": "JANE@canary.example"}, {"phone": "(713) 555-0188"}):
        with pytest.raises(NotToBeContacted):
            register.draft(database, "webhook", "http://127.0.0.1:1/", {"lead": lead}, about=str(lead))


def test_who_was_forgotten_gets_no_mail_under_another_lead(database: Database) -> None:
    with database.write():
        do_not_contact.forget(database, [suppression.entry("jane@canary.example")], "test")
    with pytest.raises(NotToBeContacted):
        mail_to(database, "jane@canary.example")


@pytest.mark.parametrize(
    "target", ["a@example.com, b@example.com", "a@example.com;b@example.com", "Ann <a@example.com>", "ann"]
)
def test_one_mail_goes_to_one_address(database: Database, target: str) -> None:
    with pytest.raises(EffectError, match="one e-mail address"):
        mail_to(database, target)


def test_an_entry_that_came_after_the_approval_blocks(database: Database, make: Make, receiver: Any) -> None:
    lead = {"lead": {"email": "jane@canary.example"}}
    number = register.draft(database, "webhook", receiver.url, lead, about="one")["id"]
    register.approve(database, number)
    keep_out(database, "jane@canary.example")
    effects = make(is_live=True)
    assert effects.run(number) == "blocked" and receiver.requests == []
    reason = register.show(database, number)["reason"]
    assert "must not be contacted" in reason and "jane" not in reason
    assert effects.alerts.get_alerts("critical")[0]["task"] == "risk:R14"


@pytest.mark.parametrize("decision", ["live off", "do not contact"])
def test_what_is_decided_while_a_keyring_is_read_stops_it(
    database: Database, make: Make, receiver: Any, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read_slowly(_: str) -> str:
        reading.set()
        assert go_on.wait(30)
        return "s3cret"

    monkeypatch.setattr(secrets, "read", read_slowly)
    effects = make(is_live=True, values={"webhook.secret": "keyring:valhalla/hook"})
    lead = {"lead": {"email": "jane@canary.example"}}
    number = register.draft(database, "webhook", receiver.url, lead, about="one")["id"]
    register.approve(database, number)
    states: list[str] = []
    worker = threading.Thread(target=lambda: states.append(effects.run(number)))
    worker.start()
    assert reading.wait(30)
    if decision == "live off":
        live.close(database, "test")
    else:
        keep_out(database, "jane@canary.example")
    go_on.set()
    worker.join()
    assert states == ["blocked"] and receiver.requests == []
    assert database.value("SELECT count(*) FROM idempotency_key") == 0, "it can be sent later"
    assert effects.governor.get_status("effect.webhook")["current_actions"] == 0, "it takes no place"


def test_what_is_forgotten_while_it_is_prepared_is_not_sent(
    database: Database, make: Make, receiver: Any
) -> None:
    effects = make(is_live=True)
    number = register.draft(database, "webhook", receiver.url, {"name": "Jane"}, about="one", lead_id=7)["id"]
    register.approve(database, number)
    prepare = effects._senders.prepare

    def forget_first(effect: dict[str, Any]) -> Any:
        with database.write():
            register.blank(database, [7])
        return prepare(effect)

    effects._senders.prepare = forget_first
    assert effects.run(number) == "denied" and receiver.requests == []
