"""The setting that turns a mostly rejected file into a mostly accepted one."""

from __future__ import annotations

from valhalla.intake.reading import Profile
from valhalla.intake.reading.cure import find_cure


def test_a_phone_list_without_an_email_column(write):
    cure = find_cure(write("name,phone,value\n" + "Ann,713-555-2123,5\n" * 9 + "Bob,,5\n"))
    assert cure is not None
    assert (cure.settings, cure.before, cure.after, cure.tried) == ({"contact": "phone"}, 0, 9, 10)
    assert cure.sentence("x") == '0 of 10 rows are accepted; with contact=phone for source "x" 9 are.'


def test_currency_and_missing_emails_together(write):
    rows = 'Ann,,713-555-2123,"$500,000"\n' * 8 + "Bob,b@example.com,,5\n" * 2
    cure = find_cure(write("name,email,phone,value\n" + rows))
    assert cure is not None
    assert cure.settings == {"contact": "either", "value_format": "us"}
    assert (cure.before, cure.after) == (2, 10)
    assert cure.profile == Profile(contact="either", value_format="us")


def test_european_values(write):
    cure = find_cure(write("name;email;value\n" + "Ann;a@example.com;1.234,50\n" * 5))
    assert cure is not None
    assert cure.settings == {"value_format": "eu"}


def test_nothing_to_cure(write):
    head = "name,email,value\n"
    assert find_cure(write(head + "Ann,a@example.com,5\n" * 6 + "Ann,,5\n" * 5)) is None
    assert find_cure(write(head + "Ann,a@example.com,many\n" * 6)) is None
    assert find_cure(write(head)) is None
    assert find_cure(write("")) is None
