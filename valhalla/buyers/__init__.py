"""The list of buyers: who takes which deals."""

from valhalla.buyers.listing import Imported, all_buyers, import_buyers, wishes

__all__ = ["Imported", "all_buyers", "import_buyers", "wishes"]
