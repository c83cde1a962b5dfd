"""Deciding on leads: the six stages, and what they know: policies, experiments, scripts, past outcomes, re-evaluation."""
