"""Faults in the middle of an update of a golden."""
