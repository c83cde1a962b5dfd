"""Charts where people look rather than read: their numbers from the file, and their drawing as SVG."""
