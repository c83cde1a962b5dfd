"""What is known of a lead beyond its columns."""

from __future__ import annotations

import pytest

from valhalla.scoring.stages.known import ABSENTEE, ELSEWHERE, lives_elsewhere


@pytest.mark.parametrize(
    ("mailing", "address", "state", "expected"),
    [
        (("PO Box 7", "Reno", "NV"), "12 Oak St", "TX", ELSEWHERE),
        (("12 Oak St", "Reno", "NV"), "12 Oak St", "TX", ELSEWHERE),
        (("99 Elm Ave", "Dallas", "TX"), "12 Oak St", "TX", ABSENTEE),
        (("99 Elm Ave", "Dallas", "TX"), "12 Oak St", None, ABSENTEE),
        (("99 Elm Ave", "Dallas", "Nevada"), "12 Oak St", "TX", ABSENTEE),
        (("12 OAK STREET", "Dallas", "TX"), "12 Oak St", "TX", None),
        (("12 OAK STREET", "Reno", "NV"), "12 Oak St", None, None),
        (("", "", "TX"), "12 Oak St", "TX", None),
        (("99 Elm Ave", "Dallas", "TX"), None, "TX", None),
        (None, "12 Oak St", "TX", None),
    ],
)
def test_where_mail_goes_says_whether_the_owner_lives_there(
    mailing: tuple[str, str, str] | None, address: str | None, state: str | None, expected: str | None
) -> None:
    assert lives_elsewhere(mailing, address, state) == expected
