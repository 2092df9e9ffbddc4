"""Talking to runtimes: starting a loader, giving it jobs, and how each one ended."""

from __future__ import annotations

# The name of the runtime that pytest runs in; here, as a session without model tests imports it too.
LOCAL = "local"
