"""Simulated people: they answer turns, say what they want, and are held against real logs before they are believed."""
