"""Whether a reloaded model goes on training like the one that was saved: its loss and metrics, and one step."""
