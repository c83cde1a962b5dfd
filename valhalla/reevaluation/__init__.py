"""Deciding again on stored leads when an outcome, an experiment or the policy has changed what the stages say."""
