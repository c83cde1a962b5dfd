"""What keeps other people and other pages out of the cockpit, one rule a module."""
