"""Nodes with keys of their own."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Node:
    """A node that signs as the ARK documents say."""

    def __init__(self, node_id: str = "ark-node-local") -> None:
        self.node_id = node_id
        self.key = Ed25519PrivateKey.generate()

    @property
    def pubkey(self) -> str:
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def signed(self, **fields: Any) -> dict[str, Any]:
        """The body of POST /manifest for a manifest with these fields."""
        manifest = {"node_id": self.node_id, **fields}
        signature = self.key.sign(json.dumps(manifest, sort_keys=True).encode("utf-8"))
        return {
            "manifest": manifest,
            "signature": base64.b64encode(signature).decode(),
            "pubkey": self.pubkey,
        }


@pytest.fixture
def node() -> type[Node]:
    return Node
