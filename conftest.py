"""What `tests/` and `examples/` share.

The project's own models are those of `examples/`, a user's project in small: `pytest examples`, run from here, checks
them against the goldens in `golden/examples`. `tests/` needs `pytester` besides, which runs pytest inside a test.
"""

pytest_plugins = ["pytester"]
