"""`loads_in`: a round trip that holds here fails where its artifact will not load in a runtime the test names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.profiles.names import parse_name
from pytest_modelcompat.profiles.store import read_part, version_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

OLD, CURRENT = "tf2.8", "tf2.21"
TEST = """
    import keras
    import pytest
    from layers import Scale

    @pytest.mark.model_roundtrip(formats=["saved_model"], {options})
    def test_plain():
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])

    @pytest.mark.model_roundtrip(formats=["keras"], custom_objects={{"Scale": Scale}}, {options})
    def test_custom():
        return keras.Sequential([keras.Input((4,)), Scale()])
"""
LAYERS = """
    import keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0
"""


@pytest.fixture
def models(project: Project) -> Project:
    """A project with a plain model and one with a declared layer of its own."""
    project.write("layers.py", LAYERS)
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("test_it.py", TEST.format(options=""))
    project.record()
    return project


def marked(project: Project, *names: str) -> None:
    project.write("test_it.py", TEST.format(options=f"loads_in={list(names)}"))


def record_profile(path: Path, name: str) -> None:
    """A profile file of the recorded data, as `modelcompat profile record` writes one."""
    runtime = parse_name(name)
    path.parent.mkdir(exist_ok=True)
    content = {
        "kind": "modelcompat profile",
        "schema": 1,
        "name": "production",
        "python": "3.13",
        "tensorflow": read_part("tensorflow", version_key(runtime.tensorflow)),
        "keras": read_part("keras", version_key(runtime.keras)),
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def test_what_will_not_load_there_fails_and_says_why(models: Project) -> None:
    marked(models, OLD)
    result = models.run()
    result.assert_outcomes(failed=2)
    text = result.stdout.str()
    assert (
        f"UNKNOWN OP  test_plain[saved_model]: what is saved here will not load, or not predict the same, in {OLD}"
        in text
    )
    assert "TensorFlow 2.8 has no op of this name; it came with TensorFlow 2.10" in text
    assert "foretold   for tf2.8 (TensorFlow 2.8.4, Keras 2.8.0)" in text


def test_what_loads_there_passes_and_a_declared_layer_is_known(models: Project) -> None:
    marked(models, CURRENT)
    models.run().assert_outcomes(passed=2)


def test_a_recorded_profile_is_found_from_the_projects_folder(models: Project) -> None:
    record_profile(models.path / "profiles" / "new.json", CURRENT)
    record_profile(models.path / "profiles" / "old.json", "tf2.15")
    marked(models, "profiles/new.json")
    models.run().assert_outcomes(passed=2)
    marked(models, "profiles/old.json")
    result = models.run()
    result.assert_outcomes(passed=1, failed=1)
    assert "in profiles/old.json" in result.stdout.str()


@pytest.mark.parametrize("where", ["command line", "ini"])
def test_may_be_said_for_all_tests(models: Project, where: str) -> None:
    if where == "ini":
        models.write("pytest.ini", f"[pytest]\npythonpath = .\nmodelcompat_loads_in = {OLD}\n")
    models.run(*(["--modelcompat-loads-in", OLD] if where == "command line" else [])).assert_outcomes(failed=2)


def test_the_fixtures_call_takes_it_too(models: Project) -> None:
    models.write(
        "test_it.py",
        f"""
        import keras

        def test_it(model_roundtrip):
            built = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
            model_roundtrip(built, formats=["saved_model"], name="test_plain", loads_in="{OLD}")
        """,
    )
    result = models.run()
    result.assert_outcomes(failed=1)
    assert "UNKNOWN OP" in result.stdout.str()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tf2.99", "TensorFlow 2.99 is not known"),
        ("tf215", "did you mean 'tf2.15'"),
        ("profiles/lost.json", "there is no profile profiles/lost.json; record one with `modelcompat profile record"),
    ],
)
def test_what_is_no_runtime_is_an_error_at_collection(models: Project, name: str, said: str) -> None:
    marked(models, name)
    result = models.run()
    result.assert_outcomes(errors=1)
    assert said in result.stdout.str()
    assert "option 'loads_in'" in result.stdout.str()
