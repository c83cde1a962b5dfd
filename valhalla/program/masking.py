"""What must not stand in a log: personal data is shortened, secrets are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from valhalla.program.patterns import pattern

_EMAIL = pattern(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = pattern(
    r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)|(?<![\w.])\+\d{10,15}(?!\w)"
)
_CREDENTIALS = pattern(r"(?<=://)[^/\s:@]*:[^/\s@]*(?=@)")
_QUERY_SECRET = pattern(r"(?i)\b(token|password|secret|api_?key|signature)=[^&\s\"']+")
_QUOTED = pattern(r"""(?<![\w])(['"])(?=[^'"\n]*\s)[^'"\n]{1,2000}\1(?!\w)""")

SECRET_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "api_key",
    "apikey",
    "signature",
)
"""A field with one of these in its name is never written."""

PERSONAL = frozenset(
    {"email", "e_mail", "phone", "mobile", "address", "street", "full_name", "first_name", "last_name", "lead_name",
     "owner_name", "contact", "recipient", "ssn", "dob"}
)  # fmt: skip
"""Fields that are personal whatever they hold."""


def masked(value: Any, key: str = "") -> Any:
    """``value`` (as JSON has it) fit for a log: secrets gone, e-mail addresses and phone numbers shortened."""
    name = key.casefold().replace("-", "_")
    if any(word in name for word in SECRET_WORDS):
        return "[secret]" if value not in (None, "") else value
    if isinstance(value, Mapping):
        return {str(each): masked(item, str(each)) for each, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item, key) for item in value]
    if name in PERSONAL and value not in (None, ""):
        return _shortened(str(value))
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """``text`` with the e-mail addresses, phone numbers and credentials in it shortened."""
    if "@" in text:
        text = _CREDENTIALS.sub("***", text)
        text = _EMAIL.sub(lambda found: _shortened(found[0]), text)
    if "=" in text:
        text = _QUERY_SECRET.sub(lambda found: f"{found[1]}=[secret]", text)
    return _PHONE.sub(lambda found: _shortened(found[0]), text)


def masked_error(text: str) -> str:
    """The text of an error that may quote a cell: besides what :func:`masked_text` shortens, quoted texts of several words,
    as names and addresses are, are left out."""
    return _QUOTED.sub(lambda found: f"{found[1]}...{found[1]}", masked_text(text))


def _shortened(text: str) -> str:
    """j***@example.com, ***-0123, J***"""
    if "@" in text:
        local, _, domain = text.partition("@")
        return f"{local[:1]}***@{domain}"
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 7:
        return f"***-{digits[-4:]}"
    return f"{text[:1]}***"
