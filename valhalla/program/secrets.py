"""Secrets are never in the file, which is copied for auditors: a setting holds only where one is kept."""

from __future__ import annotations

import os
import re

from valhalla.program.errors import ValhallaError


class SecretMissing(ValhallaError):
    """A secret is not where its setting says."""


def parse_reference(text: str) -> str | None:
    """``env:NAME`` or ``keyring:SERVICE/NAME``; an empty text is None. Raises :class:`ValueError` for anything else, so
    that no password is ever stored by mistake."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"env:[A-Za-z_][A-Za-z0-9_]*|keyring:[^/\s]+/\S+", text):
        raise ValueError(
            "where the secret is kept: env:NAME or keyring:SERVICE/NAME (never the secret itself)"
        )
    return text


def read(reference: str) -> str:
    """The secret behind a reference. Raises :class:`SecretMissing`."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        if not os.environ.get(name):
            raise SecretMissing(f"the environment variable {name}, which should hold a secret, is not set")
        return os.environ[name]
    import keyring
    import keyring.errors

    service, _, user = name.partition("/")
    try:
        found = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise SecretMissing(f"the keyring of this computer cannot be read: {error}") from None
    if not found:
        raise SecretMissing(
            f"the keyring has no secret {service}/{user}; store it with: keyring set {service} {user}"
        )
    return found


def store(reference: str, secret: str) -> bool:
    """Keep ``secret`` where ``reference`` says. False: that is an environment variable, which only the operator can set.

    Raises :class:`SecretMissing` when there is no keyring to keep it in.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        return False
    import keyring
    import keyring.errors

    service, _, user = name.partition("/")
    try:
        keyring.set_password(service, user, secret)
    except keyring.errors.KeyringError as error:
        raise SecretMissing(
            f"the keyring of this computer cannot keep the secret ({error}); use env:NAME instead"
        ) from None
    return True
