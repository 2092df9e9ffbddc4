"""The way through a runtime in between."""
