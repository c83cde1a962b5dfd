"""The running program: what it is put together from, its cycles and background jobs, production runs, starting on Windows."""
