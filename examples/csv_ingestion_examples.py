"""Six ways to read lead lists with Valhalla from Python. Run this file: it reads the ten sample leads beside it.

Nothing here needs a home folder; each example works on a private file in memory. Give ``home="..."`` to keep the leads.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from valhalla.ingestion import ContinuousDataIngestion, CSVIngestion, ingest_real_data

SAMPLE = Path(__file__).with_name("real_leads.csv")


def basic(path: Path = SAMPLE) -> list[dict[str, Any]]:
    """1. Basic: one call, the good leads come back cleaned."""
    leads = ingest_real_data(path)
    return leads or []


def production(path: Path = SAMPLE, folder: Path | None = None) -> dict[str, Any]:
    """2. Production: cycles over the same list, with the report that is written after each of them."""
    with tempfile.TemporaryDirectory() as elsewhere:
        watched = ContinuousDataIngestion(path, interval=0)
        for _ in range(3):
            watched.run_ingestion_cycle()
        report = watched.save_stats((folder or Path(elsewhere)) / "continuous_ingestion_stats.json")
        watched.show_stats()
        return {
            "report": report.name,
            "total": watched.stats.rows,
            "new": watched.stats.new,
            "unchanged": watched.stats.unchanged,
        }


def custom_file(path: Path) -> list[str]:
    """3. A file of your own: any column names that lists use, any format that Excel or a CRM exports."""
    leads = ingest_real_data(path)
    if leads is None:  # missing, or no list: the sentence that says why has been printed
        return []
    return [f"{lead['name']}: {lead['email']}" for lead in leads]


def class_usage(path: Path = SAMPLE) -> tuple[int, int, int]:
    """4. The class, when the counts matter."""
    ingestion = CSVIngestion(path)
    leads = ingestion.ingest_from_csv() or []
    print(f"Loaded {len(leads)} valid leads")
    return ingestion.leads_ingested, ingestion.leads_valid, ingestion.leads_invalid


def batch(folder: Path) -> dict[str, int]:
    """5. Every list in a folder."""
    counts = {}
    for path in sorted(folder.glob("*.csv")):
        leads = ingest_real_data(path)
        if leads is not None:
            counts[path.name] = len(leads)
            print(f"{path.name}: {len(leads)} leads")
    return counts


class TexasOnly(CSVIngestion):
    """6. A rule of your own: the documented rules, and only leads in Texas worth at least $100,000."""

    def validate_lead_data(self, lead: dict[str, Any]) -> bool:
        if not super().validate_lead_data(lead):
            return False
        return lead["location"].strip().endswith("TX") and float(lead["value"]) >= 100_000

    def process_lead(self, lead_data: dict[str, Any]) -> None:
        super().process_lead(lead_data)
        print(f"{lead_data['name']} is worth a call")


def custom_rule(path: Path = SAMPLE) -> list[dict[str, Any]]:
    """6. The list read by that rule."""
    return TexasOnly(path).ingest_from_csv() or []


def main() -> int:
    """Run all six."""
    basic()
    production()
    custom_file(SAMPLE)
    class_usage()
    batch(SAMPLE.parent)
    custom_rule()
    return 0


if __name__ == "__main__":
    sys.exit(main())
