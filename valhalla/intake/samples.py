"""Ten leads to try things out with. They are made up: the numbers are reserved for fiction, the domains for examples."""

from __future__ import annotations

from importlib.resources import files

NAME = "real_leads.csv"
ROWS = 10


def ten_leads() -> bytes:
    """The sample list, as a CSV file has it."""
    return files(__package__).joinpath(NAME).read_bytes()
