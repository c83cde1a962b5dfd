"""What every part of the program may use: home, settings, secrets, errors, logs, masking, correlation, files, wording, schema."""
