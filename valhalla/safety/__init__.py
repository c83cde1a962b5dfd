"""What could go wrong, measured: the quality of the data, the computer's load, the safety of the home, and the rules.

See docs/risk.md for every formula.
"""
