"""Several people who call from one list: who they are, how they sign in, and who is calling whom at this moment."""
