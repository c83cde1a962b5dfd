"""Which rows are one property: either key joins unless the other disagrees; what is incomplete is only offered."""

from __future__ import annotations

import pytest

from valhalla.leads.addresses import normal_address
from valhalla.leads.properties import (
    Property,
    joins,
    keys_of,
    near_keys,
    parcel_of,
    possible,
    property_keys,
    property_of,
)


def house(
    text: str | None,
    city: str = "",
    state: str = "",
    code: str = "",
    apn: str = "",
    county: str = "",
    unit: str = "",
) -> Property:
    return property_of(normal_address(text, unit, city, state, code), apn, county, state)


OAK = house("12 N. Oak Street #4", "Houston", "TX", "77018-1122", "051-220-000-0011", "Harris")

SAME = [
    house("12 NORTH OAK ST APT 4", "HOUSTON", "Texas", "77018"),
    house("12 N Oak St", "Houston", "TX", unit="Unit 4"),
    house("12 N Oak St # 4", code="77018"),
    house("12 N Oak St Apt 4, Houston, TX 77018"),
    house(None, "", "TX", "", "51-220-000-0011", "HARRIS COUNTY"),
    house("12 N Oak St Apt 4", "Houston", "TX", "77018", "512200000011", "Harris"),
]

OTHERS = [
    house("14 N Oak St Apt 4", "Houston", "TX", "77018"),
    house("12 N Oak St Apt 5", "Houston", "TX", "77018"),
    house("12 S Oak St Apt 4", "Houston", "TX", "77018"),
    house("12 N Oak Ave Apt 4", "Houston", "TX", "77018"),
    house("12 N Oak St Apt 4", "Dallas", "TX", "75201"),
    house("12 N Oak St Apt 4", "Houston", "MS", "38851"),
    house(None, "", "TX", "", "051-220-000-0012", "Harris"),
    house(None, "", "TX", "", "051-220-000-0011", "Dallas"),
    house(None, "", "OK", "", "051-220-000-0011", "Harris"),
]


@pytest.mark.parametrize("other", SAME)
def test_a_property_is_found_and_joined_by_what_a_list_has(other: Property) -> None:
    assert set(keys_of(OAK)) & set(keys_of(other))
    assert joins(OAK, other)
    assert joins(other, OAK)
    assert not possible(OAK, other)


@pytest.mark.parametrize("other", OTHERS)
def test_a_neighbour_is_neither_joined_nor_offered(other: Property) -> None:
    assert not joins(OAK, other)
    assert not joins(other, OAK)
    assert not possible(OAK, other)


@pytest.mark.parametrize(
    "other",
    [
        house("12 N Oak St", "Houston", "TX", "77018"),  # no unit
        house("12 N Oak # 4", "Houston", "TX", "77018"),  # no suffix
        house("12 Oak St # 4", "Houston", "TX", "77018"),  # no direction
        house("12 N Oak St # 4", "Garden Oaks", "TX", "77018"),  # another name of the city
        house("12 N Oak St # 4", "Houston", "TX", "77091"),  # another ZIP
        house("12 N Oak St # 4", "Houston", "TX", "77018", "051-220-000-0099", "Harris"),  # another parcel
        house(None, "", "TX", "", "0512200000011", "Harris"),  # the parcel's parts are not told apart
    ],
)
def test_what_is_incomplete_or_contradicts_is_offered_and_never_joined(other: Property) -> None:
    assert not joins(OAK, other)
    assert not joins(other, OAK)
    assert possible(OAK, other)
    assert possible(other, OAK)
    assert set(near_keys(OAK)) & set(near_keys(other))


@pytest.mark.parametrize(
    "nothing",
    [
        house("PO Box 118", "Houston", "TX", "77018"),
        house("0 Oak St", "Houston", "TX", "77018"),
        house("Oak St", "Houston", "TX", "77018"),
        house("12 Oak St"),
        house(None),
        house(None, "", "TX", "", "000-000", "Harris"),
        house(None, "", "TX", "", "12-34", ""),
    ],
)
def test_what_names_no_property_has_no_key_and_joins_nothing(nothing: Property) -> None:
    assert keys_of(nothing) == ()
    assert not joins(nothing, nothing)


def test_parcel_numbers() -> None:
    assert parcel_of("051-220-000-0011", "Harris County", "Texas") == "TX HARRIS 51.220.000.0011"
    assert parcel_of("12-34", "St. Tammany Parish", "LA") == parcel_of("12 34", "Saint Tammany", "LA")
    assert (
        parcel_of("12-34", "City of Baltimore", "MD")
        == parcel_of("12-34", "Baltimore City", "MD")
        != parcel_of("12-34", "Baltimore", "MD")
    )
    assert parcel_of("12-34", "Harris", "TX") != parcel_of("123-4", "Harris", "TX")
    assert not possible(
        house(None, "", "TX", "", "12-34", "Harris"), house(None, "", "TX", "", "12-35", "Harris")
    )


def test_keys_fit_the_index_of_keys() -> None:
    keys = property_keys(OAK.address, "051-220-000-0011", "Harris", "TX")
    assert keys == keys_of(OAK)
    assert len(keys) == 3
    assert all(-(1 << 63) <= key < 1 << 63 for key in keys)
