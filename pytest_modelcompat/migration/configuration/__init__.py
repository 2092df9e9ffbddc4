"""The configuration that edits change: its nodes, its calls, and what `compile()` was given."""
