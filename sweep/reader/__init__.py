"""Runs inside a reader's runtime, from Python 3.8 on: loads artifacts one after the other in one warm process."""
