"""Names of Windows devices are no names of sources, and no list is stored under one."""

from __future__ import annotations

import pytest

from valhalla.cockpit.uploads import safe_name
from valhalla.intake.source_settings import Change, set_source
from valhalla.program.database import memory_database
from valhalla.program.errors import UsageError
from valhalla.program.names import is_device

DEVICES = [
    "con",
    "CON",
    "Prn",
    "aux",
    "nul",
    "LPT1",
    "com9",
    "com0",
    "lpt²",
    "CONIN$",
    "conout$",
    "con.csv",
    "nul.tar.gz",
]
TRAILING = ["con.", "con ", "LPT1 .csv", "aux..", "nul:", "com1:x"]


@pytest.mark.parametrize(
    "name", [*DEVICES, *TRAILING, "a/b", "a\\b", "a:b", "a.", " a", "", "a\x1bb", "a\nb", ".", "..", "a?"]
)
def test_no_source_has_a_name_that_is_no_folder_everywhere(name: str) -> None:
    with memory_database() as database, pytest.raises(UsageError, match="name for a source"):
        set_source(database, name, Change())


@pytest.mark.parametrize("name", [*DEVICES, *TRAILING])
def test_no_list_is_stored_under_a_device(name: str) -> None:
    assert is_device(name)
    assert not is_device(safe_name(f"{name}.csv").rpartition(".")[0])


@pytest.mark.parametrize("name", ["console", "county", "lpt10", "probate-2026", "Con Edison", "com", "aux1"])
def test_other_names_are_names(name: str) -> None:
    assert not is_device(name)
    with memory_database() as database:
        assert set_source(database, name, Change())["name"] == name
