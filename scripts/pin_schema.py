"""Writes what a database consists of into ``scripts/verify_audit.py`` and into ``__init__.py`` and ``newest.sql`` of
``valhalla/program/schema``.

``python3 scripts/pin_schema.py`` after a new migration; ``tests/db/test_structure.py`` says so when it was forgotten.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from bootstrap import ROOT, enter

VERIFIER = ROOT / "scripts" / "verify_audit.py"
SCHEMA_MODULE = ROOT / "valhalla" / "program" / "schema" / "__init__.py"
NEWEST = SCHEMA_MODULE.with_name("newest.sql")
NEWEST_HEAD = """-- What all migrations make of an empty database. Written by scripts/pin_schema.py.
"""


def main() -> int:
    """Write them."""
    for path, text in pinned().items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def pinned() -> dict[Path, str]:
    """The files as they should be."""
    from db import structure
    from valhalla.program.schema import SCHEMA

    verifier = VERIFIER.read_text(encoding="utf-8")
    tables = textwrap.fill(" ".join(sorted(SCHEMA.tables.keys() - SCHEMA.filled)), 110)
    verifier = re.sub(
        r'EVIDENCE = """\n.*?"""', lambda _: f'EVIDENCE = """\n{tables}\n"""', verifier, flags=re.DOTALL
    )
    parts = "".join(f"{line}\n" for line in lines())
    verifier = re.sub(
        r'PARTS = """\\\n.*?"""', lambda _: f'PARTS = """\\\n{parts}"""', verifier, flags=re.DOTALL
    )
    made = structure.fingerprint(structure.made(SCHEMA, SCHEMA.releases[-1]))
    module = re.sub(
        r'FINGERPRINT = "\w*"', f'FINGERPRINT = "{made}"', SCHEMA_MODULE.read_text(encoding="utf-8")
    )
    newest = NEWEST_HEAD + structure.script(SCHEMA)
    return {VERIFIER: verifier, SCHEMA_MODULE: module, NEWEST: newest}


def lines() -> list[str]:
    """Each part with the schemas in which it is so."""
    from db import structure
    from valhalla.program.schema import SCHEMA

    since: dict[tuple[str, str], list[int]] = {}
    for release, versions in enumerate(SCHEMA.releases, 1):
        for part, digest in structure.digests(SCHEMA, versions).items():
            since.setdefault((part, digest), []).append(release)
    return [f"{found[0]} {found[-1]} {digest} {part}" for (part, digest), found in since.items()]


if __name__ == "__main__":
    enter("dev")
    sys.exit(main())
