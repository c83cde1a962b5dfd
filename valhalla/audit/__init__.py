"""The auditor's side of a home: copies on a schedule, the log, retention, signatures, restoring."""
