"""Leads as people see them: the call list, one lead with its history, lists and exports."""
