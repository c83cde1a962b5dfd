"""Effects: what leaves the computer or cannot be taken back. Each is a row first, and an act only when a person said so.

drafted -> approved -> running -> done | denied | blocked | failed | uncertain. On its way each passes readiness, the
dry-run lock, the governor, idempotency (its key is reserved on the disk before the call), the retries, and the audit
chain, all under one correlation id. See docs/effects.md.
"""
