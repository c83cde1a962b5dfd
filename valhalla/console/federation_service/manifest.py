"""A signed manifest: what a node says of itself, and the proof that it says so."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any

from valhalla.console.federation_service.errors import Malformed, TooLarge, Unproven

LARGEST = 64 * 1024
"""Bytes of a request."""

MOST_FIELDS = 64
DEEPEST = 16
WINDOW_MS = 120_000
"""How far a manifest's timestamp may be from this computer's clock, either way."""

KEY_BYTES, SIGNATURE_BYTES = 32, 64

NODE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
FIELD = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_P = 2**255 - 19
_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _EIGHTH, _P - _EIGHTH})
"""The y of the points of order 1, 2, 4 and 8, also as written without reducing (RFC 8032, section 5.1.3, allows to refuse
them). Under such a key one signature fits many messages, so an id pinned to it would be anybody's."""

OWN_FIELDS = frozenset({"trust_tier", "status", "last_seen"})
"""What this service says of a node; the node's own opinion on it is not kept."""


@dataclass(frozen=True)
class Manifest:
    """A manifest whose signature is right."""

    node_id: str
    pubkey: str
    """Standard base64 of the raw 32 bytes."""
    timestamp: int | None
    """When the node signed it, UTC milliseconds; None when it does not say."""
    digest: str
    """SHA-256 of the signed bytes, hexadecimal: what ``POST /sync`` compares."""
    fields: dict[str, str]
    """What is kept of it: each field as text, nested values as JSON."""
    document: str
    """What was received, as JSON: other services check the signature themselves."""


def parsed(body: bytes) -> Any:
    """The JSON document in ``body``. Raises :class:`Malformed` for what is none, or would not survive being one."""
    if len(body) > LARGEST:
        raise TooLarge(f"a request holds at most {LARGEST // 1024} KB")
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("the request is no JSON document") from None
    if _depth(document) > DEEPEST:
        raise Malformed(f"the request is nested more than {DEEPEST} deep")
    return document


def canonical(manifest: dict[str, Any]) -> bytes:
    """The bytes that are signed: keys in order, Python's default separators, everything beyond ASCII escaped."""
    return json.dumps(manifest, sort_keys=True).encode()


def verified(document: Any, now: int) -> Manifest:
    """The manifest in a request, its signature checked at ``now`` (UTC milliseconds).

    Raises :class:`Malformed` for what has not the form of one, :class:`Unproven` for a wrong signature or time.
    """
    manifest = document.get("manifest") if isinstance(document, dict) else None
    if not isinstance(manifest, dict):
        raise Malformed("manifest must be an object")
    signature = _decoded(document.get("signature"), SIGNATURE_BYTES, "signature")
    key = _decoded(document.get("pubkey"), KEY_BYTES, "pubkey")
    node_id = manifest.get("node_id")
    if not isinstance(node_id, str) or not NODE_ID.fullmatch(node_id):
        raise Malformed(
            "manifest.node_id must be 1 to 128 letters, digits, dots, colons, dashes or underscores"
        )
    fields = _fields(manifest)
    signed = canonical(manifest)
    _check(key, signature, signed)
    return Manifest(
        node_id=node_id,
        pubkey=base64.b64encode(key).decode(),
        timestamp=_timestamp(manifest.get("timestamp"), now),
        digest=hashlib.sha256(signed).hexdigest(),
        fields=fields,
        document=json.dumps(
            {"manifest": manifest, "signature": document["signature"], "pubkey": document["pubkey"]}
        ),
    )


def _check(key: bytes, signature: bytes, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if int.from_bytes(key, "little") & ~(1 << 255) in SMALL_ORDER:
        raise Malformed("pubkey is no Ed25519 key that could prove anything")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        raise Unproven("the signature does not belong to this manifest and key") from None
    except ValueError:
        raise Malformed("pubkey is no Ed25519 key") from None


def _timestamp(value: Any, now: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Malformed("manifest.timestamp must be a number of milliseconds")
    if abs(now - value) > WINDOW_MS:
        raise Unproven(
            f"manifest.timestamp is more than {WINDOW_MS // 1000} s from this computer's clock ({now})"
        )
    return int(value)


def _fields(manifest: dict[str, Any]) -> dict[str, str]:
    if len(manifest) > MOST_FIELDS:
        raise Malformed(f"a manifest has at most {MOST_FIELDS} fields")
    latency = manifest.get("latency")
    if latency is not None and (
        isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency < math.inf
    ):
        raise Malformed("manifest.latency must be a number of milliseconds")
    if not isinstance(manifest.get("hostname", ""), str):
        raise Malformed("manifest.hostname must be a text")
    kept = {}
    for name, value in manifest.items():
        if not FIELD.fullmatch(name):
            raise Malformed("a field's name has 1 to 64 letters, digits, dots, dashes or underscores")
        if name in OWN_FIELDS or value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Malformed(f"manifest.{name} is not valid Unicode") from None
        kept[name] = text
    return kept


def _decoded(value: Any, length: int, name: str) -> bytes:
    try:
        raw = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != length:
        raise Malformed(f"{name} must be standard base64 of {length} bytes")
    return raw


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _depth(document: Any) -> int:
    depth, level = 0, [document]
    while level:
        depth += 1
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return depth
