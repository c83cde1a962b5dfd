"""What rooms answer, arranged for pages and JSON."""
