"""Addresses that effects go to: no secret may stand in one that is kept in the file, and none is used unencrypted unasked."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit

from valhalla.program import secrets
from valhalla.program.patterns import pattern

SECRET_PARAMETER = pattern(
    r"(?i)(?:passw(?:or)?d|passphrase|secret|token|signature|credentials?|(?:api|app|access|account|private|auth|shared|client)key"
    r"|(?:^|[^a-z])(?:pass|pwd|auth|authorization|bearer|code|key|sig|session|sessionid|sid|jwt))$"
)
"""The end of a parameter's name that says that its value is a secret."""

ELSEWHERE = "put the whole address into env:NAME or keyring:SERVICE/NAME"


def checked(text: str) -> str | None:
    """An address as a setting may hold it: http(s) without a secret in it, or a reference to where it is kept.

    An empty text is None. Raises :class:`ValueError` with what is allowed.
    """
    text = text.strip()
    if text.startswith(("env:", "keyring:")):
        return secrets.parse_reference(text)
    if not text:
        return None
    if not re.fullmatch(r"https?://[^\s/]+\S*", text):
        raise ValueError("an address such as https://example.com/hook, or env:NAME or keyring:SERVICE/NAME")
    found = secret_in(text)
    if found:
        raise ValueError(f"an address without {found}, because the file is copied for auditors; {ELSEWHERE}")
    return text


def checked_all(text: str) -> str | None:
    """Several addresses, between spaces, as :func:`checked` takes each. Raises :class:`ValueError`."""
    return " ".join(filter(None, map(checked, text.split()))) or None


def secret_in(text: str) -> str | None:
    """What looks like a secret in an address, named and not shown; None: nothing does."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if "@" in parts.netloc:
        return "a user or password"
    for part in (parts.query, parts.fragment):
        for name, value in parse_qsl(part.replace(";", "&")):
            if value and SECRET_PARAMETER.search(name):
                return f"a secret in its parameter {name[:40]!r}"
    return None


def shown(text: str) -> str:
    """What may be written of an address that stands in no file: a reference as it is, else without anything secret."""
    return f"[an address with {found}]" if (found := secret_in(text)) else text


def resolved(text: str) -> str:
    """The address behind a reference; any other as it is. Raises :class:`valhalla.program.secrets.SecretMissing`."""
    if not text.startswith(("env:", "keyring:")):
        return text
    found = secrets.read(text).strip()
    if not re.fullmatch(r"https?://[^\s/]+\S*", found):
        raise secrets.SecretMissing(f"what {text} holds is not an address such as https://example.com/hook")
    return found


def digest(text: str) -> str:
    """What an entry of the chain holds in place of an address."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def is_here(host: str | None) -> bool:
    """Whether a host is this computer."""
    name = (host or "").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
