"""Signed heads and manifests: what a stranger writes in their place is told apart."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db import Database, audit, heads
from valhalla.audit import copies, signing
from valhalla.audit.verifying import copy_of_file, home_file
from valhalla.program.database import open_database
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.program.home import Home


@pytest.fixture
def database(place: Home) -> Iterator[Database]:
    with open_database(place.database) as database:
        yield database


@pytest.fixture
def public(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    public, secret = signing.make(database, "env:AUDIT_KEY")
    assert secret is not None
    monkeypatch.setenv("AUDIT_KEY", secret)
    return public


def other_key() -> signing.Signer:
    return signing.load(base64.b64encode(b"7" * 32).decode())


def test_heads_and_manifests_are_signed_and_verified(database: Database, place: Home, public: str) -> None:
    signing.note(database, place.audit, "test")
    copy = copies.make(database, place, place.audit / "c.db")
    assert (copy["key"], signing.fits({name: copy[name] for name in copy if name != "path"})) == (
        public,
        True,
    )
    verdict = copy_of_file(place.audit / "c.db", key=public)
    assert verdict.ok, verdict.problems
    assert any("3 signatures fit" in note for note in verdict.notes), verdict.notes
    assert home_file(database, place.audit, key=public).ok


def test_a_key_that_signed_nothing_of_this_chain_is_named(
    database: Database, place: Home, public: str
) -> None:
    copies.make(database, place, place.audit / "c.db")
    verdict = copy_of_file(place.audit / "c.db", key=other_key().public)
    assert [(each.table, each.key) for each in verdict.problems] == [("signature", None)]


def change(path: Path, **facts: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


def test_a_manifest_that_was_changed_no_longer_fits_its_signature(
    database: Database, place: Home, public: str
) -> None:
    copies.make(database, place, place.audit / "c.db")
    change(place.audit / "c.db.manifest.json", at="2020-01-01T00:00:00+00:00")
    verdict = copy_of_file(place.audit / "c.db")
    assert [(each.table, each.key) for each in verdict.problems] == [("signature", "c.db.manifest.json")]


def test_heads_that_a_stranger_wrote_and_signed_do_not_pass_for_ours(
    database: Database, place: Home, public: str
) -> None:
    with database.write():
        audit.append(database, "x", "y", {})
    head = audit.head(database)
    facts = {"at": "now", "entries": head.entries, "head": head.hash, "why": "forged"}
    line = json.dumps(other_key().sign(facts))
    (place.audit / heads.NAME).write_text(line + "\n")
    assert home_file(database, place.audit).ok, "it is a signature like any other"
    assert not home_file(database, place.audit, key=public).ok
    (place.audit / heads.NAME).write_text(line.replace("forged", "signed") + "\n")
    verdict = home_file(database, place.audit)
    assert [(each.table, each.key) for each in verdict.problems] == [("signature", heads.NAME)]


def test_a_key_that_cannot_be_had_stops_nothing_and_is_told(
    database: Database, place: Home, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDIT_KEY")
    signing.note(database, place.audit, "test")
    (line,) = heads.lines(place.audit)
    assert "AUDIT_KEY" in line["unsigned"] and "signature" not in line
    monkeypatch.setenv("AUDIT_KEY", "no key")
    with pytest.raises(ValhallaError, match="32 bytes in base64"):
        signing.configured(database)


def test_the_key_is_kept_in_the_keyring_and_never_in_the_file(
    database: Database, place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(
        keyring, "set_password", lambda service, user, secret: kept.update({(service, user): secret})
    )
    monkeypatch.setattr(keyring, "get_password", lambda service, user: kept.get((service, user)))
    public, secret = signing.make(database, "keyring:valhalla/audit")
    assert secret is None
    signer = signing.configured(database)
    assert signer is not None and signer.public == public
    database.checkpoint()
    text = kept["valhalla", "audit"]
    path = copies.make(database, place, place.audit / "c.db")["path"]
    assert text.encode() not in Path(path).read_bytes()


def test_a_place_that_makes_no_sense_is_refused(database: Database) -> None:
    for reference in ("", "secret", "file:/x"):
        with pytest.raises(UsageError, match="env:NAME or keyring:SERVICE/NAME"):
            signing.make(database, reference)
