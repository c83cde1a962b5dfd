"""Signed manifests: what is taken, what is refused, and with which words."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from valhalla.console.federation_service.errors import Malformed, Refused, TooLarge, Unproven
from valhalla.console.federation_service.manifest import canonical, parsed, verified

NOW = 1_767_813_148_000


def test_the_signed_bytes_are_the_documents_canonical_json() -> None:
    assert (
        canonical({"b": [1, {"z": 1, "a": "ü"}], "a": 1.5})
        == b'{"a": 1.5, "b": [1, {"a": "\\u00fc", "z": 1}]}'
    )


def test_a_manifest_known_by_heart_is_taken() -> None:
    # RFC 8032, section 7.1, TEST 1: the private key of which this is the public half.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    body = {
        "manifest": {"node_id": "ark-node-1", "hostname": "ark-node-1.local"},
        "signature": base64.b64encode(
            key.sign(b'{"hostname": "ark-node-1.local", "node_id": "ark-node-1"}')
        ).decode(),
        "pubkey": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    }
    found = verified(body, NOW)
    assert (found.node_id, found.timestamp, found.pubkey) == ("ark-node-1", None, body["pubkey"])


def test_nested_values_are_kept_as_json_and_the_services_own_fields_are_not(node: Any) -> None:
    body = node().signed(
        hostname="h", latency=3.5, capabilities=["sync"], nested={"b": 1}, flag=True, nothing=None,
        trust_tier="core", status="online", last_seen=1,
    )  # fmt: skip
    assert verified(body, NOW).fields == {
        "node_id": "ark-node-local",
        "hostname": "h",
        "latency": "3.5",
        "capabilities": '["sync"]',
        "nested": '{"b": 1}',
        "flag": "true",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"manifest": None}, "manifest must be an object"),
        ({"manifest": []}, "manifest must be an object"),
        ({"signature": "???"}, "signature must be standard base64 of 64 bytes"),
        ({"signature": "AAAA"}, "signature must be standard base64 of 64 bytes"),
        ({"signature": None}, "signature must be standard base64"),
        ({"pubkey": 7}, "pubkey must be standard base64 of 32 bytes"),
        ({"pubkey": base64.urlsafe_b64encode(b"\xff" * 32).decode()}, "pubkey must be standard base64"),
        ({"pubkey": base64.b64encode(b"\x01" * 31).decode()}, "pubkey must be standard base64"),
    ],
)
def test_what_has_not_the_form_is_malformed(node: Any, change: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        verified({**node().signed(), **change}, NOW)


@pytest.mark.parametrize("stray", ["\n", " ", "!", "-", "="])
def test_base64_has_no_stray_characters(node: Any, stray: str) -> None:
    body = node().signed()
    for name in ("signature", "pubkey"):
        changed = body[name][:8] + stray + body[name][8:]
        with pytest.raises(Malformed, match=name):
            verified({**body, name: changed}, NOW)


@pytest.mark.parametrize("document", [None, [], "x", 3, {}])
def test_what_is_no_request_is_malformed(document: Any) -> None:
    with pytest.raises(Malformed):
        verified(document, NOW)


@pytest.mark.parametrize("node_id", ["", "a b", "-x", "x" * 129, "peer*", "ü", 7, None])
def test_a_node_id_that_cannot_be_one_is_malformed(node: Any, node_id: Any) -> None:
    with pytest.raises(Malformed, match="node_id"):
        verified(node(node_id).signed(), NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"latency": "fast"},
        {"latency": -1},
        {"latency": True},
        {"hostname": 5},
        {"timestamp": "now"},
        {"timestamp": True},
        {"a field": 1},
        {f"f{n}": n for n in range(70)},
        {"text": "\ud800"},
    ],
)
def test_fields_that_make_no_sense_are_malformed_even_when_signed(node: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        verified(node().signed(**fields), NOW)


def test_a_changed_manifest_or_another_key_is_not_proven(node: Any) -> None:
    body = node().signed(hostname="a")
    body["manifest"]["hostname"] = "b"
    with pytest.raises(Unproven, match="signature"):
        verified(body, NOW)
    with pytest.raises(Unproven, match="signature"):
        verified({**node().signed(), "pubkey": node().pubkey}, NOW)


@pytest.mark.parametrize(
    ("away", "taken"), [(120_000, True), (-120_000, True), (120_001, False), (-120_001, False)]
)
def test_a_timestamp_is_taken_within_two_minutes(node: Any, away: int, taken: bool) -> None:
    body = node().signed(timestamp=NOW + away)
    if taken:
        assert verified(body, NOW).timestamp == NOW + away
    else:
        with pytest.raises(Unproven, match="timestamp"):
            verified(body, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[" * 60_000,
        b"\xff\xfe\x00",
        b'{"a": 1' + b"0" * 5_000 + b"}",
        b'{"a":' * 20 + b"1" + b"}" * 20,
    ],
)
def test_bodies_that_are_no_sensible_json_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parsed(body)


def test_a_body_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge) as error:
        parsed(json.dumps({"x": "y" * 70_000}).encode())
    assert (error.value.status, str(error.value)) == (413, "a request holds at most 64 KB")
    assert isinstance(error.value, Refused)


PRIME = 2**255 - 19


@pytest.mark.parametrize("sign", [0, 1 << 255])
@pytest.mark.parametrize("y", [0, 1, PRIME - 1, PRIME, PRIME + 1, "eighth", "other eighth"])
def test_a_key_under_which_one_signature_fits_many_messages_is_refused(
    node: Any, y: int | str, sign: int
) -> None:
    # A point has order 8 when doubling it gives y = 0: d y^4 + 2 y^2 = 1 on the curve.
    d = -121665 * pow(121666, -1, PRIME)
    eighth = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    assert (d * eighth**4 + 2 * eighth**2) % PRIME == 1
    number = {"eighth": eighth, "other eighth": PRIME - eighth}.get(str(y), y)
    assert isinstance(number, int)
    key = (number | sign).to_bytes(32, "little")
    body = {**node().signed(), "pubkey": base64.b64encode(key).decode(), "signature": "A" * 86 + "=="}
    with pytest.raises(Malformed, match="pubkey"):
        verified(body, NOW)
