"""Several people who call from one list: who they are, and who is calling whom at this moment."""
