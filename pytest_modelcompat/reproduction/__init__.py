"""A failed target as a folder that somebody else runs, and the smallest model that still fails."""
