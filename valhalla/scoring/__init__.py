"""Deciding on leads: the six stages, and what they know: policies, experiments, scripts, outcomes learnt from, re-evaluation."""
