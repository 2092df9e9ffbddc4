"""Talking to runtimes: starting a loader, giving it jobs, and telling how each one ended."""
