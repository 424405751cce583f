"""generec."""
