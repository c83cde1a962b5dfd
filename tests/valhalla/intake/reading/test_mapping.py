"""Which column is which field, and what is proposed when that is not clear."""

from __future__ import annotations

import pytest

from valhalla.intake.reading import Profile, SourceError, open_source
from valhalla.intake.reading.header import normal
from valhalla.intake.reading.mapping import recognise, suggest


@pytest.mark.parametrize(
    ("header", "field"),
    [("E-Mail Address", "email"), ("asking_price", "value"), ("Asking Price (USD)", "value"), ("BUDGET", "value"), ("Full Name", "name"),
     ("Owner 1 First Name", "first_name"), ("Zip Code", "zip"), ("Province", "state"), ("ＥＭＡＩＬ", "email"), ("Sq. Ft.", "sqft")],
)  # fmt: skip
def test_headers_without_case_space_and_punctuation(header, field):
    assert recognise([header]) == {header: field}


def test_the_better_word_wins_and_the_other_stays_an_extra(read):
    reading = read("name,email,price,value\nA,a@example.com,1,2\n")
    assert reading.rows[0].value == 200
    assert reading.source.extras == ["price"]


def test_names_and_places_from_their_parts(read):
    reading = read(
        "First Name,Last Name,Email,Ask,City,State,Zip\nAnn,Lee,a@example.com,5,houston,tx,77002\nBob,,b@example.com,5,,,\n"
    )
    assert [(row.name, row.location, row.market) for row in reading.rows] == [
        ("Ann Lee", "houston, tx 77002", "Houston, TX"),
        ("Bob", None, None),
    ]


def test_duplicate_and_empty_headers(read):
    reading = read("name,email,value,note,,note\nA,a@example.com,1,x,y,z\n")
    assert reading.source.extras == ["note", "column 5", "note 2"]
    assert [w.code for w in reading.source.warnings] == ["EMPTY_HEADER", "DUPLICATE_HEADER"]


def test_sensitive_columns_are_named(read):
    assert [w.code for w in read("name,email,value,SSN\n").source.warnings] == ["PERSONAL_COLUMN"]


def test_a_suggestion_by_likeness_that_can_be_accepted(write):
    path = write("Ownr Name,Emal,Asking Prise,City\nAnn Lee,a@example.com,500000,Houston\n")
    with pytest.raises(SourceError, match=r'did you mean .*"Asking Prise" for value') as caught:
        open_source(path, Profile(rules="documents"))
    assert caught.value.suggestion == {
        "Ownr Name": "name",
        "Emal": "email",
        "Asking Prise": "value",
        "City": "city",
    }
    with open_source(path, mapping=caught.value.suggestion) as source:
        chunk = source.read(final=True)
    assert chunk is not None
    assert chunk.accepted[0].value == 50_000_000


def test_a_suggestion_by_content(write):
    path = write("a,b,c\nAnn Lee,a@example.com,500000\nBob Day,b@example.com,250000\n")
    with pytest.raises(SourceError) as caught:
        open_source(path, Profile(rules="documents"))
    assert caught.value.suggestion == {"a": "name", "b": "email", "c": "value"}


def test_a_saved_mapping_replaces_recognition(read):
    reading = read(
        "who,mail,name,worth\nAnn,a@example.com,x,5\n",
        mapping={"who": "name", "mail": "email", "Worth": "value"},
    )
    assert reading.rows[0].name == "Ann"
    assert reading.source.extras == ["name"]
    assert reading.source.mapping == {"who": "name", "mail": "email", "worth": "value"}


def test_a_mapping_to_an_unknown_field(write):
    with pytest.raises(ValueError, match="no such field: colour"):
        open_source(write("name,email,value\n"), mapping={"name": "colour"})


def test_the_source_own_id_is_the_identity_and_stays_readable(read):
    reading = read(
        "lead id,name,email,value\n7,A,a@example.com,1\n8,A,a@example.com,1\n,A,a@example.com,1\n", source="x"
    )
    first, second, third = reading.rows
    assert first.identity != second.identity
    assert first.aliases == second.aliases == (third.identity,)
    assert third.aliases == ()
    assert first.extras == '["7"]'


def test_profiles_are_checked_and_kept():
    profile = Profile(contact="either", required=("parcel",), value_format="us")
    assert Profile.from_json(profile.to_json()) == profile
    assert Profile().to_json() == "{}"
    for bad in (
        '{"contact": "fax"}',
        '{"colour": 1}',
        '{"country": "USA"}',
        '{"day_first": 1}',
        '{"delimiter": "ab"}',
    ):
        with pytest.raises(ValueError, match=r"must be|no setting"):
            Profile.from_json(bad)


def test_normal_form():
    assert normal(" E-Mail_Address (home) ") == "emailaddress"
    assert normal("(email)") == "email"


def test_a_column_of_addresses_is_never_proposed_as_a_name() -> None:
    header = ["Kontakt", "Contact Mail", "Value", "Cell"]
    rows = [
        ["Ann Ames", "ann@example.com", "100000", "713-555-0100"],
        ["Bo Bold", "bo@x.com", "9", "713-555-0101"],
    ]
    assert suggest(header, rows, Profile()) == {
        "Kontakt": "name",
        "Contact Mail": "email",
        "Value": "value",
        "Cell": "phone",
    }
