"""The statements about protected copies."""

# What a restored file says of the copy that it was made from: the chain holds it, not a table.
RESTORED = "SELECT body FROM audit WHERE action = 'audit.restore' ORDER BY seq DESC LIMIT 1"

LEADS = "SELECT count(*) FROM lead"
