"""What lists and repairs do, what a person types, and imports that are undone."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from life_model import Import, Lead, Rows, cells, email, entries
from life_program import Life, chosen, kills

from valhalla.intake import by_hand, rejects
from valhalla.intake.importer import import_file
from valhalla.intake.request import Request
from valhalla.intake.undo import undo_import
from valhalla.leads import review as reviewing

SOURCES = {"a.csv": "csv", "b.csv": "csv", "c.csv": "other", "d.csv": "careful"}
people = st.integers(0, 9)
lists = st.lists(st.tuples(people, st.integers(1, 4)), max_size=8, unique_by=lambda row: row[0])


class Lists(Life):
    """A life with lists in it."""

    @rule(
        name=st.sampled_from([*SOURCES]), rows=lists, bad=st.integers(0, 2), append=st.booleans(), kill=kills
    )
    def read_list(self, name: str, rows: Rows, bad: int, append: bool, kill: int | None) -> None:
        path = self.folder / name
        held = self.lists.get(name) if append and path.exists() else None
        with path.open("a" if held is not None else "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if held is None:
                writer.writerow(["name", "email", "phone", "value"])
            writer.writerows(cells(*row) for row in rows)
            writer.writerows(
                [f"Bad {number}", f"bad{number}@example.com", "", "many"] for number in range(bad)
            )
        self.lists[name] = [*(held or ()), *rows]
        self.take(name, path, self.lists[name], SOURCES[name], kill)

    @rule(value=st.integers(1, 4), kill=kills)
    def repair_what_was_refused(self, value: int, kill: int | None) -> None:
        target = self.folder / "repaired.csv"
        target.unlink(missing_ok=True)
        for written in rejects.export(self.database, target, rejects.Choice()):
            path = Path(written["file"])
            content = path.read_text(encoding="utf-8-sig")
            path.write_text(content.replace("many", str(value * 100_000)), encoding="utf-8")
            self.do(lambda database, path=path: import_file(database, Request(str(path))), kill, again=True)
            self.resync()

    def take(self, name: str, path: Path, rows: Rows, source: str, kill: int | None) -> None:
        number = self.do(lambda database: import_file(database, Request(str(path), source)), kill, again=True)
        if number is None or number in self.model.imports:
            return
        model = self.model
        kind, total, state = self.database.sql(
            "SELECT kind, rows, state FROM import WHERE id = ?", (number,)
        )[0]
        assert state == "done"
        before: dict[int, int | None] = {}
        by_person = {lead.person: key for key, lead in model.leads.items()}
        tangled = False
        for person, value in rows:
            if any(entry in model.forgotten for entry in entries(person)):
                continue
            if person in model.entangled:
                tangled = True
                continue
            if person not in by_person:
                found = self.database.sql("SELECT id FROM lead WHERE email = ?", (email(person),))
                assert len(found) == 1, f"{email(person)} is in the list and not in the file"
                key = by_person[person] = found[0][0]
                model.leads[key] = Lead(person, source, value, {name: value})
                before[key] = None
                continue
            key = by_person[person]
            lead = model.leads[key]
            if lead.said.get(name) == value or (key, source, value) in model.overtaken:
                continue
            if name in lead.said and (kind == "tail" or key in before):
                model.overtaken.add((key, source, lead.said[name]))
            lead.said[name] = value
            if lead.source == source and source != "careful" and lead.value != value:
                before.setdefault(key, lead.value)
                lead.value = value
        model.imports[number] = Import(total, before, name)
        if tangled:
            self.resync()

    def resync(self) -> None:
        """Take from the file what the model cannot foretell."""
        stored = dict(self.database.sql("SELECT id, value FROM lead"))
        emails = dict(self.database.sql("SELECT id, email FROM lead"))
        for key in [key for key in self.model.leads if key not in stored]:
            del self.model.leads[key]
        for key in stored:
            if key not in self.model.leads and emails[key].startswith("person"):
                person = int(emails[key].partition("@")[0].removeprefix("person"))
                self.model.entangled.add(person)
                self.model.leads[key] = Lead(person, "?", None)

    @precondition(lambda self: self.model.imports)
    @rule(which=chosen, kill=kills)
    def take_an_import_back(self, which: int, kill: int | None) -> None:
        number = self.pick(self.model.imports, which)
        values = dict(self.database.sql("SELECT id, value FROM lead"))
        answer = self.do(lambda database: undo_import(database, number), kill, again=True)
        if isinstance(answer, Exception):
            return
        made = self.model.imports.pop(number)
        named = {item["lead"] for item in answer["items"]}
        stored = dict(self.database.sql("SELECT id, value FROM lead"))
        for key, old in made.before.items():
            if key in named or key not in values or key not in self.model.leads:
                continue
            if old is None:
                assert key not in stored, (
                    f"lead {key} was made by import {number} and is neither gone nor named"
                )
            elif self.model.leads[key].person not in self.model.entangled:
                assert stored[key] == old * 10_000_000, f"lead {key} is neither as before nor named"
        for key in [key for key in self.model.leads if key not in stored]:
            assert key in made.before and key not in named
            del self.model.leads[key]
        for key, lead in self.model.leads.items():
            lead.said.pop(made.file, None)
            if stored[key] != values[key]:
                assert key in made.before, f"lead {key} is none of the business of import {number}"
                lead.value = stored[key] // 10_000_000
        self.lists.pop(made.file, None)  # it is not read again until it changes: write it again

    @rule(person=people, value=st.integers(1, 4), kill=kills)
    def type_a_lead(self, person: int, value: int, kill: int | None) -> None:
        columns = dict(zip(("name", "email", "phone", "value"), cells(person, value), strict=True))
        answer = self.do(lambda database: by_hand.add_lead(database, columns), kill)
        if isinstance(answer, Exception):
            return
        self.model.back.add(email(person))
        known = {lead.person: key for key, lead in self.model.leads.items()}
        if person in known and person not in self.model.entangled:
            self.model.leads[known[person]].value = value
        self.resync()
        for key, lead in self.model.leads.items():
            if lead.person == person and key not in known.values():
                lead.value, lead.source = value, "manual"
                self.model.entangled.discard(person)

    @precondition(lambda self: self.model.leads)
    @rule(which=chosen, yes=st.booleans(), kill=kills)
    def review(self, which: int, yes: bool, kill: int | None) -> None:
        open_ = {each["id"]: each for each in reviewing.waiting(self.database, 100)}
        if not open_:
            return
        number = self.pick(open_, which)
        decide = reviewing.accept if yes else reviewing.decline
        answer = self.do(lambda database: decide(database, number), kill)
        wanted = open_[number]["changes"].get("value")
        if yes and wanted and not isinstance(answer, Exception) and open_[number]["lead"] in self.model.leads:
            self.model.leads[open_[number]["lead"]].value = wanted[1] // 10_000_000
