"""What the measurement says of sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_growth_is_the_time_of_a_lead_next_to_one_of_the_middle_size(script: Callable[[str], Any]) -> None:
    bench = script("bench")

    def line(shape: str, rows: int, program: str, rate: int | None) -> dict[str, Any]:
        return {"shape": shape, "rows": rows, "program": program, "leads_per_second": rate}

    lines = [
        line("leads", 1_000_000, "valhalla", 20_000),
        line("leads", 100_000, "valhalla", 25_000),
        line("leads", 100_000, "valhalla, unchanged", None),
        line("leads", 100_000, bench.INTO, 20_000),
        line("properties", 1_000_000, "valhalla", 20_000),
    ]
    bench.compare_sizes(lines)
    assert [each["growth"] for each in lines] == [1.25, 1.0, None, 1.25, None]
