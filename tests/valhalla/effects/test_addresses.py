"""No secret stands in an address that is kept, nothing goes out unencrypted unasked, and a standing yes is for one address."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import Database, copies, copying, inspecting
from valhalla.effects import drafting, register
from valhalla.effects.outcome import EffectError
from valhalla.effects.running import Effects
from valhalla.program import settings
from valhalla.program.database import open_copy
from valhalla.program.errors import UsageError
from valhalla.program.models import Setting
from valhalla.program.schema import SCHEMA

Make = Callable[..., Effects]
TO = "https://crm.example.com/hook"


@pytest.mark.parametrize(
    "address",
    [
        "https://user:hunter2@crm.example.com/hook",
        "https://hunter2@crm.example.com/hook",
        "https://crm.example.com/hook?token=hunter2",
        "https://crm.example.com/hook?a=1&API_KEY=hunter2",
        "https://crm.example.com/hook?code=hunter2",
        "https://crm.example.com/hook?sig=hunter2;b=2",
        "https://crm.example.com/hook?x-functions-key=hunter2",
        "https://crm.example.com/hook?access%5Ftoken=hunter2",
        "https://crm.example.com/hook#secret=hunter2",
    ],
)
@pytest.mark.parametrize("key", ["webhook.url", "console.federation_url"])
def test_an_address_with_a_secret_is_refused_without_repeating_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, key: str, address: str
) -> None:
    with pytest.raises(UsageError, match="copied for auditors") as refused:
        settings.save(database, key, address)
    assert "hunter2" not in str(refused.value)
    monkeypatch.setenv(settings.environment_name(key), address)
    with pytest.raises(UsageError):
        settings.value(database, key)


def test_a_draft_and_an_address_of_an_older_version_are_refused_too(database: Database) -> None:

    with pytest.raises(UsageError, match="user or password"):
        drafting.webhook(database, 1, "https://a:b@c.example")
    with database.write():
        row = {"key": "webhook.url", "value": '"https://a:hunter2@c.example"'}
        Setting.insert(**row, updated_at=1, updated_by="0.1").execute(database)
    assert drafting.for_new_leads(database, [1]) == []
    reasons = [reason for (reason,) in database.sql("SELECT reason FROM alert")]
    assert len(reasons) == 1 and "holds a secret" in reasons[0] and "hunter2" not in reasons[0]


@pytest.mark.parametrize("host", ["user:hunter2@smtp.example.com", "smtp.example.com/x", "a b"])
def test_a_mail_server_is_a_name(database: Database, host: str) -> None:
    with pytest.raises(UsageError) as refused:
        settings.save(database, "mail.host", host)
    assert host not in str(refused.value)


@pytest.mark.parametrize(
    "address", [f"{TO}?source=valhalla&monkey=1&zipcode=2", "env:CRM_HOOK", "keyring:crm/hook", TO]
)
def test_other_addresses_and_references_are_taken(database: Database, address: str) -> None:
    assert settings.save(database, "webhook.url", address) == address


def test_a_webhook_goes_to_the_address_behind_its_reference_which_is_written_nowhere(
    database: Database, make: Make, receiver: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = receiver.url.replace("http://", "http://user:hunter2@") + "?token=hunter3"
    monkeypatch.setenv("CRM_HOOK", address)
    effects = make(is_live=True)
    effect = register.draft(database, "webhook", "env:CRM_HOOK", {"a": 1}, about="x")
    register.approve(database, effect["id"])
    assert effects.run(effect["id"]) == "done"
    assert receiver.requests[0][0]["Authorization"].startswith("Basic ")
    copy = copying.copy(database, tmp_path / "copy.db")
    assert not re.search(b"hunter[23]", copy.read_bytes())


def test_a_reference_that_holds_no_address_fails_without_showing_it(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_HOOK", "hunter2")
    effects = make(is_live=True)
    effect = register.draft(database, "webhook", "env:CRM_HOOK", {}, about="x")
    register.approve(database, effect["id"])
    assert effects.run(effect["id"]) == "failed"
    assert "hunter2" not in register.show(database, effect["id"])["reason"]


def test_chain_and_redacted_copy_hold_a_hash_of_addresses(database: Database, tmp_path: Path) -> None:
    for key, text in (
        ("webhook.url", TO),
        ("digest.mail", "jane@crm.example.com"),
        ("mail.host", "m.crm.example.com"),
    ):
        settings.save(database, key, text)
    register.stand(database, "webhook", 3)
    register.draft(database, "webhook", TO, {}, about="x")
    assert settings.recorded(settings.effective(database))["webhook.url"].startswith("sha256:")
    assert not [body for (body,) in database.sql("SELECT body FROM audit") if "crm.example" in body]
    copy = tmp_path / "copy.db"
    copies.audit_copy(database, copy, version="test", redact=True)
    assert b"crm.example" not in copy.read_bytes()
    assert inspecting.inspect(copy, SCHEMA).ok
    with open_copy(copy) as redacted:
        assert settings.value(redacted, "webhook.url") is None


@pytest.mark.parametrize(
    ("kind", "target", "values"),
    [
        ("webhook", "http://192.0.2.1:9/hook", {}),
        ("webhook", "http://127.0.0.1.example.com:9/hook", {}),
        (
            "email",
            "a@example.com",
            {"mail.host": "192.0.2.1", "mail.from": "me@example.com", "mail.tls": "none"},
        ),
    ],
)
def test_nothing_goes_to_another_computer_unencrypted_without_a_yes(
    database: Database,
    make: Make,
    kind: str,
    target: str,
    values: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("valhalla.effects.webhook.send", lambda *a, **k: sent.append("webhook") or {})
    monkeypatch.setattr("valhalla.effects.mail.send", lambda *a, **k: sent.append("email") or {})
    effects = make(is_live=True, values=values)
    effect = register.draft(database, kind, target, {"subject": "s", "text": "t"}, about="x")
    register.approve(database, effect["id"])
    assert effects.run(effect["id"]) == "failed"
    assert "effects.unencrypted" in register.show(database, effect["id"])["reason"]
    assert sent == []
    settings.save(database, "effects.unencrypted", "on")
    register.put_back(database, effect["id"])
    assert effects.run(effect["id"]) == "done"
    assert sent == [kind]


def test_a_standing_approval_is_for_one_address_and_ends_when_it_changes(database: Database) -> None:
    with pytest.raises(EffectError, match=r"webhook\.url"):
        register.stand(database, "webhook", 5)
    settings.save(database, "webhook.url", TO)
    register.stand(database, "webhook", 5)
    other = register.draft(database, "webhook", "https://evil.example.com", {}, about="1")["id"]
    assert not register.approve_by_standing(database, other)
    here = register.draft(database, "webhook", TO, {}, about="2")["id"]
    assert register.approve_by_standing(database, here)
    settings.save(database, "webhook.url", "https://evil.example.com")
    assert not register.approve_by_standing(database, other)
    assert {each["kind"]: each["per_day"] for each in register.standing(database)}["webhook"] == 0
    assert database.value("SELECT count(*) FROM alert WHERE task = 'standing:webhook'") == 1
    settings.save(database, "webhook.url", TO)
    assert not register.approve_by_standing(
        database, register.draft(database, "webhook", TO, {}, about="3")["id"]
    )


def test_an_address_that_changes_behind_its_reference_stops_what_was_approved_for_the_other(
    database: Database, make: Make, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_HOOK", TO)
    settings.save(database, "webhook.url", "env:CRM_HOOK")
    register.stand(database, "webhook", 5)
    effects = make(is_live=True)
    number = register.draft(database, "webhook", "env:CRM_HOOK", {}, about="1")["id"]
    assert register.approve_by_standing(database, number)
    monkeypatch.setenv("CRM_HOOK", receiver.url)
    assert effects.run(number) == "blocked"
    assert receiver.requests == []
    assert "address has changed" in register.show(database, number)["reason"]


def test_another_mail_server_ends_the_standing_approval_of_mails(database: Database) -> None:
    settings.save(database, "mail.host", "smtp.example.com")
    register.stand(database, "email", 5)
    settings.save(database, "mail.host", "smtp.evil.example.com")
    assert register.end_outdated(database) == ["email"]


def test_a_standing_approval_of_a_file_without_addresses_covers_nothing(database: Database) -> None:
    settings.save(database, "webhook.url", TO)
    number = register.stand(database, "webhook", 5)
    with database.write():
        database.sql("UPDATE standing_approval SET address = NULL WHERE id = ?", (number,))
    assert not register.approve_by_standing(
        database, register.draft(database, "webhook", TO, {}, about="1")["id"]
    )


def test_the_refusal_on_the_settings_page_repeats_no_secret() -> None:
    assert all(settings.is_hidden(key) for key in ("webhook.url", "mail.password", "webhook.secret"))
    assert json.dumps(settings.recorded({"interval": 30})) == '{"interval": 30}'
