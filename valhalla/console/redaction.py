"""Addresses fit to be shown: without the password in them."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def shown(address: str) -> str:
    """``address`` without user, password, query and fragment."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "(an address that cannot be read)"
    return urlunsplit((parts.scheme, host, parts.path, "", "")) if parts.scheme and host else "(no address)"
