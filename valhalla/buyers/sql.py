"""The statements about buyers."""

from __future__ import annotations

_COLUMNS = "name, markets, max_price, min_beds, max_repairs, max_share, email, phone"

ON_LIST = f"SELECT id, {_COLUMNS} FROM buyer WHERE removed_at IS NULL ORDER BY name COLLATE NOCASE, id"
KNOWN = f"SELECT {_COLUMNS}, removed_at FROM buyer WHERE name = ?"
PUT = f"""
INSERT INTO buyer ({_COLUMNS}, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET markets = excluded.markets, max_price = excluded.max_price, min_beds = excluded.min_beds,
  max_repairs = excluded.max_repairs, max_share = excluded.max_share, email = excluded.email, phone = excluded.phone,
  removed_at = NULL, updated_at = excluded.updated_at
"""
REMOVE = "UPDATE buyer SET removed_at = ?, updated_at = ? WHERE id = ?"
