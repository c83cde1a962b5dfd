"""Leads: who a person is, the call list, outcomes, search, merging, do-not-contact, buyers."""
