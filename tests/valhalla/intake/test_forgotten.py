"""Who was forgotten does not come back unseen, and what keeps them away cannot name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from db import Database, audit
from valhalla.effects import erasure
from valhalla.intake import repairing
from valhalla.intake.importer import import_file
from valhalla.intake.request import Admitted, Request
from valhalla.leads import do_not_contact, suppression
from valhalla.leads.suppression import KEPT_DIGITS
from valhalla.program.errors import UsageError

JANE = "Jane Canary,jane@canary.example,200000,Houston TX,713-555-0188"


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(
        f"name,email,value,location,phone\n{JANE}\nJane,,oops,,7135550188\nBo,bo@example.com,1,,\n",
        encoding="utf-8",
    )
    return path


def read(
    database: Database, path: Path, *, admit: Admitted = False
) -> list[tuple[str, str | None, str | None]]:
    """The rows that a new reading of the list refuses."""
    number = import_file(database, Request(str(path), again=True, admit=admit))
    return database.sql("SELECT code, raw, value FROM reject WHERE import_id = ? ORDER BY line", (number,))


def kept(database: Database) -> list[str]:
    return [digest for (digest,) in database.sql("SELECT digest FROM suppression WHERE origin = 'forgotten'")]


def test_of_a_digest_twenty_bits_are_kept_also_of_one_that_was_on_the_list(
    database: Database, leads: Path
) -> None:
    read(database, leads)
    entries = [suppression.entry("jane@canary.example"), suppression.entry("713-555-0188")]
    do_not_contact.add(database, entries)
    do_not_contact.remove(database, entries[:1])
    erasure.forget(database, [1])
    assert kept(database) and {len(digest) for digest in kept(database)} == {KEPT_DIGITS}
    assert database.value("SELECT count(*) FROM suppression WHERE value IS NOT NULL") == 0
    assert [len(do_not_contact.find(database, value)) for _, value in entries] == [1, 1]
    assert audit.check_chain(database) == []


def test_a_row_that_may_be_about_her_is_held_until_a_person_has_looked(
    database: Database, leads: Path
) -> None:
    assert [code for code, *_ in read(database, leads)] == ["MISSING_EMAIL"]
    erasure.forget(database, [1])
    assert read(database, leads) == [("HELD", "", None)] * 2
    assert database.sql("SELECT name FROM lead") == [("Bo",)]
    assert [code for code, *_ in read(database, leads, admit=True)] == ["MISSING_EMAIL"]
    assert database.sql("SELECT name FROM lead ORDER BY name") == [("Bo",), ("Jane Canary",)]


def test_a_refused_row_is_not_repaired_to_be_about_her(database: Database, leads: Path) -> None:
    with leads.open("a", encoding="utf-8") as file:
        file.write("Cy,,3,,\n")
    read(database, leads)
    number = database.value("SELECT id FROM reject WHERE line = 5")
    do_not_contact.add(database, [suppression.entry("cy@example.com")])
    erasure.forget(database, [1])
    with pytest.raises(UsageError, match="asked to be forgotten"):
        repairing.repair(database, number, {"email": "jane@canary.example"})
    repairing.repair(database, number, {"email": "cy@example.com"})
    assert database.sql("SELECT name FROM lead ORDER BY name") == [("Bo",), ("Cy",)]


def test_one_held_row_is_admitted_and_the_others_stay_held(database: Database, leads: Path) -> None:
    read(database, leads)
    erasure.forget(database, [1])
    read(database, leads, admit=[2])
    assert database.sql("SELECT line, code FROM reject WHERE state = 'open'") == [(3, "HELD")]
    assert database.sql("SELECT name FROM lead ORDER BY name") == [("Bo",), ("Jane Canary",)]


def test_a_whole_digest_of_version_0_1_stays_valid(database: Database, leads: Path) -> None:
    whole = suppression.digest(suppression.salt(database), "phone", "17135550188")
    with database.write():
        database.sql(
            "INSERT INTO suppression (kind, digest, origin, created_at, created_by) VALUES ('phone', ?, 'forgotten', 1, 'x')",
            (whole,),
        )
        database.sql("UPDATE suppression_state SET version = version + 1")
    assert read(database, leads, admit=True) == [("FORGOTTEN", "", None)] * 2
    assert do_not_contact.against(database, None, 17135550188) is not None
    assert do_not_contact.remove(database, [suppression.entry("713-555-0188")])[0] == 1


def test_numbers_and_addresses_in_other_columns_are_kept_away_too(database: Database, tmp_path: Path) -> None:
    first, later = tmp_path / "first.csv", tmp_path / "later.csv"
    first.write_text(
        "name,email,value,fax of the owner,e-mail at work,agent phone\n"
        "Jane,jane@canary.example,1,(832) 555-0177,jane@work.example,713-555-0100\n",
        encoding="utf-8",
    )
    later.write_text(
        "name,email,value,phone\nJ,j@one.example,1,+1 832 555 0177\nC,jane@work.example,1,\nA,a@two.example,1,7135550100\n",
        encoding="utf-8",
    )
    read(database, first)
    erasure.forget(database, [1])
    assert read(database, later) == [("HELD", "", None)] * 2
    assert database.sql("SELECT name FROM lead") == [("A",)], "the agent is another person"
