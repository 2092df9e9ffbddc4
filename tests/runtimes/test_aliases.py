"""Aliases: each stands for a runtime that is recorded, says where that is from, and keeps its name."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pytest_modelcompat.artifacts.versions import dotted
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.runtimes.aliases import ALIASES, Alias
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.environments import folder_of


@pytest.mark.parametrize("alias", ALIASES.values(), ids=lambda alias: alias.name)
def test_an_alias_is_judged_by_what_it_holds(alias: Alias) -> None:
    profile = load_profile(alias.name)
    assert profile.name == alias.name
    assert re.search(rf"TensorFlow (?:Serving )?{re.escape(dotted(profile.tensorflow_version))}\b", alias.holds)
    python = re.search(r"Python (3\.\d+)", alias.holds)
    assert python is None or python[1] == dotted(profile.python)
    keras = re.search(r"[Kk]eras(?:-nightly)? (\d+\.\d+)", alias.holds)
    assert keras is None or keras[1] == dotted(profile.keras_version)


@pytest.mark.parametrize("alias", ALIASES.values(), ids=lambda alias: alias.name)
def test_an_alias_says_where_that_is_from(alias: Alias) -> None:
    assert alias.source.startswith("https://")
    assert date.fromisoformat(alias.date) <= date.today()  # noqa: DTZ011 - a day anywhere


def test_an_alias_is_made_of_the_same_packages() -> None:
    alias, meant = builtin_runtime("keras-nightly"), builtin_runtime("tf2.22rc0")
    assert (alias.name, meant.name) == ("keras-nightly", "tf2.22rc0")
    assert folder_of(alias) == folder_of(meant)
