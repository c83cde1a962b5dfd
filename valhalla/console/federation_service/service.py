"""The federation service over HTTP: ``GET /discover``, ``POST /manifest``, ``POST /sync``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from valhalla import __version__
from valhalla.console.federation_service import manifest as manifests
from valhalla.console.federation_service.errors import Malformed, NotJson, Refused, TooLarge
from valhalla.console.federation_service.mesh import Mesh
from valhalla.console.federation_service.store import Store
from valhalla.console.moments import now_ms

PORT = 9001
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
"""What a service for this computer only answers to: a page elsewhere whose name leads here gets nothing."""

MOST_NODES_ASKED = 10_000
MOST_DOCUMENTS = 100

_TEXT = {"type": "string"}
MANIFEST_BODY = {
    "type": "object",
    "required": ["manifest", "signature", "pubkey"],
    "properties": {
        "manifest": {
            "type": "object",
            "required": ["node_id"],
            "properties": {
                "node_id": {**_TEXT, "pattern": f"^{manifests.NODE_ID.pattern}$"},
                "hostname": _TEXT,
                "latency": {"type": "number", "minimum": 0, "description": "milliseconds"},
                "timestamp": {"type": "integer", "description": "UTC milliseconds, when it was signed"},
            },
        },
        "signature": {
            **_TEXT,
            "description": "base64 of the 64 bytes over the canonical JSON of the manifest",
        },
        "pubkey": {**_TEXT, "description": "base64 of the raw 32 bytes of the Ed25519 key"},
    },
}
SYNC_BODY = {
    "type": "object",
    "required": ["nodes"],
    "properties": {
        "nodes": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "hash"],
                "properties": {"id": _TEXT, "hash": _TEXT},
            },
        }
    },
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": text,
        "content": {"application/json": {"schema": {"type": "object", "properties": {"detail": _TEXT}}}},
    }
    for status, text in (
        (400, "Not understood"),
        (413, "Too large"),
        (415, "Not said to be JSON"),
        (503, "Redis does not answer"),
    )
}


def make_app(
    store: Store,
    clock: Callable[[], int] = now_ms,
    hosts: Sequence[str] = ("*",),
    mesh: Mesh | None = None,
) -> FastAPI:
    """The service on ``store``. ``hosts``: names that requests may come for; any other is refused with 400. ``mesh``: pulls from other
    services while this one serves."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mesh or contextlib.nullcontext():
            yield
        await store.close()

    # The pages that FastAPI would offer load scripts from elsewhere.
    app = FastAPI(
        title="Valhalla federation service",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)

    @app.exception_handler(Refused)
    async def refused(request: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, error.status)

    @app.get("/discover", responses={503: REFUSALS[503]}, summary="The peers that are known and present")
    async def discover() -> dict[str, Any]:
        found = await store.peers()
        return {"peers": found, "count": len(found)}

    @app.post(
        "/manifest",
        responses={
            **REFUSALS,
            401: {**REFUSALS[400], "description": "Not proven"},
            403: {**REFUSALS[400], "description": "No room"},
        },
        openapi_extra=_body(MANIFEST_BODY),
        summary="Announce a node with a signed manifest; repeat it at least each 120 s",
    )
    async def manifest(request: Request) -> dict[str, str]:
        document = manifests.parsed(await _read(request))
        found = manifests.verified(document, clock())
        await store.register(found)
        return {"status": "registered", "node_id": found.node_id}

    @app.post(
        "/sync",
        responses=REFUSALS,
        openapi_extra=_body(SYNC_BODY),
        summary="What is known here and not, or differently, there",
    )
    async def sync(request: Request, documents: bool = False) -> dict[str, Any]:
        """With ``documents`` each node comes with the manifest as it was signed, at most a hundred of them: what other services pull."""
        theirs = _known(manifests.parsed(await _read(request)))
        own = await store.digests()
        nodes = [{"id": node, "hash": own[node]} for node in sorted(own) if theirs.get(node) != own[node]]
        if documents:
            signed = await store.documents([node["id"] for node in nodes[:MOST_DOCUMENTS]])
            nodes = [node | {"document": signed[node["id"]]} for node in nodes if node["id"] in signed]
        return {"delta_count": len(nodes), "nodes": nodes}

    return app


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def _read(request: Request) -> bytes:
    """The body, as long as it is JSON by its own word and no larger than anything sensible."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise NotJson("send it with Content-Type: application/json")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > manifests.LARGEST:
            raise TooLarge(f"a request holds at most {manifests.LARGEST // 1024} KB")
    return bytes(body)


def _known(document: Any) -> dict[str, str]:
    nodes = document.get("nodes") if isinstance(document, dict) else None
    if not isinstance(nodes, list) or len(nodes) > MOST_NODES_ASKED:
        raise Malformed("nodes must be a list of objects with id and hash")
    found = {}
    for node in nodes:
        if not (
            isinstance(node, dict) and isinstance(node.get("id"), str) and isinstance(node.get("hash"), str)
        ):
            raise Malformed("nodes must be a list of objects with id and hash")
        found[node["id"]] = node["hash"]
    return found
