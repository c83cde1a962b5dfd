"""Signatures on the end of the chain: by an Ed25519 key that is kept outside of the file.

Anyone who can rewrite the file and everything next to it can also write other heads; not other signatures.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import secrets as random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from db import Database, audit, heads
from db.inspecting import manifest_path
from valhalla.program import secrets
from valhalla.program.errors import UsageError, ValhallaError
from valhalla.program.file_models import Entry
from valhalla.program.settings import save, value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from db.verdict import Verdict

SETTING = "audit.signing_key"
DOMAIN = "valhalla-signature-1"
"""First line of what is signed, so that a signature cannot be taken for one on something else."""

KEY, SIGNATURE, UNSIGNED = "key", "signature", "unsigned"
"""What a signature adds to the facts: the public key and the signature itself (standard base64), or why there is none."""

RETENTION = "retention.prune"
"""Action of the entries whose facts are signed in the chain itself."""

log = logging.getLogger("valhalla.audit")


def signed_text(facts: dict[str, Any]) -> bytes:
    """What is signed: :data:`DOMAIN`, a line feed and the facts as canonical JSON, all but the signature itself."""
    rest = {name: each for name, each in facts.items() if name != SIGNATURE}
    return f"{DOMAIN}\n{audit.canonical(rest)}".encode("ascii")


@dataclass(frozen=True)
class Signer:
    """Signs facts."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key as standard base64 of its 32 bytes."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode("ascii")

    def sign(self, facts: dict[str, Any]) -> dict[str, Any]:
        """The facts with the public key and a signature over both."""
        facts = {**facts, KEY: self.public}
        return {
            **facts,
            SIGNATURE: base64.b64encode(self.private.sign(signed_text(facts))).decode("ascii"),
        }


def load(secret: str) -> Signer:
    """The signer of a key as it is kept: base64 of 32 random bytes. Raises :class:`ValhallaError` for anything else."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        raw = base64.b64decode(secret.strip(), validate=True)
        return Signer(Ed25519PrivateKey.from_private_bytes(raw))
    except (binascii.Error, ValueError):
        raise ValhallaError(
            "the audit signing key is not what `valhalla audit key` makes: 32 bytes in base64"
        ) from None


def configured(database: Database) -> Signer | None:
    """The signer of the key that the setting names; None when none is set. Raises :class:`ValhallaError`."""
    reference = value(database, SETTING)
    return load(secrets.read(reference)) if reference else None


def sign(database: Database, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts, signed if a key is set. A key that cannot be had stops nothing: then they say why they are not signed."""
    try:
        signer = configured(database)
    except ValhallaError as error:
        log.warning("not signed: %s", error)
        return {**facts, UNSIGNED: str(error)}
    return signer.sign(facts) if signer else facts


def make(database: Database, reference: str) -> tuple[str, str | None]:
    """Make a key, keep it where ``reference`` says, and use it from now on.

    Returns the public key and, when the place is an environment variable, which only the operator can set, the secret for it.
    """
    try:
        place = secrets.parse_reference(reference)
    except ValueError as error:
        raise UsageError(f"name {error}") from None
    if place is None:
        raise UsageError("name where the key is to be kept: env:NAME or keyring:SERVICE/NAME")
    secret = base64.b64encode(random.token_bytes(32)).decode("ascii")
    public = load(secret).public
    by_hand = not secrets.store(place, secret)
    save(database, SETTING, place)
    return public, secret if by_hand else None


def note(database: Database, folder: Path, why: str, *, restart: int | None = None) -> audit.Head:
    """:func:`db.heads.note`, signed if a key is set."""
    return heads.note(database, folder, why, restart=restart, sign=lambda facts: sign(database, facts))


# -- checking ----------------------------------------------------------------------------------------------


def fits(facts: dict[str, Any]) -> bool:
    """Whether the signature in ``facts`` is that of the key in them."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(facts[KEY], validate=True))
        key.verify(base64.b64decode(facts[SIGNATURE], validate=True), signed_text(facts))
    except (InvalidSignature, binascii.Error, KeyError, ValueError, TypeError):
        return False
    return True


def check(path: Path, folder: Path, database: Database, verdict: Verdict, key: str | None = None) -> None:
    """Check every signature that belongs to a file: in its manifest, in ``heads.jsonl`` in ``folder`` and in the chain.

    ``key``: the public key of which at least one signature must be found, on a head or manifest of this very chain.
    """
    count, keys, last = 0, set(), 0
    for where, facts in _signed(path, folder, database):
        if not fits(facts):
            verdict.add(
                "signature", where, "does not fit what it is said to sign: one of the two was changed"
            )
            continue
        count += 1
        keys.add(facts[KEY])
        if facts[KEY] == key and where != RETENTION and _inside(database, facts):
            last = max(last, facts["entries"])
    if count:
        verdict.notes.append(f"{count} signatures fit, by key {', '.join(sorted(keys))}.")
    if key is not None and not last:
        verdict.add("signature", None, f"nothing that key {key} signed is about this chain")
    elif key is not None and last < verdict.entries:
        verdict.notes.append(
            f"Key {key} signed the chain up to entry {last}; later entries carry no signature yet."
        )


def _signed(path: Path, folder: Path, database: Database) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    beside = manifest_path(path)
    if beside.exists():
        try:
            facts = json.loads(beside.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = None  # reported as unreadable already
        if isinstance(facts, dict) and SIGNATURE in facts:
            found.append((beside.name, facts))
    found += [(heads.NAME, facts) for facts in heads.lines(folder) if SIGNATURE in facts]
    for entry in list(Entry.select(Entry.body).where(Entry.action == RETENTION).execute(database)):
        facts = audit.parsed(entry.body)
        if SIGNATURE in facts:
            found.append((RETENTION, facts))
    return found


def _inside(database: Database, facts: dict[str, Any]) -> bool:
    """Whether the head that was signed is in this chain."""
    try:
        entry, head = int(facts["entries"]), str(facts["head"])
    except (KeyError, TypeError, ValueError):
        return False
    return bool(Entry.select().where(Entry.seq == entry, Entry.hash == head).exists(database))
