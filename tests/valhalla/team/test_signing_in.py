"""Invitations, passwords, sessions, and what somebody who guesses learns: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from db import Database
from db.verifying import verify
from valhalla.program.database import memory_database
from valhalla.program.errors import UsageError
from valhalla.team import members, passwords, signing_in
from valhalla.team.passwords import _hasher as real_hasher

WORDS = "correct horse battery"

pytestmark = pytest.mark.usefixtures("quick_passwords")


@pytest.fixture
def database(clock: Any) -> Iterator[Database]:
    with memory_database() as database:
        database.clock = clock
        members.switch(database, True)
        members.add(database, "Dana", "caller")
        yield database


def choose(database: Database, name: str = "Dana", password: str = WORDS) -> str:
    code = passwords.invite(database, name)[1].code
    passwords.accept(database, code, password, password)
    return code


def test_an_invitation_lets_its_member_choose_a_password_once(database: Database, clock: Any) -> None:
    assert signing_in.sign_in(database, "Dana", "").result == "wrong", "nobody signs in without a password"
    code = choose(database)
    entered = signing_in.sign_in(database, " dana ", WORDS)
    assert entered.result == "in" and signing_in.present(database, entered.cookie) == entered.member
    for used in (code, "", "made up"):
        with pytest.raises(UsageError, match="seven days"):
            passwords.accept(database, used, "another password", "another password")
    late = passwords.invite(database, "Dana")[1].code
    newer = passwords.invite(database, "Dana")[1].code
    assert passwords.invited(database, late) is None, "a newer one takes its place"
    clock.advance(7.1)
    assert passwords.invited(database, newer) is None, "and it lapses"
    assert signing_in.sign_in(database, "Dana", WORDS).result == "in", "the old password held meanwhile"


def test_a_new_password_ends_every_session(database: Database) -> None:
    choose(database)
    cookie = signing_in.sign_in(database, "Dana", WORDS).cookie
    choose(database, password="another good password")
    assert signing_in.present(database, cookie) is None
    assert signing_in.sign_in(database, "Dana", WORDS).result == "wrong"


@pytest.mark.parametrize(
    ("password", "again", "says"),
    [("short", "short", "at least 10"), ("x" * 201, "x" * 201, "at most 200"), (WORDS, WORDS + "x", "not the same"),
     ("dana 2026!!", "dana 2026!!", "easy to guess"), ("aaaaaaaaaab", "aaaaaaaaaab", "easy to guess")],
)  # fmt: skip
def test_what_cannot_be_a_password_is_said_and_uses_nothing_up(
    database: Database, password: str, again: str, says: str
) -> None:
    code = passwords.invite(database, "Dana")[1].code
    with pytest.raises(UsageError, match=says):
        passwords.accept(database, code, password, again)
    assert passwords.invited(database, code) is not None


def test_a_session_ends_by_rest_by_age_by_leaving_and_with_the_team(database: Database, clock: Any) -> None:
    choose(database)

    def enter() -> str | None:
        return signing_in.sign_in(database, "Dana", WORDS).cookie

    rested = enter()
    clock.advance(0.4)
    assert signing_in.present(database, rested)
    clock.advance(0.4)
    assert signing_in.present(database, rested), "a request counts"
    clock.advance(0.51)
    assert not signing_in.present(database, rested)
    old = enter()
    for _ in range(17):
        clock.advance(0.4)
        signing_in.present(database, old)
    assert signing_in.present(database, old)
    clock.advance(0.4)
    assert not signing_in.present(database, old), "not longer than a week"
    left = enter()
    assert left is not None
    signing_in.sign_out(database, left)
    assert not signing_in.present(database, left)
    off = enter()
    members.switch(database, False)
    members.switch(database, True)
    assert not signing_in.present(database, off)
    gone = enter()
    members.remove(database, "Dana")
    assert not signing_in.present(database, gone)
    assert signing_in.sign_in(database, "Dana", WORDS).result == "wrong"


def test_signing_in_makes_a_new_session_and_ends_the_one_that_was_brought(database: Database) -> None:
    choose(database)
    planted = signing_in.sign_in(database, "Dana", WORDS).cookie
    mine = signing_in.sign_in(database, "Dana", WORDS, planted).cookie
    assert mine != planted
    assert not signing_in.present(database, planted) and signing_in.present(database, mine)


def test_whether_a_name_exists_cannot_be_found_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(database)
    work: list[bool] = []
    real = passwords.fits
    monkeypatch.setattr(passwords, "fits", lambda *given: work.append(True) or real(*given))  # type: ignore[func-returns-value]
    answers: dict[str, list[str]] = {}
    writes: dict[str, list[int]] = {}
    for name in ("Dana", "Nobody"):
        for _ in range(signing_in.TRIES + 2):
            before = database.value("SELECT count(*) FROM audit")
            answers.setdefault(name, []).append(signing_in.sign_in(database, name, "a guess").result)
            writes.setdefault(name, []).append(database.value("SELECT count(*) FROM audit") - before)
    assert answers["Dana"] == answers["Nobody"] == ["wrong"] * signing_in.TRIES + ["locked"] * 2
    assert len(work) == 2 * signing_in.TRIES, (
        "a hash is made for each try of both, and for none that is locked"
    )
    assert writes["Dana"][1 : signing_in.TRIES] == writes["Nobody"][1 : signing_in.TRIES], (
        "and as much is written"
    )


def test_who_guesses_is_locked_out_and_so_is_the_right_password(database: Database, clock: Any) -> None:
    members.add(database, "Lee", "manager")
    choose(database)
    choose(database, "Lee")
    for _ in range(signing_in.TRIES):
        assert signing_in.sign_in(database, "Dana", "a guess").result == "wrong"
    assert signing_in.sign_in(database, "Dana", WORDS).result == "locked"
    assert signing_in.sign_in(database, "Lee", WORDS).result == "in", "the others work on"
    assert database.value("SELECT count(*) FROM alert WHERE task = 'sign_in'") == 1
    clock.advance(1 / 24)
    assert signing_in.sign_in(database, "Dana", WORDS).result == "in"


def test_the_log_says_who_and_when_and_keeps_no_password(database: Database) -> None:
    choose(database)
    signing_in.sign_in(database, "my secret word", "my other secret")
    signing_in.sign_in(database, "Dana", "my third secret")
    cookie = signing_in.sign_in(database, "Dana", WORDS).cookie
    assert cookie is not None
    signing_in.sign_out(database, cookie)
    assert [(each.name, each.result) for each in signing_in.log(database)] == [
        ("Dana", "out"), ("Dana", "in"), ("Dana", "wrong"), (None, "wrong"),
    ]  # fmt: skip
    kept = "".join(
        str(row)
        for (table,) in list(
            database.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        )
        for row in database.sql(f'SELECT * FROM "{table}"')
    )
    for secret in ("secret", "horse", cookie):
        assert secret not in kept
    assert verify(database).ok


def test_a_hash_costs_what_guessing_should_cost() -> None:
    made = real_hasher()
    assert made.type.name == "ID" and made.memory_cost >= 19 * 1024 and made.time_cost >= 2, (
        "OWASP's least for Argon2id"
    )
