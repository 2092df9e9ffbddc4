"""Edits that repair an artifact for a runtime, and their proof."""
