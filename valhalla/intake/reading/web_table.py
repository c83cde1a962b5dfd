"""Tables of web pages, and of the XML that Excel 2003 wrote: what many programs call ``.xls``."""

from __future__ import annotations

from html.parser import HTMLParser

LIMIT = 50 << 20
"""Bytes of such a file; it is read whole."""
MOST_CELLS = 5_000_000


class TooManyCells(Exception):
    """The tables have more cells than are read."""


class _Tables(HTMLParser):
    """Collects the cells of every table; one within another belongs to the outer one's cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._depth = 0
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._silent = 0
        self._wide = 1
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, a row, or a cell begins."""
        tag = tag.rpartition(":")[2]
        known = {name.rpartition(":")[2]: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif self._depth != 1:
            return
        elif tag in ("tr", "row"):
            self._end_row()
            self._row = []
            place = known.get("index", "")
            if tag == "row" and place.isdecimal() and len(place) < 7:
                rows = self.tables[-1]
                rows.extend([] for _ in range(int(place) - 1 - len(rows)))
                self._note(0)
        elif tag in ("td", "th", "cell"):
            if self._row is None:
                self._row = []
            self._end_cell()
            place = known.get("index", "")
            if tag == "cell" and place.isdecimal() and len(place) < 5:
                self._row.extend([""] * (int(place) - 1 - len(self._row)))
            wide = known.get("colspan", "1")
            self._wide = int(wide) if wide.isdecimal() and len(wide) < 4 else 1
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """One of them ends."""
        tag = tag.rpartition(":")[2]
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif tag == "table" and self._depth:
            if self._depth == 1:
                self._end_row()
            self._depth -= 1
        elif self._depth == 1 and tag in ("tr", "row"):
            self._end_row()
        elif self._depth == 1 and tag in ("td", "th", "cell"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """The text of a cell."""
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row.append(" ".join("".join(self._cell).split()))
            self._row.extend([""] * (self._wide - 1))
            self._note(self._wide)
        self._cell, self._wide = None, 1

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and self.tables:
            self.tables[-1].append(self._row)
            self._note(1)
        self._row = None

    def _note(self, cells: int) -> None:
        self._count += cells
        if self._count > MOST_CELLS or len(self.tables[-1]) > MOST_CELLS:
            raise TooManyCells


def tables_in(text: str) -> list[list[list[str]]]:
    """The tables of a page, each as rows of cells, without those that hold nothing. Raises :class:`TooManyCells`."""
    parser = _Tables()
    for start in range(0, len(text), 1 << 16):
        parser.feed(text[start : start + (1 << 16)])
    parser.close()
    return [table for table in parser.tables if any(any(row) for row in table)]


def decoded(data: bytes) -> str:
    """The text of a page: by its mark, else what it says of itself, else UTF-8, else Windows-1252."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
