"""Answers many people at once and remembers what they did: the server without its HTTP."""
