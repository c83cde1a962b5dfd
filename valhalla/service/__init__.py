"""The running program: the service, its background jobs, production runs, the detached process, starting on Windows."""
