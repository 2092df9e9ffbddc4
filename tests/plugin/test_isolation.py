"""What is loaded in isolation, seen by a user: something else's file is cut off, the test's own model is not."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from tests.runtimes.test_isolation import is_isolated

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = pytest.mark.skipif(not is_isolated(), reason="this machine has neither Landlock nor namespaces")

WRITES = """
    from pathlib import Path

    Path(__file__).with_name("cache.txt").write_text("made by the import")
"""
GIVEN = """
    import pytest

    @pytest.mark.model_artifact("model.keras", imports=["writes"]{options})
    def test_given():
        return None
"""
OWN = """
    import pytest
    import tensorflow as tf

    @pytest.mark.model_roundtrip(formats=["keras"], imports=["writes"])
    def test_own():
        return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
"""


@pytest.fixture
def given(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a model file, and a module that writes beside itself when it is imported."""
    keras = importlib.import_module("tensorflow").keras
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(project.path / "model.keras")
    project.write("writes.py", WRITES)
    project.write("test_given.py", GIVEN.format(options=""))
    monkeypatch.syspath_prepend(project.path)
    return project


def test_a_file_that_something_else_saved_is_loaded_without_writing_elsewhere(given: Project) -> None:
    result = given.run("--modelcompat-update-golden")
    result.assert_outcomes(failed=1)
    cause = f"the loader was not allowed to write {given.path}/cache.txt while it imported writes, *has no network, *"
    fix = '  fix * if you trust the file: @pytest.mark.model_artifact(..., isolation="off")'
    result.stdout.fnmatch_lines([f"STOPPED BY ISOLATION *: {cause}", fix])
    assert not (given.path / "cache.txt").exists()


def test_the_fix_that_is_named_lifts_it(given: Project) -> None:
    given.write("test_given.py", GIVEN.format(options=', isolation="off"'))
    given.record()
    assert (given.path / "cache.txt").read_text() == "made by the import"


def test_the_flag_lifts_it_too(given: Project) -> None:
    given.record("--modelcompat-isolation=off")


def test_a_model_that_the_test_builds_is_only_limited(given: Project) -> None:
    given.write("test_given.py", OWN)
    given.record()
    assert (given.path / "cache.txt").exists()


def test_a_memory_limit_that_is_too_low_is_named(given: Project) -> None:
    given.write("test_given.py", OWN)
    given.write("writes.py", "import time\n\nheld = b'x' * 900_000_000\ntime.sleep(30)\n")
    result = given.run("--modelcompat-update-golden", "--modelcompat-memory-limit=800MB")
    result.assert_outcomes(failed=1)
    cause = "* it held more than 800.0 MB of memory, its memory_limit"
    result.stdout.fnmatch_lines([f"OUT OF MEMORY *{cause}", '* @pytest.mark.model_roundtrip(memory_limit="1GB")'])
