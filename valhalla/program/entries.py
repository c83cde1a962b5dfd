"""What an entry of the audit chain must not say. It stays for good, so nothing in it may name a person.

An entry about something that was done is never refused: the words are taken out of it, and an alert says which entries
were meant to hold some.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from db import audit
from valhalla.program import correlation, sql
from valhalla.program.later import later
from valhalla.program.masking import masked_text
from valhalla.program.patterns import pattern

if TYPE_CHECKING:
    import logging

    from db.connection import Connections
else:
    logging = later("logging")

TASK = "audit:words"
"""The task of the alert."""

_ANSWERED = pattern(r"the (?:receiver|mail server) answered \d{3}:? (?!\(|again)[^;\"]")
"""What version 0.1 wrote of an answer: its code, and then the receiver's own words."""

SHORTEST = 4
"""Letters of a name from which on it is looked for: a shorter one is a part of too many words."""


def checked(
    database: Connections, action: str, subject: str, body: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    """Subject and body of an entry without e-mail addresses, phone numbers, and the name of the lead they are about."""
    names = _names(database, subject, body)
    masked = _without(subject, names), _without(body, names)
    if masked != (subject, body):
        found_words(database, action)
    return masked


def holding_words(database: Connections) -> list[int]:
    """The entries of the chain that hold an e-mail address, a phone number or what a receiver answered, as version 0.1 let them."""
    return [
        number
        for number, subject, body in database.sql(sql.ENTRIES)
        if masked_text(subject) != subject or masked_text(body) != body or _ANSWERED.search(body)
    ]


def found_words(database: Connections, action: str) -> None:
    """An entry was about to name a person: raise an alert in its transaction, or count the standing one once more."""
    now = database.clock()
    reason = f"an entry of the audit log ({action}) was about to hold a person's words; they were left out"
    logging.getLogger("valhalla.entries").error("%s", reason)
    database.sql(sql.COUNT_WORDS_AGAIN, (now, TASK, reason))
    if not database.changes():
        database.sql(sql.ALERT_OF_WORDS, (TASK, reason, correlation.current(), now))
        number = database.last_id()
        audit.append(database, "alert.open", f"alert:{number}", {"task": TASK, "severity": "error"})


def _names(database: Connections, subject: str, body: Mapping[str, Any]) -> list[str]:
    kind, _, number = subject.partition(":")
    numbers = [int(number)] if kind == "lead" and number.isascii() and number.isdecimal() else []
    numbers += [body[key] for key in ("lead", "lead_id") if isinstance(body.get(key), int)]
    texts = list(_texts(body))
    if not texts:
        return []
    found = [name for each in numbers for (name,) in database.sql(sql.NAME_OF_LEAD, (each,))]
    return [name for name in found if name and len(name) >= SHORTEST]


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _without(value: Any, names: list[str]) -> Any:
    if isinstance(value, str):
        return _masked(value, names)
    if isinstance(value, Mapping):
        return {key: _without(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_without(each, names) for each in value)
    return value


def _masked(text: str, names: list[str]) -> str:
    text = masked_text(text)
    for name in names:
        at = text.casefold().find(name.casefold())
        while at >= 0:
            text = f"{text[:at]}[name]{text[at + len(name) :]}"
            at = text.casefold().find(name.casefold())
    return text
