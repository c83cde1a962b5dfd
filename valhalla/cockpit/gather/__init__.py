"""What pages and API show, gathered from the file once for both."""
