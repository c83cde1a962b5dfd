"""The XML of one sheet to rows of text, as Excel means it: shared texts, dates by their style, gaps counted."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from valhalla.intake.reading.chunk import COLUMNS_LIMIT, SourceError
from valhalla.intake.reading.csvfile import LONGEST
from valhalla.intake.reading.tables import TooLong, text_of
from valhalla.intake.reading.tokens import FIELD_LIMIT

if TYPE_CHECKING:
    from valhalla.intake.reading.archive import Archive

ROWS_LIMIT = 1_048_576
"""Excel's own."""
TEXT_LIMIT = 256 << 20
"""Characters of all cells of a sheet: a long shared text can stand in many cells."""
FORMATS_LIMIT = 65_536
"""Number formats of a workbook; Excel stops far earlier."""
FORMAT_CODE_LIMIT = 255
"""Characters of a number format, in Excel."""


class SharedTexts:
    """The texts that cells refer to by number, in as many bytes as they have."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._ends = array("L", [0])

    def add(self, text: str) -> None:
        """Append one."""
        self._data += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._data))

    def size(self, number: int) -> int:
        """Bytes of one. Raises ValueError when there is none with this number."""
        if not 0 <= number < len(self._ends) - 1:
            raise ValueError(f"there is no shared text {number}")
        return self._ends[number + 1] - self._ends[number]

    def __getitem__(self, number: int) -> str:
        start, end = self._ends[number : number + 2]
        return self._data[start:end].decode("utf-8", "surrogatepass")


class _Text:
    """Collects the text of an element with runs (``si``, ``is``): its own and that of its runs, without what is
    only for pronunciation."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._left = 0
        self._open = self._phonetic = False

    def begin(self) -> None:
        """Forget the last one."""
        self.parts = []
        self._left = FIELD_LIMIT + 1
        self._open = self._phonetic = False

    def start(self, tag: str) -> None:
        """An element inside begins."""
        if tag == "rPh":
            self._phonetic = True
        elif tag == "t" and not self._phonetic:
            self._open = True

    def end(self, tag: str) -> None:
        """It ends."""
        if tag == "rPh":
            self._phonetic = False
        elif tag == "t":
            self._open = False

    def take(self, text: str) -> None:
        """Text; what is longer than a cell may be is cut a little later than that."""
        if self._open and self._left > 0:
            self.parts.append(text[: self._left])
            self._left -= len(text)


def shared_texts(archive: Archive, name: str) -> SharedTexts:
    """The part with the shared texts."""
    found = SharedTexts()
    text = _Text()
    inside = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal inside
        if tag == "si":
            inside = True
            text.begin()
        elif inside:
            text.start(tag)

    def end(tag: str) -> None:
        nonlocal inside
        if tag == "si":
            inside = False
            found.add("".join(text.parts).replace("x005F_", ""))
        elif inside:
            text.end(tag)

    for _ in archive.parse(name, start, end, text.take):
        pass
    return found


class Styles:
    """Which cell styles show a number as a date, and which as a duration."""

    def __init__(self) -> None:
        self.kinds = bytearray()
        """By style: 0, or DATE, or DURATION as well."""

    DATE = 1
    DURATION = 2

    def kind(self, style: str | None) -> int:
        """Of the style with this number."""
        if style is None or not style.isdecimal() or len(style) > 9:
            return 0
        number = int(style)
        return self.kinds[number] if number < len(self.kinds) else 0


def styles(archive: Archive, name: str) -> Styles:
    """The part with the styles."""
    from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format

    def kind(code: str | None) -> int:
        code = code[:FORMAT_CODE_LIMIT] if code else None
        return Styles.DATE * is_date_format(code) + Styles.DURATION * is_timedelta_format(code)

    found = Styles()
    custom: dict[int, int] = {}
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag == "numFmt":
            custom[_whole(attributes.get("numFmtId"))] = kind(attributes.get("formatCode"))
            if len(custom) > FORMATS_LIMIT:
                raise SourceError(
                    "TOO_LARGE",
                    f"The workbook {archive.path} has more than {FORMATS_LIMIT:,} number formats; save it as CSV.",
                )
        elif tag == "cellXfs":
            inside = True
        elif inside and tag == "xf":
            number = _whole(attributes.get("numFmtId"))
            if number not in custom:
                custom[number] = kind(builtin_format_code(number))
            found.kinds.append(custom[number])

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag != "cellXfs"

    for _ in archive.parse(name, start, end):
        pass
    return found


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


_Sparse = tuple[int, int, list[tuple[int, str | int]]]
"""A row: its number, its width (-1: it is too long), and its filled cells."""


