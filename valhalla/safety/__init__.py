"""What could go wrong, measured: data quality, load, security, risk rules, readiness, self-test.

See docs/risk.md for every formula.
"""
