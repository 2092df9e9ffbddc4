"""Rendering results: every output says the same of the same result objects."""
