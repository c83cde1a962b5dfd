"""Settings: what there is, its default, and reading and writing it in the file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from db import audit
from valhalla.program import addresses, sql
from valhalla.program.errors import UsageError
from valhalla.program.fields import Field, on_or_off
from valhalla.program.later import later
from valhalla.program.secrets import parse_reference

if TYPE_CHECKING:
    from db import Database
    from valhalla.program import models
else:
    models = later("valhalla.program.models")


def _flag(default: bool, meaning: str) -> Field:
    return Field("flag", 0, 1, meaning, default=default)


def _count(default: int, low: int, high: int, meaning: str) -> Field:
    return Field("count", low, high, meaning, default=default)


def _word(default: str, words: tuple[str, ...], meaning: str) -> Field:
    return Field("word", 0, 0, meaning, words, default)


def _text(meaning: str, parse: Callable[[str], Any] | None = None, default: str | None = None) -> Field:
    return Field("text", 0, 0, meaning, default=default, parse=parse)


def _hours(text: str) -> str:
    match = re.fullmatch(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)\s*", text)
    if not match:
        raise ValueError("two times such as 20:00-08:00")
    start, start_minutes, end, end_minutes = match.groups()
    return f"{int(start):02d}:{start_minutes}-{int(end):02d}:{end_minutes}"


def _zone(text: str) -> str | None:
    from zoneinfo import ZoneInfo

    if not text.strip():
        return None
    try:
        ZoneInfo(text.strip())
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone such as America/Chicago") from None
    return text.strip()


def _locked(text: str) -> bool:
    if not on_or_off(text):
        raise ValueError("on: the lock is opened for one run, by run --live, production or live on")
    return True


def _web_address(text: str) -> str | None:
    text = text.strip()
    if text and not re.fullmatch(r"https?://[^\s/]+\S*", text):
        raise ValueError("an address such as https://example.com/hook")
    if found := addresses.secret_in(text):
        raise ValueError(f"an address without {found}, because the file is copied for auditors")
    return text or None


def _redis_address(text: str) -> str | None:
    text = text.strip()
    if text and not re.fullmatch(r"(rediss?|unix)://\S+", text):
        raise ValueError("an address such as redis://localhost:6379/0")
    if re.match(r"\w+://[^/]*:[^/@]+@", text) or addresses.secret_in(text):
        # The file is copied for auditors: no password may stand in it.
        raise ValueError(
            "an address without a password; one with a password goes into the variable REDIS_URL"
        )
    return text or None


def _host(text: str) -> str | None:
    text = text.strip()
    if text and not re.fullmatch(r"[^\s/@?#]+", text):
        raise ValueError(
            "the name of a server such as smtp.example.com; user and password have settings of their own"
        )
    return text or None


def _origins(text: str) -> str:
    words = sorted({word.strip().lower() for word in text.split(",") if word.strip()}, reverse=True)
    if not words or not set(words) <= {"person", "list"}:
        raise ValueError("one or more of person, list, with commas between")
    return ", ".join(words)


def _mail_address(text: str) -> str | None:
    if text and ("@" not in text or len(text.split()) != 1):
        raise ValueError("must be an e-mail address")
    return text or None


SETTINGS: Mapping[str, Field] = {
    "interval": _count(30, 1, 86_400, "seconds between two looks at the sources"),
    "dry_run_enabled": Field(
        "flag", 1, 1, "nothing leaves this computer; opened for one run only", default=True, parse=_locked
    ),
    "risk_monitoring": _flag(True, "assess quality and risk after each cycle"),
    "json_export": _flag(True, "write the reports in logs/ after each cycle"),
    "console_output": _flag(True, "print a line for each cycle"),
    "log.console": _word(
        "off",
        ("off", "text", "json"),
        "show the log of a run on standard error too: for people, or as JSON lines",
    ),
    "console.fallback": _flag(True, "show simulated data, marked as such, when a console source is down"),
    "console.redis_url": _text(
        "Redis of the federation board, such as redis://localhost:6379/0", _redis_address
    ),
    "console.federation_url": _text(
        "address of a federation service, such as http://127.0.0.1:9001", _web_address
    ),
    "console.base_path": _text("folder whose data/ holds reasoning_logs.db and ark.db of the memory board"),
    "console.boards": _word(
        "auto", ("auto", "on", "off"), "list the console's boards: those with a source, both, or none"
    ),
    "cockpit.read_only": _flag(False, "the cockpit in the browser only shows and changes nothing"),
    "notifications": _flag(True, "a notification on the desktop when something promised is due"),
    "ask_again_days": _count(90, 1, 3_650, "days after which somebody who was not interested is asked again"),
    "quiet_hours": _text("no calls in these hours of the lead's day", _hours, "20:00-08:00"),
    "timezone": _text("the operator's time zone; empty: the computer's", _zone),
    "watch": _word(
        "on", ("on", "poll", "off"), "notice new lists at once: by the system, by looking, or not at all"
    ),
    "webhook.url": _text(
        "where webhooks about leads go: an address, or where one is kept: env:NAME or keyring:SERVICE/NAME",
        addresses.checked,
    ),
    "webhook.secret": _text(
        "where the key that signs webhooks is kept: env:NAME or keyring:SERVICE/NAME", parse_reference
    ),
    "webhook.honours_key": _text(
        "addresses, between spaces, whose receivers do nothing twice under one Idempotency-Key: what may have arrived there is sent again",
        addresses.checked_all,
    ),
    "mail.host": _text("mail server (SMTP)", _host),
    "mail.port": _count(587, 1, 65_535, "its port"),
    "mail.tls": _word("starttls", ("starttls", "tls", "none"), "how the line to it is protected"),
    "mail.user": _text("user at the mail server"),
    "mail.password": _text("where the password is kept: env:NAME or keyring:SERVICE/NAME", parse_reference),
    "mail.from": _text("sender of mails"),
    "digest.mail": _text("to whom a mail of each evening's digest is drafted", _mail_address),
    "effects.unencrypted": _flag(
        False, "webhooks by plain http and mails without TLS may go to other computers"
    ),
    "effects.per_run": _count(20, 0, 1_000, "webhooks about new leads that a production run drafts at most"),
    "risk.validity_percent": _count(90, 0, 100, "rows of a list that must be valid, else rule R2"),
    "risk.duplicate_percent": _count(20, 0, 100, "duplicates in a list above which rule R5 speaks"),
    "risk.review_waiting": _count(
        50, 0, 1_000_000, "changes that wait for review above which rule R6 speaks"
    ),
    "risk.fresh_days": _count(90, 1, 3_650, "age up to which a lead counts as timely"),
    "risk.dnc_days": _count(31, 1, 3_650, "age of the do-not-contact list above which rule R16 speaks"),
    "risk.disk_mb": _count(500, 0, 1_000_000, "free space under which rule R15 speaks"),
    "risk.wal_mb": _count(256, 1, 1_000_000, "size of the write-ahead log above which rule R15 speaks"),
    "risk.cpu_percent": _count(90, 1, 100, "processor load above which performance is degraded"),
    "risk.memory_mb": _count(
        1_024, 1, 1_000_000, "memory of the program above which performance is degraded"
    ),
    "packets.automatic": _count(
        20, 0, 1000, "leads at the top of the call list whose packets are made without being asked"
    ),
    "my.name": _text("your name, as you say it on the phone and as it stands on the sheet for buyers"),
    "my.phone": _text("your number, as it stands on the sheet for buyers"),
    "my.company": _text("your company, as it stands on the sheet for buyers"),
    "goal.dials": _count(50, 0, 10_000, "dials a day that you aim at; 0: no goal"),
    "learning.origins": _text(
        "where outcomes come from that teach score and experiments: person, list; the others are kept",
        _origins,
        "person, list",
    ),
    "stuck.contact_days": _count(
        5, 1, 365, "days after a conversation, without another step, that are too long"
    ),
    "stuck.offer_days": _count(7, 1, 365, "days without an answer to an offer that are too long"),
    "stuck.negotiation_days": _count(14, 1, 365, "days of negotiation that are too long"),
    "stuck.contract_days": _count(
        10,
        1,
        365,
        "days before a closing by which there must be a buyer, and under contract without a closing date",
    ),
    "team.enabled": _flag(
        False, "several people work here under their own names; switched by team on and team off"
    ),
    "team.hold_minutes": _count(10, 1, 240, "minutes for which a lead that was handed to somebody is theirs"),
    "team.network": _flag(
        False, "the local network reaches the cockpit, over TLS and for members only; set by team network"
    ),
    "team.port": _count(8443, 1024, 65_535, "port for the local network"),
    "team.certificate": _text("the owner's own certificate, a PEM file; not set: one is made here"),
    "team.key": _text("the key of that certificate, a PEM file that only the owner reads"),
    "protect.folder": _text(
        "folder or bucket outside of this computer that protected copies go to; set by protect"
    ),
    "protect.continuous": _flag(True, "where Litestream is installed, it sends each change there at once"),
    "protect.minutes": _count(60, 5, 10_080, "minutes between two protected copies"),
    "protect.kept": _count(24, 1, 1000, "protected copies that are kept; older ones are removed"),
    "audit.copy_hours": _count(24, 0, 8760, "hours between two automatic audit copies; 0: none are made"),
    "audit.copies_kept": _count(7, 1, 1000, "automatic audit copies that are kept; older ones are removed"),
    "audit.signing_key": _text(
        "where the key that signs the chain's heads is kept: env:NAME or keyring:SERVICE/NAME; made by audit key",
        parse_reference,
    ),
    "retention.jobs_days": _count(
        90, 0, 36_500, "days after which ended jobs and their events are removed; 0: never"
    ),
    "retention.logs_days": _count(
        90, 0, 36_500, "days after which cycles and entries of the blocks' own logs are removed; 0: never"
    ),
    "retention.evidence_days": _count(
        730,
        0,
        36_500,
        "days after which closed alerts and settled refused rows are removed; their hashes stay; 0: never",
    ),
    "import.chunk_rows": _count(
        50_000, 1, 200_000, "rows of a list that are stored in one transaction at most"
    ),
    "import.read_ahead": _flag(True, "read large lists, and do other large jobs, in processes of their own"),
}
"""Every setting by name. docs/settings.md lists them; a test compares."""

PRIVATE = frozenset(
    [
        "webhook.url",
        "webhook.honours_key",
        "mail.host",
        "mail.user",
        "mail.from",
        "digest.mail",
        "my.name",
        "my.phone",
        "my.company",
        "console.redis_url",
        "console.federation_url",
    ]
)
"""Addresses of the operator's: the audit chain and the record of a run, which no copy leaves out, hold only hashes."""


