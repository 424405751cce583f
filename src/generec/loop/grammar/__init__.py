"""A grammar of wishes: how people ask for things, refuse them, compare, correct and take back."""
