"""Webhooks: a JSON document to a CRM or automation, signed, under a key by which the receiver knows it again."""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from valhalla.effects import deadline
from valhalla.effects.outcome import Refused, TryLater, Unknown, why

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 15.0
LONGEST_WAIT = 24 * 3600.0
"""A receiver that asks for more patience than this (Retry-After) is taken at this much."""

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may succeed; it goes out under the same key."""

STILL_AT_IT = 409
"""Section 2.7 of draft-ietf-httpapi-idempotency-key-header: the first request under this key has not ended yet."""

BODY_SHOWN = 300
"""Characters of an answer that are kept."""


def send(
    target: str,
    payload: Mapping[str, Any],
    key: str,
    *,
    secret: str | None,
    honours_key: bool = False,
    connect: float = CONNECT_SECONDS,
    answer: float = ANSWER_SECONDS,
    total: float = deadline.SECONDS,
) -> dict[str, Any]:
    """POST ``payload`` to ``target``; returns what the receiver answered. Raises TryLater, Refused or Unknown.

    ``honours_key``: the receiver does nothing twice under one key; of one that is still at it, it says 409.
    """
    import httpx

    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "valhalla"}
    if secret is not None:
        at = int(time.time())
        headers["X-Valhalla-Signature"] = f"t={at},v1={signature(secret, at, body)}"
    try:
        patience = httpx.Timeout(answer, connect=connect)
        line = _Line()
        with (
            deadline.cutting_off(lambda: line.socket, total),
            httpx.Client(timeout=patience, follow_redirects=False) as client,
            client.stream(
                "POST", target, content=body, headers=headers, extensions={"trace": line.note}
            ) as response,
        ):
            said = _beginning(response)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TryLater(f"the receiver cannot be reached: {why(error)}") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise Refused("the address is not an http(s) URL") from None
    except httpx.HTTPError as error:
        raise Unknown(f"the receiver got the request and did not answer ({type(error).__name__})") from None
    reply = {"status": response.status_code, "body": said}
    if response.is_success:
        return reply
    reason = f"the receiver answered {response.status_code}"
    if response.status_code in TRANSIENT or (honours_key and response.status_code == STILL_AT_IT):
        raise TryLater(reason, reply, retry_after(response.headers.get("Retry-After")))
    raise Refused(reason, reply)


class _Line:
    """The socket of a request, as soon as there is one."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None

    def note(self, event: str, facts: Mapping[str, Any]) -> None:
        """What httpx reports of each step, see its extension ``trace``."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.socket = facts["return_value"].get_extra_info("socket")


def _beginning(response: httpx.Response) -> str:
    """The first characters of the answer. Its status says what became of the request, so the rest is not waited for."""
    import httpx

    body = b""
    with contextlib.suppress(httpx.HTTPError):
        for part in response.iter_bytes(BODY_SHOWN):
            body += part
            if len(body) >= 4 * BODY_SHOWN:  # UTF-8 has at most four bytes for a character
                break
    return body.decode("utf-8", "replace")[:BODY_SHOWN]


def signature(secret: str, at: int, body: bytes) -> str:
    """HMAC-SHA256 over ``<at>.<body>``, hexadecimal; ``at`` in Unix seconds keeps old requests from being played again."""
    return hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header (a number, or a date of HTTP); None when it says nothing usable."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():  # a raised 2 is a digit too, and no number
        return min(float(text), LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return min(max(at.timestamp() - time.time(), 0.0), LONGEST_WAIT)
