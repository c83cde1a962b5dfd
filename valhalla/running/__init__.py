"""The program at work: opening a home, passes over the lists, cycles, and what is reported of them."""
