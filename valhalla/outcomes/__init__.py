"""What came of leads: recording it, taking it back, and what it says about the predictions."""
