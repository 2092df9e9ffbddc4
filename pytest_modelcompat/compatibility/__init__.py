"""The static verdict: an inventory compared with a profile."""
