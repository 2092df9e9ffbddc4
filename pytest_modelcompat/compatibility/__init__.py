"""The static verdict: an inventory held against a profile."""
