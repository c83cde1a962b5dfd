"""The command line: reads what a person typed, calls one use case below, and prints what it returns."""