def is_hidden(key: str) -> bool:
    """Whether a value that was refused may be a secret, which is not repeated."""
    return key in PRIVATE or (key in SETTINGS and SETTINGS[key].parse is parse_reference)


def value(database: Database, key: str) -> Any:
    """What is in force: the environment (VALHALLA_INTERVAL for ``interval``), else the file, else the default.

    Raises :class:`UsageError` for an environment variable that makes no sense.
    """
    return _in_force(key, database.value(sql.SETTING, (key,)))


def effective(database: Database | None) -> dict[str, Any]:
    """All settings that are in force, as :func:`value` finds each; without a file the environment and the defaults."""
    values = dict(_DEFAULTS)
    if database is not None:
        known = ((key, text) for key, text in database.sql(sql.SETTINGS) if key in SETTINGS)
        values |= {key: json.loads(text) for key, text in known if text}  # a redacted copy has no values
    given = ((_OF_VARIABLES[name], name) for name in os.environ if name in _OF_VARIABLES)
    return values | {key: _from_environment(key, name) for key, name in given}


def _in_force(key: str, stored: str | None) -> Any:
    variable = environment_name(key)
    if variable in os.environ:
        return _from_environment(key, variable)
    # a redacted copy has no values
    return json.loads(stored) if stored else SETTINGS[key].default


