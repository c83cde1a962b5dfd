"""What a file is, by its first bytes."""

from __future__ import annotations

import json
import re

MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<head|<table|<\?xml|<!--)", re.IGNORECASE)
_COMPOUND = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps a document that has a password."""
_OTHER = {
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    _COMPOUND: "an old Excel workbook (.xls); save it as .xlsx or CSV",
    b"SQLite format 3\0": "a SQLite database",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"{\\rtf": "a text document (RTF)",
}


def other_kind(head: bytes) -> str | None:
    """What a file that begins with ``head`` is, when that is something that holds no list; None: it may hold one."""
    if head.startswith(_COMPOUND) and _ENCRYPTED in head:
        return "a workbook that is protected with a password; save it without one"
    for magic, what in _OTHER.items():
        if head.startswith(magic):
            return what
    if _WEB_PAGE.match(head.removeprefix(MARK)):
        return "a web page; export the list as CSV"
    return None


def json_kind(head: bytes) -> str | None:
    """``"json"`` or ``"jsonl"`` for the beginning of such a file, else None."""
    text = head.removeprefix(MARK).lstrip()
    if text[:1] == b"[" and text[1:].lstrip()[:1] in (b"{", b"]", b""):
        return "json"
    if text[:1] == b"{" and text[1:].lstrip()[:1] in (b'"', b"}", b""):
        first = text.split(b"\n", 1)[0].strip()
        try:
            record = json.loads(first)
        except (ValueError, RecursionError):
            # The first line is no document by itself: one document over many lines, or a line longer than the head.
            return "json" if b"\n" in text or not _flat(text) else "jsonl"
        return (
            "json"
            if any(isinstance(value, list) for value in record.values()) and b"\n" not in text.strip()
            else "jsonl"
        )
    return None


def _flat(head: bytes) -> bool:
    return b"[" not in head
