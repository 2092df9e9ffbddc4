"""Every option, and the failures that are expected."""
