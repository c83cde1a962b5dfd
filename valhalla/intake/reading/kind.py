"""What a file is, by its first bytes."""

from __future__ import annotations

import json
import re

from valhalla.program.patterns import pattern

MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

_WEB_PAGE = pattern(rb"\s*(?:<!doctype html|<html|<head|<table|<\?xml|<!--)", re.IGNORECASE)
COMPOUND = b"\xd0\xcf\x11\xe0"
_WORD = "WordDocument".encode("utf-16-le")
_PHOTOS = frozenset((b"heic", b"heix", b"mif1", b"avif", b"msf1"))
_SHORTCUT = pattern(rb"^\s*\{[^{}]*\"(?:url|doc_id|resource_id)\"[^{}]*(?:docs\.google\.com|doc_id)")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps a document that has a password."""
_OTHER = {
    b"%PDF": "a PDF document; ask for the list as CSV or Excel",
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xfd7zXZ": "an xz archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"SQLite format 3\0": "a SQLite database",
    b"\x89PNG": "a picture; a photo of a list cannot be read: ask for the list as CSV or Excel",
    b"\xff\xd8\xff": "a picture; a photo of a list cannot be read: ask for the list as CSV or Excel",
    b"GIF8": "a picture; a photo of a list cannot be read: ask for the list as CSV or Excel",
    b"RIFF": "a picture or a recording",
    b"II*\0": "a picture; a photo of a list cannot be read: ask for the list as CSV or Excel",
    b"MM\0*": "a picture; a photo of a list cannot be read: ask for the list as CSV or Excel",
    b"{\\rtf": "a text document (RTF)",
}


def other_kind(head: bytes) -> str | None:
    """What a file that begins with ``head`` is, when that is something that holds no list; None: it may hold one."""
    if head.startswith(COMPOUND):
        if _ENCRYPTED in head:
            return "a workbook that is protected with a password; save it without one"
        if _WORD in head:
            return "a Word document; save the table in it as CSV"
        return None
    if head[4:8] == b"ftyp":
        return f"a {'picture' if head[8:12] in _PHOTOS else 'film'}; ask for the list as CSV or Excel"
    for magic, what in _OTHER.items():
        if head.startswith(magic):
            return what
    if _SHORTCUT.search(head[:4096]):
        return "a shortcut to a Google sheet; open it and choose File, Download, Comma Separated Values"
    return None


def is_web_page(head: bytes) -> bool:
    """Whether a file begins as pages do, and as the XML of Excel 2003, which may hold the table of a list."""
    return _WEB_PAGE.match(head.removeprefix(MARK)) is not None


def is_vcard(head: bytes) -> bool:
    """Whether a file begins as contacts of a telephone do (vCard)."""
    return head.removeprefix(MARK).lstrip()[:11].upper() == b"BEGIN:VCARD"


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
            # The first line is not a document by itself: one document over many lines, or a line longer than the head.
            return "json" if b"\n" in text or not _flat(text) else "jsonl"
        return (
            "json"
            if any(isinstance(value, list) for value in record.values()) and b"\n" not in text.strip()
            else "jsonl"
        )
    return None


def _flat(head: bytes) -> bool:
    return b"[" not in head
