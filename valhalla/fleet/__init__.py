"""More than one place: several workspaces, protected copies of a home outside of this computer, and coming back from them."""
