"""Every code the reader can give to a file, a row or a cell, with its fixed meaning.

The words are part of the public surface: reports, exports and the operator's guide use them. A code is never
re-used for something else, and ``docs/importing.md`` lists exactly these.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["file error", "file warning", "reject", "row warning"]


class Code(NamedTuple):
    """A word, what it is attached to, and what it means."""

    word: str
    kind: Kind
    meaning: str


_FILE_ERRORS = {
    "NOT_FOUND": "There is no file with this name.",
    "NOT_READABLE": "The file cannot be opened or read: a folder, a pipe, no permission, or a broken archive.",
    "EMPTY_FILE": "The file holds nothing but blank lines.",
    "NOT_CSV": "The content is of a kind that is not a lead list: a web page, a PDF, a picture, a workbook with a password, an archive without lists.",
    "NO_HEADER": "The first line looks like data, not like column names.",
    "LISTINGS": "The file is a download of houses for sale that names no owner; it is not a lead list.",
    "CALL_RESULTS": "The file is a dialer's list of calls with their results; `valhalla outcome import` records them.",
    "MISSING_COLUMN": "No column could be recognized for a required field.",
    "JSON_SYNTAX": "The JSON document is broken, or holds no list of records.",
    "TOO_LARGE": "The workbook unpacks to more than 50 MB, or the list goes beyond another limit that its message names.",
    "NO_PROGRESS": "Reading the file made no progress for a minute; it is not read again until it changes.",
    "SET_ASIDE": "The program ended three times while it read the file; it is not read again until it changes or "
    "`valhalla jobs retry` asks for it.",
    "FILE_CHANGED": "The file was replaced, cut or rewritten while it was read; it is read again in the next cycle.",
}

_FILE_WARNINGS = {
    "ENCODING_ASSUMED": "The file is not UTF-8; it was read as Windows-1252.",
    "ENCODING_MIXED": "Most of the file is UTF-8 but some lines are not; those lines are rejected.",
    "PREAMBLE_SKIPPED": "Lines above the column names were skipped.",
    "DUPLICATE_HEADER": "Two columns have the same name; the first is used, the other kept as an extra column.",
    "EMPTY_HEADER": "A column has no name; it is kept as an extra column called by its number.",
    "CONTENT_NOT_NAME": "The content is of another format than the file name says; it was read as what it is.",
    "MORE_SHEETS": "The file holds several sheets or files: the others are lists of their own, or were passed over.",
    "COLUMNS_ADDED": "The list has columns that the last list of its source had not; they are kept as extra columns.",
    "COLUMNS_MISSING": "Columns that the last list of its source had are not there any more.",
    "COLUMN_RENAMED": "A field is read from a column of another name than in the last list of its source.",
    "COLUMN_UNSURE": "A column may be a field, but its name or its cells do not say so for sure; it is kept as an extra column.",
    "PERSONAL_COLUMN": "A column looks like sensitive personal data (social security, birth date, card number).",
}

_REJECTS = {
    "MISSING_NAME": "The name is blank.",
    "MISSING_EMAIL": "The email is blank and the profile demands one.",
    "MISSING_PHONE": "The phone is blank and the profile demands one.",
    "MISSING_CONTACT": "Neither an email nor a usable phone is given and the profile demands one of them.",
    "MISSING_VALUE": "The value is blank.",
    "MISSING_FIELD": "A column that the profile requires is blank.",
    "EMAIL_FORMAT": "The email is not one plausible address.",
    "PHONE_FORMAT": "The phone is not a plausible number and the profile demands one.",
    "VALUE_NOT_NUMBER": "The value is not a number.",
    "VALUE_NOT_FINITE": "The value is nan or infinity.",
    "VALUE_NOT_POSITIVE": "The value is zero or negative.",
    "VALUE_TOO_LARGE": "The value is above 10,000,000,000,000.",
    "VALUE_CURRENCY": "The value has a currency sign.",
    "VALUE_GROUPING": "The value has thousands separators.",
    "VALUE_LOCALE": "The value is written with a decimal comma, or with points between thousands.",
    "VALUE_FORMAT": "The value is a number in a form nobody types on purpose: 1e5, 500_000, 500k, (500), "
    "digits of another script.",
    "CELLS_TOO_MANY": "The row has more cells than the header has columns; nothing was shifted.",
    "ENCODING": "The row holds bytes that are no text in the file's encoding.",
    "NUL_BYTE": "The row holds a NUL byte.",
    "FIELD_TOO_LARGE": "A cell, or a line without end, is larger than 1 MiB.",
    "UNCLOSED_QUOTE": "A quote opened on this line is never closed; the lines after it were read on their own.",
    "QUOTE_SYNTAX": "There is text between a closing quote and the next delimiter.",
    "TOTALS_ROW": "The row is a total under the list, not a lead.",
    "HEADER_REPEATED": "The row repeats the column names.",
    "FORGOTTEN": "The person asked to be forgotten; nothing of the row is kept.",
    "HELD": "The row may be about somebody who asked to be forgotten; nothing of it is kept until a person has looked.",
    "BUYER": "The row is about somebody who buys: no lead, but offered to the list of buyers.",
    "NOT_SELLER": "The row is about an agent, a lender or somebody else who works in the trade: no lead.",
    "OWN_RULE": "A rule of the program that reads the list refused the row.",
    "RECORD_SYNTAX": "The line or element is no JSON object.",
}

_ROW_WARNINGS = {
    "CELLS_MISSING": "The row has fewer cells than the header; the missing ones are empty.",
    "VALUE_ROUNDED": "The value had more than two decimals and was rounded to cents, half to even.",
    "INVISIBLE_CHARACTERS": "Zero-width, direction or control characters were removed from name, email, phone or value.",
    "FORMULA_CELL": "A cell begins like a spreadsheet formula; it is neutralized in every export.",
    "PHONE_UNUSABLE": "The phone is not a plausible number; it is kept as text.",
    "PRICE_UNKNOWN": "The asking price is not one amount (150k, a range, OBO, N/A); it is unknown, its text is kept.",
    "EMAIL_UNUSABLE": "The email is not one plausible address; the phone is used instead.",
    "DATE_UNREADABLE": "The list date could not be read.",
    "NUMBER_UNREADABLE": "An optional number (arv, repairs, sqft, beds) could not be read.",
}

_TABLES: tuple[tuple[Kind, dict[str, str]], ...] = (
    ("file error", _FILE_ERRORS),
    ("file warning", _FILE_WARNINGS),
    ("reject", _REJECTS),
    ("row warning", _ROW_WARNINGS),
)
CODES: dict[str, Code] = {
    word: Code(word, kind, meaning) for kind, table in _TABLES for word, meaning in table.items()
}
"""All codes by their word."""
