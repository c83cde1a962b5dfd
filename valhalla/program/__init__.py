"""What every room may use: home, settings, secrets, errors, logs, masking, correlation ids, files, wording, schema."""
