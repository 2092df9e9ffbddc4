"""The project's own models under test: those of `examples/`, a user's project in small.

`pytest examples`, run from here, checks them against the goldens in `golden/examples`. All that
`tests/` needs on top of that is `pytester`, which runs pytest inside a test.
"""

pytest_plugins = ["pytester"]
