"""More than one place: protected copies of a home outside of this computer, and coming back from them."""
