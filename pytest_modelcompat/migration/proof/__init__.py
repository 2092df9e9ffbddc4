"""The proof of a migrated artifact: runtimes that load it, and what both files give there."""
