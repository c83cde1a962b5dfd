"""What leaves this computer or cannot be undone: recorded first, performed only after approval; and erasing a person.

drafted -> approved -> running -> done | denied | blocked | failed | uncertain. On its way each passes readiness, the
dry-run lock, the governor, idempotency (its key is reserved on the disk before the call), the retries, and the audit
chain, all under one correlation id. See docs/effects.md.
"""