class Sheet:
    """One sheet. ``rows`` may be called again and again."""

    def __init__(
        self, archive: Archive, part: str, title: str, shared: SharedTexts, styles: Styles, epoch: Any
    ) -> None:
        self.title = title
        self._archive = archive
        self._part = part
        self.shared = shared
        self._styles = styles
        self._epoch = epoch

    def rows(self) -> Iterator[tuple[int, list[str] | TooLong]]:
        """Rows with their number, from 1, without empty cells at their end. Rows that the sheet leaves out are not made up."""
        reading = _Reading(self)
        for _ in self._archive.parse(self._part, reading.start, reading.end, reading.text):
            for number, width, cells in reading.taken():
                if width < 0:
                    yield number, TooLong(self._text(cells[0][1]) if cells else "")
                    continue
                row = [""] * width
                for column, text in cells:
                    row[column] = self._text(text)
                yield number, row

    def _text(self, text: str | int) -> str:
        return text if isinstance(text, str) else self.shared[text]

    def too_large(self, what: str) -> SourceError:
        """The error for a sheet beyond a limit."""
        return SourceError(
            "TOO_LARGE",
            f'Sheet "{self.title[:80]}" of the workbook {self._archive.path} {what}; '
            "delete what is outside of the list, or save the sheet as CSV.",
        )

    def value(self, kind: str, style: str | None, text: str) -> str:
        """A cell's text for what stands in its ``v``."""
        try:
            if kind == "n":
                return self._number(style, text)
            if kind == "b":
                return text_of(bool(int(text)))
            if kind == "d":
                from openpyxl.utils.datetime import from_ISO8601

                return text_of(from_ISO8601(text))  # type: ignore[no-untyped-call]
        except ValueError:
            pass  # what is not what it says it is is kept as it stands
        return text

    def _number(self, style: str | None, text: str) -> str:
        number: float = float(text) if "." in text or "E" in text or "e" in text else int(text)
        kind = self._styles.kind(style)
        if not kind & Styles.DATE:
            return text_of(number)
        from openpyxl.utils.datetime import from_excel

        try:
            return text_of(from_excel(number, self._epoch, timedelta=bool(kind & Styles.DURATION)))
        except (OverflowError, ValueError):
            return "#VALUE!"


class _Reading:
    """The state of one reading of a sheet: where in its XML it is, and the rows that are complete.

    Of those it keeps the filled cells, and of shared texts the number: a few bytes of XML can mean a long row.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rows: list[_Sparse] = []
        self._columns: dict[str, int] = {}
        self._last = 0
        self._row = 0
        """Number of the row, also of one that was passed over."""
        self._cells: list[tuple[int, str | int]] | None = None
        self._width = 0
        self._column = 0
        self._size = 0
        self._total = 0
        self._kind: str | None = None
        """Of the open cell."""
        self._style: str | None = None
        self._value: list[str] | None = None
        self._left = 0
        self._has_value = self._in_value = self._inline = False
        self._text = _Text()

    def taken(self) -> list[_Sparse]:
        """The rows since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            if self._cells is not None:
                self._begin_cell(attributes)
        elif self._inline:
            self._text.start(tag)
        elif tag == "v":
            if self._kind is not None and not self._has_value:
                self._has_value = self._in_value = True
                self._value, self._left = [], FIELD_LIMIT + 1
        elif tag == "is":
            if self._kind == "inlineStr":
                self._inline = True
                self._text.begin()
        elif tag == "row":
            self._begin_row(attributes.get("r"))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "v":
            self._in_value = False
        elif tag == "c":
            if self._kind is not None:
                self._end_cell()
        elif tag == "is":
            self._inline = False
        elif self._inline:
            self._text.end(tag)
        elif tag == "row":
            self._end_row()

    def text(self, text: str) -> None:
        """Text between tags."""
        if self._in_value:
            if self._left > 0 and self._value is not None:
                self._value.append(text[: self._left])
                self._left -= len(text)
        elif self._inline:
            self._text.take(text)

    def _begin_row(self, number: str | None) -> None:
        if number is None:
            self._row += 1
        else:
            try:
                self._row = int(number)
            except ValueError:
                exact = float(number)
                if not exact.is_integer():
                    raise ValueError(f"{number[:20]} is not a row number") from None
                self._row = int(exact)
        if self._row > ROWS_LIMIT:
            raise self._sheet.too_large(
                f"has a row with the number {_short(self._row)}; a sheet has at most {ROWS_LIMIT:,} rows"
            )
        self._cells = []
        self._width = self._column = self._size = 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            letters = place.rstrip("0123456789")
            column = self._columns.get(letters)
            if column is None:
                column = self._columns[letters] = _column(letters)
            self._column = column
        if self._column > COLUMNS_LIMIT:
            raise self._sheet.too_large(
                f"has a cell in column {_short(self._column)} of row {self._row:,}; "
                f"a sheet has at most {COLUMNS_LIMIT:,} columns (XFD)"
            )
        self._kind = attributes.get("t", "n")
        self._style = attributes.get("s")
        self._value = None
        self._has_value = self._in_value = self._inline = False
        self._text.parts = []

    def _end_cell(self) -> None:
        kind, self._kind = self._kind, None
        self._in_value = self._inline = False
        text: str | int
        if kind == "inlineStr":
            text = "".join(self._text.parts)
            size = len(text)
        elif self._value and kind == "s":
            text = int("".join(self._value))
            size = self._sheet.shared.size(text)
        elif self._value and kind is not None:
            text = self._sheet.value(kind, self._style, "".join(self._value))
            size = len(text)
        else:
            return
        if size and self._cells is not None:
            self._size += size
            if len(self._cells) >= COLUMNS_LIMIT:  # they name the same columns again and again
                raise self._sheet.too_large(
                    f"has more than {COLUMNS_LIMIT:,} cells in row {self._row:,}; a sheet has at most as many columns"
                )
            if self._size <= LONGEST:
                self._cells.append((self._column - 1, text))
                self._width = max(self._width, self._column)

    def _end_row(self) -> None:
        cells, self._cells = self._cells, None
        if cells is None or self._row <= self._last:
            return
        self._last = self._row
        self._total += min(self._size, LONGEST)
        if self._total > TEXT_LIMIT:
            raise self._sheet.too_large(f"holds more than {TEXT_LIMIT >> 20} MiB of text")
        self._rows.append((self._row, self._width if self._size <= LONGEST else -1, cells))


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        if not "A" <= letter <= "Z" or number > COLUMNS_LIMIT:
            break
        number = number * 26 + ord(letter) - 64
    else:
        if number:
            return number
    if number > COLUMNS_LIMIT:
        return number
    raise ValueError(f"{letters[:20]!r} is not a column")


def _short(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"{number:.0e}" if number < 10**300 else "of over 300 digits"
