"""What a person is found by: each number, e-mail and address of a row, and never a row's mere number."""

from __future__ import annotations

from valhalla.leads.addresses import normal_address
from valhalla.leads.owners import Owner, owners_of
from valhalla.leads.person_keys import person_keys


def owner(text: str) -> Owner:
    return owners_of(text).of_record[0]


HOME = normal_address("88 Far Oaks Dr", None, "Katy", "TX", "77450")
HOUSE = normal_address("1412 Calder Ridge Ln", None, "Houston", "TX", "77018")
DANA = person_keys(
    owner("QUILLON DANA R & RAY"),
    ["dana.q@example.com", "dq@example.org"],
    [17135550142, 18325550187],
    [HOUSE, HOME],
)


def found(*keys: int) -> bool:
    return bool(set(keys) & set(DANA))


def test_each_number_email_and_address_finds_the_person() -> None:
    dana = owner("Quillon, Dana")
    assert found(*person_keys(None, ["dq@example.org"]))
    assert found(*person_keys(dana, [], [18325550187]))
    assert found(*person_keys(dana, [], [], [normal_address("88 FAR OAKS DRIVE", None, "KATY", "TX")]))
    assert found(
        *person_keys(dana, [], [], [None, normal_address("1412 Calder Ridge Lane, Houston, TX 77018-1122")])
    )


def test_a_number_or_an_address_alone_is_nobodys_key() -> None:
    assert person_keys(None, [], [18325550187], [HOME]) == ()
    assert not found(*person_keys(owner("Pia Marsh"), [], [18325550187], [HOME]))


def test_letters_to_a_po_box_find_a_person() -> None:
    box = person_keys(
        owner("Lola Merritt"), [], [], [normal_address("P.O. Box 77", None, "Independence", "MO", "64051")]
    )
    assert set(box) & set(
        person_keys(
            owner("MERRITT, LOLA J"), [], [], [normal_address("PO BOX 77", None, "Independence", "MO")]
        )
    )


def test_the_strongest_key_comes_first() -> None:
    assert DANA[0] == person_keys(None, ["dana.q@example.com"])[0]


def test_an_address_without_a_place_counts_with_the_same_words_only() -> None:
    placeless = person_keys(owner("Dana Quillon"), [], [], [normal_address("1412 Calder Ridge Ln")])
    assert set(placeless) & set(
        person_keys(owner("Dana Quillon"), [], [], [normal_address("1412 CALDER RIDGE LANE")])
    )
    assert not found(*placeless)
