"""Deal packets: everything about one deal as a document, a page that prints well, and a PDF."""
