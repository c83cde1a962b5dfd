"""Experiments: comparing scripts or channels on real leads, and saying only what the outcomes carry."""
