"""The command line. A face: it parses, calls the domain and prints; nothing below it imports it."""
