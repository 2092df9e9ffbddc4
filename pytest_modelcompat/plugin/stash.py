"""The keys under which `config.stash` holds what is the plugin's; every pytest session imports them, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.runtimes.process import LoaderProcess

# A `Session`, only where there is something for the plugin to do; `Session.of` gives it its type.
SESSION: pytest.StashKey[Any] = pytest.StashKey()

# A file descriptor of the terminal that the session shows its progress on, from before pytest captures any output.
TERMINAL: pytest.StashKey[int] = pytest.StashKey()

# Of an item: whether its random numbers were seeded for its own fixtures.
FIXTURES_SEEDED: pytest.StashKey[bool] = pytest.StashKey()

# Of an item: that another test claims its golden, one sentence.
CLAIM_PROBLEM: pytest.StashKey[str] = pytest.StashKey()

# Of an item: the names of its goldens, by the option `name`.
GOLDEN_NAMES: pytest.StashKey[dict[str | None, GoldenName]] = pytest.StashKey()

# Put here before `pytest_configure`, a loader serves several sessions of one process; its maker closes it.
SHARED_LOADER: pytest.StashKey[LoaderProcess] = pytest.StashKey()

# Of an item that stopped in a debugger: the variables that are at hand there, a line each.
STOPPED_WITH: pytest.StashKey[str] = pytest.StashKey()

# The attribute of a TestReport that the texts of its failed targets travel in.
FAILURES_ATTRIBUTE = "modelcompat_failures"
