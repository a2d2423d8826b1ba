"""Before anybody is known: the front, signing in, asking for a link; and who may sign in."""
