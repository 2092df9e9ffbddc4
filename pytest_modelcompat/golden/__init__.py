"""Goldens and releases on disk: their names, their serialization, and the stores that lock them."""
