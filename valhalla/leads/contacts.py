"""Email addresses and phone numbers: what is plausible, and the form that is compared."""

from __future__ import annotations

import re
from functools import lru_cache

from valhalla.program.patterns import pattern

EMAIL_LIMIT = 254

email_match = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
    r"@(?:[^\W_](?:[\w-]*[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{2,59})"
).fullmatch
"""Matches one address, after lower-casing. Linear: no two neighbouring parts can take the same character."""


def plausible_email(text: str) -> bool:
    """Whether the lower-case text is one address that mail could be sent to; nobody is asked."""
    if len(text) > EMAIL_LIMIT or text.find("@") > 64:
        return False
    return email_match(text) is not None


drop_phone_marks = str.maketrans("", "", " ()-./\t\u00a0\u2010\u2011\u2012\u2013")
"""For ``str.translate``: deletes what people put between the digits of a phone number."""

_EXTENSION = pattern(r"\s*(?:;ext=|,|x|ext\.?|extension|#)\s*\d{1,7}\s*$", re.IGNORECASE)


def nanp_key(digits: str) -> int | None:
    """E.164 digits of a North American number given as 10 digits, or 11 with the leading 1; else None.

    Area code and exchange both begin with 2 to 9; a number of one repeated digit is a placeholder.
    """
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    if len(digits) != 10 or digits[0] in "01" or digits[3] in "01" or digits.count(digits[0]) == 10:
        return None
    return 10_000_000_000 + int(digits)


def phone_text(e164: str) -> str:
    """A number as Americans write it: ``(713) 555-0123``; one of another country as it stands."""
    digits = e164.removeprefix("+1")
    if len(digits) != 10 or not e164.startswith("+1"):
        return e164
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


@lru_cache(maxsize=5_000)
def phone_key(text: str, country: str = "US") -> int | None:
    """The phone number as E.164 digits (``17135550123``), or None when it is not a plausible number.

    North American numbers are recognised here; all others by the phonenumbers library, which is slow to load and
    30 times slower per number, so it is only asked when it must be.
    """
    text = _EXTENSION.sub("", text)
    digits = text.translate(drop_phone_marks)
    if digits.endswith("0") and re.search(r"\d\.0$", text):
        digits = digits[:-1]  # a spreadsheet's 7135550123.0
    plus = digits.startswith("+")
    if plus:
        digits = digits[1:]
    if digits.isascii() and digits.isdecimal():
        if len(digits) < 7 or len(digits) > 17:
            return None
        if (country in ("US", "CA") and not plus) or (plus and len(digits) == 11 and digits[0] == "1"):
            return nanp_key(digits)
    elif sum(character.isdecimal() for character in digits) < 7 or len(digits) > 40:
        return None
    return _library_key(text, country)


def _library_key(text: str, country: str) -> int | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return int(f"{number.country_code}{phonenumbers.national_significant_number(number)}")
