"""Writes tests/fixtures/schema/schema-NNNN.sql: a file as this version of the program leaves it, as SQL text.

``python3 scripts/schema_fixture.py`` is run once for each release and never again for that schema: the tests build a file from
each dump, open it with the program as it is then, compare every row, verify the chain that the old program wrote, and kill the
migration at every statement.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bootstrap import ROOT, enter

FOLDER = ROOT / "tests" / "fixtures" / "schema"
PLACE = Path(tempfile.gettempdir()) / "valhalla-schema"
"""Always the same, because the file remembers where lists lay, and the chain witnesses it."""

STEPS = (
    ["ingest", "{list}"],
    ["ingest", "{list}"],
    ["outcome", "1", "contacted"],
    ["outcome", "1", "appointment"],
    ["outcome", "2", "lost", "--reason", "sold to somebody else"],
    ["outcome", "3", "opted_out"],
    ["dnc", "add", "nobody@example.com"],
    ["policy", "set", "packet.fee", "12000"],
    ["config", "set", "interval", "60"],
    ["packet", "4"],
    ["leads", "forget", "5", "--yes"],
    ["ingest", "{more}"],
    ["risk"],
    ["run", "--cycles", "1", "--no-cockpit", "--interval", "1"],
    ["digest"],
)
MORE = """name,email,value,location,phone,source,parcel
Renée O’Neill,renee.oneill@example.com,310000,Houston TX,713-555-0190,probate,77-1
Žluť 日本,zlut@example.com,95000,Dallas TX,214-555-0191,tax-lien,77-2
Nobody,,120000,Austin TX,512-555-0192,probate,77-3
Marcus Whitfield,marcus.whitfield@example.com,199000,Houston TX,713-555-0142,probate,77-4
Sandra Vee,sandra.vee@example.com,not known,Waco TX,254-555-0193,probate,77-5
"""


def main() -> int:
    """Make a home, work on it, dump it."""
    from valhalla.cli.entry import run
    from valhalla.program.schema import SCHEMA

    target = FOLDER / f"schema-{SCHEMA.latest:04d}.sql"
    if target.exists() and "--again" not in sys.argv:
        print(f"{target.name} is there already; a dump is not changed after its release (--again before it)")
        return 1
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir()
    try:
        home, more = PLACE / "home", PLACE / "more.csv"
        more.write_text(MORE, encoding="utf-8")
        names = {"list": shutil.copy(ROOT / "examples" / "real_leads.csv", PLACE), "more": str(more)}
        os.chdir(PLACE)
        for words in STEPS:
            told = [word.format(**names) for word in words]
            code = run(["--home", str(home), *told])
            if code:
                print(f"valhalla {' '.join(told)} ended with {code}", file=sys.stderr)
                return 1
        text = dump(home / "valhalla.db")
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    print(f"{target.relative_to(ROOT)}: {len(text):,} characters")
    return 0


def dump(path: Path) -> str:
    """The file as SQL text, with what ``.dump`` leaves out in front."""
    import apsw
    import apsw.shell

    out = io.StringIO()
    connection: Any = apsw.Connection(str(path))
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    shell: Any = apsw.shell.Shell(db=connection, stdout=out, stderr=sys.stderr)
    shell.process_command(".dump")
    connection.close()
    return f"PRAGMA application_id = {application};\nPRAGMA user_version = {version};\n{out.getvalue()}"


if __name__ == "__main__":
    enter("dev")
    sys.exit(main())
