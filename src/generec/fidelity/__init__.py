"""Decides whether something edited or created may be shown, marks it, and remembers where it came from.

Checks find faults; none of them proves that a draft is safe, true or lawful.
"""