def _from_environment(key: str, variable: str) -> Any:
    return _parsed(variable, key, SETTINGS[key], os.environ[variable])


class Stored(NamedTuple):
    """A setting as it is stored: its value, when it was set (UTC microseconds), and by whom."""

    value: Any
    at: int
    by: str


def stored(database: Database) -> dict[str, Stored]:
    """The settings that are stored in the database, by name; a redacted copy has no values."""
    rows = [row for row in models.Setting.select().execute(database) if row.value]
    return {row.key: Stored(json.loads(row.value), row.updated_at, row.updated_by) for row in rows}


def environment_name(key: str) -> str:
    """The environment variable that overrides the setting for one run."""
    return "VALHALLA_" + key.upper().replace(".", "_")


_DEFAULTS = {key: setting.default for key, setting in SETTINGS.items()}
_OF_VARIABLES = {environment_name(key): key for key in SETTINGS}


def as_text(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "(not set)" if value is None else value if isinstance(value, str) else json.dumps(value)


def save(database: Database, key: str, text: str, actor: str = "operator") -> Any:
    """Set ``key`` from the operator's text; audited and durable. Returns the value as stored."""
    setting = known(key)
    parsed = _parsed(key, key, setting, text)
    before = database.value(sql.SETTING, (key,))
    with database.write(durable=True):
        settings_table = models.Setting
        row = settings_table.insert(
            key=key, value=json.dumps(parsed), updated_at=database.clock(), updated_by=actor
        )
        replaced = settings_table.value, settings_table.updated_at, settings_table.updated_by
        row.on_conflict(conflict_target=(settings_table.key,), preserve=replaced).execute(database)
        audit.append(
            database,
            "setting.change",
            f"setting:{key}",
            {
                "before": _witnessed(key, json.loads(before) if before else None),
                "after": _witnessed(key, parsed),
            },
            actor=actor,
        )
    return parsed


def recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as the record of a run holds them."""
    return {key: _witnessed(key, value) for key, value in values.items()}


def _witnessed(key: str, value: Any) -> Any:
    return addresses.digest(value) if key in PRIVATE and value is not None else value


def known(key: str) -> Field:
    """The setting called ``key``; :class:`UsageError` names the nearest one there is."""
    if key in SETTINGS:
        return SETTINGS[key]
    from difflib import get_close_matches

    near = get_close_matches(key, SETTINGS, 1)
    hint = f"; did you mean {near[0]}?" if near else "; see: valhalla config list"
    raise UsageError(f"there is no setting {key!r}{hint}")


def _parsed(name: str, key: str, setting: Field, text: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        given = "" if is_hidden(key) else f", not {text!r}"
        raise UsageError(f"{name} must be {error}{given}") from None
