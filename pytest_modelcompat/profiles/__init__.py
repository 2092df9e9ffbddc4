"""Judging an inventory against what a runtime can resolve."""
