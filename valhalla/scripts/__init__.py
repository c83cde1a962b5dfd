"""Scripts: what is said to a lead, in versions, and how a version comes into use and goes again."""
