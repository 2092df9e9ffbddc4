"""The main job: save, read, check, load, compare, and evaluate."""
