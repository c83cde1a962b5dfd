"""The statements about protected copies."""

# What a restored file says of the copy that it was made from: the chain holds it, not a table.
RESTORED = "SELECT body FROM audit WHERE action = 'audit.restore' ORDER BY seq DESC LIMIT 1"

LEADS = "SELECT count(*) FROM lead"

# Which life of which chain this is: its first entry, and its newest restore, both by their place in the chain.
LIFE = """
SELECT (SELECT hash FROM audit ORDER BY seq LIMIT 1),
       (SELECT hash FROM audit WHERE action = 'audit.restore' ORDER BY seq DESC LIMIT 1)
"""

LAST_AT = "SELECT at FROM audit ORDER BY seq DESC LIMIT 1"

LAST_DRILL = "SELECT at, body FROM audit WHERE action = 'protect.drill' ORDER BY seq DESC LIMIT 1"
