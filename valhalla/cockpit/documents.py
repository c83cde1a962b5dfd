"""The rules for documents of our own making that have their style within: they may show themselves and do nothing else."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.responses import Response

NONE = "'none'"
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


def policy_of(text: str) -> str:
    """The content security policy of a page or drawing: its own styles by their hashes, data images, and nothing."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in _STYLE.findall(text)
    ]
    return f"default-src 'none'; img-src data:; style-src {' '.join(hashes) or NONE}; sandbox"


def document(text: str) -> Response:
    """A page of our own making that is complete in itself."""
    return Response(
        text, media_type="text/html; charset=utf-8", headers={"content-security-policy": policy_of(text)}
    )


def drawing(svg: str) -> Response:
    """A drawing of our own making."""
    return Response(svg, media_type="image/svg+xml", headers={"content-security-policy": policy_of(svg)})
