"""Text to records: quotes, line ends of every kind, and what to do when a quote is never closed.

The rules are those of RFC 4180, read like Python's ``csv`` reads them in strict mode; what is not valid costs the
record on that line and nothing after it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

FIELD_LIMIT = 1 << 20
"""Longest cell, in characters."""

NEAR = 512
"""Characters in which the end of a line is looked for first."""


class Record(NamedTuple):
    """One record of a text. ``cells`` is empty when ``problem`` (a reject code) says why."""

    cells: list[str]
    start: int
    """Where it begins in the text."""
    end: int
    """Where the next record begins."""
    stop: int
    """Where its raw text ends, before the line end."""
    lines: int
    """Physical lines it spans."""
    problem: str | None
    detail: str


class Open(NamedTuple):
    """The text ended inside a quoted cell, or before the record's line end."""

    start: int
    quoted: bool


def count_lines(text: str, start: int, end: int) -> int:
    """Line ends (LF, CR, CRLF) in a part of the text."""
    feeds = text.count("\n", start, end)
    returns = text.count("\r", start, end)
    return feeds if not returns else feeds + returns - text.count("\r\n", start, end)


def line_stop(text: str, start: int) -> tuple[int, int]:
    """Where the physical line that holds ``start`` stops and where the next one begins."""
    size, length = NEAR, len(text)
    while True:  # not through all of a text whose lines end in the other way: it may be asked for each of its characters
        limit = min(start + size, length)
        feed = text.find("\n", start, limit)
        back = text.find("\r", start, feed if feed >= 0 else limit)
        if back >= 0:
            return back, back + (2 if text.startswith("\r\n", back) else 1)
        if feed >= 0:
            return feed, feed + 1
        if limit == length:
            return length, length
        size *= 8


def next_record(text: str, start: int, delimiter: str, width: int, final: bool) -> Record | Open:
    """The record that begins at ``start``.

    ``width`` is the number of columns: a quoted cell that swallows lines until there are more cells than that was
    never meant to be closed. Without ``final``, text that ends before the record does gives :class:`Open`.
    """
    stop, end = line_stop(text, start)
    if not final and stop == len(text):
        return Open(start, quoted=text.find('"', start, stop) >= 0)
    if text.find('"', start, stop) < 0:
        cells = text[start:stop].split(delimiter)
        return _finish(text, cells, start, end, stop, 1)
    return _quoted(text, start, delimiter, width, final)


def _finish(text: str, cells: list[str], start: int, end: int, stop: int, lines: int) -> Record:
    if stop - start > FIELD_LIMIT and max(map(len, cells)) > FIELD_LIMIT:
        return Record([], start, end, stop, lines, "FIELD_TOO_LARGE", "a cell is larger than 1 MiB")
    return Record(cells, start, end, stop, lines, None, "")


def _quoted(text: str, start: int, delimiter: str, width: int, final: bool) -> Record | Open:
    cells: list[str] = []
    first_stop, _ = line_stop(text, start)
    spaced = _spaced(delimiter)
    at = opened = start
    most = width
    while True:
        if text.startswith('"', at):
            close = _closing(text, at + 1)
            if at <= first_stop:
                opened = at  # only the last quote of the first line can go beyond it
                most = max(width, len(cells) + 1)  # a row may have too many cells before that quote
            if close < 0:
                if not final and len(text) - at <= 2 * FIELD_LIMIT:
                    return Open(start, quoted=True)
                return _unclosed(text, start, opened)
            cells.append(text[at + 1 : close].replace('""', '"'))
            at = close + 1
            while text.startswith(" ", at) and delimiter != " ":
                at += 1
            if at == len(text) and not final:
                return Open(start, quoted=True)
            if at < len(text) and text[at] not in (delimiter, "\r", "\n"):
                if at > first_stop:
                    return _unclosed(text, start, opened)
                stop, end = line_stop(text, at)
                detail = "text between a closing quote and the next delimiter"
                return Record([], start, end, stop, 1, "QUOTE_SYNTAX", detail)
        elif match := spaced.match(text, at):
            cells.append(match[1].replace('""', '"'))
            at = match.end()
        else:
            stop, _ = line_stop(text, at)
            cut = text.find(delimiter, at, stop)
            to = cut if cut >= 0 else stop
            cells.append(text[at:to])
            at = to
        if len(cells) > most and at > first_stop:
            return _unclosed(text, start, opened)
        if not text.startswith(delimiter, at):
            break
        at += 1
    if at == len(text) and not final:
        return Open(start, quoted=True)
    stop, end = line_stop(text, at)
    return _finish(text, cells, start, end, stop, 1 + count_lines(text, start, stop))


@lru_cache(maxsize=16)
def _spaced(delimiter: str) -> re.Pattern[str]:
    """A quoted cell with spaces around it, on one line: what people type by hand."""
    if delimiter == " ":
        return re.compile(r"(?!)")
    return re.compile(rf' +"((?:[^"\r\n]|"")*)" *(?={re.escape(delimiter)}|[\r\n]|\Z)')


def _closing(text: str, scan: int) -> int:
    """Where the quoted cell whose text begins at ``scan`` is closed, or -1."""
    while True:
        close = text.find('"', scan)
        if close < 0 or not text.startswith('""', close):
            return close
        scan = close + 2


def _unclosed(text: str, start: int, opened: int) -> Record:
    """The record is its first line, on which the quote was opened; the lines after it are read on their own."""
    stop, end = line_stop(text, start)
    detail = f"the quote before {text[opened + 1 : min(stop, opened + 21)]!r} is never closed"
    return Record([], start, end, stop, 1, "UNCLOSED_QUOTE", detail)
