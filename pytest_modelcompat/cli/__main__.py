"""`python -m pytest_modelcompat.cli`: the same as `modelcompat`."""

from __future__ import annotations

from pytest_modelcompat.cli import run

if __name__ == "__main__":
    run()
