"""Claims against evidence: what a text says, whether its evidence says so, and what untrusted text tries to do."""
