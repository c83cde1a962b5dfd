"""The daily digest: one page that is read in two minutes."""
