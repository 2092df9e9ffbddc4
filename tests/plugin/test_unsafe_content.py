"""Artifacts with content that acts: what others saved is not loaded with it, unless the test allows it by name.

Each writes a canary, an empty file, and does nothing else.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests import handmade

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project

SAVED = """
import sys

import keras
import tensorflow as tf

CANARY = {canary!r}


class Written(tf.saved_model.experimental.TrackableResource):
    def _create_resource(self):
        return tf.raw_ops.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64)

    def _initialize(self):
        tf.io.write_file(CANARY, "")


class Prices(tf.Module):
    def __init__(self, acts="called"):
        super().__init__()
        self.acts = acts
        if acts == "loaded":
            self.written = Written()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="amount")])
    def __call__(self, amount):
        if self.acts == "called":
            tf.io.write_file(CANARY, "")
        return amount * 2.0


def save_prices(path, acts="called"):
    module = Prices(acts)
    tf.saved_model.save(module, path, signatures=module.__call__)


def save_lambda(path):
    code = lambda x: (open({canary!r}, "w").close(), x * 2.0)[1]
    keras.Sequential([keras.Input((3,)), keras.layers.Lambda(code, name="double")]).save(path)


def save_tfsm(path):
    save_prices("beside")
    inputs = keras.Input((), name="amount")
    layer = keras.layers.TFSMLayer("beside", call_endpoint="serving_default")
    keras.Model(inputs, layer(inputs)).save(path)


def save_link(path):
    import h5py

    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="score")]).save("whole.h5")
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="score")]).save(path)
    with h5py.File(path, "a") as file:
        del file["model_weights/score"]
        file["model_weights/score"] = h5py.ExternalLink("whole.h5", "model_weights/score")
"""
TEST = """
import pytest

{marker}
def test_it():
    return None
"""
MARKER = "@pytest.mark.model_artifact({path!r}{options})"


@pytest.fixture
def canary(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What comes to be where an artifact acts; `saved` makes artifacts of the kind."""
    monkeypatch.syspath_prepend(project.path)
    path = project.path / "canary"
    project.write("saved.py", SAVED.replace("{canary!r}", repr(str(path))))
    return path


def save(function: str, *arguments: str) -> str:
    import importlib

    getattr(importlib.import_module("saved"), function)(*arguments)
    return arguments[0]


def check(project: Project, path: str, options: str = "", *arguments: str) -> pytest.RunResult:
    (project.path / "canary").unlink(missing_ok=True)
    project.write("test_it.py", TEST.format(marker=MARKER.format(path=path, options=options)))
    return project.run("--modelcompat-update-golden", "-v", "test_it.py", *arguments)


def printed_option(result: pytest.RunResult) -> str:
    """The options that a failure advises, as they are pasted behind a path."""
    (option,) = set(re.findall(r"@pytest\.mark\.model_artifact\(\.\.\.(, .*)\)$", result.stdout.str(), re.MULTILINE))
    return str(option)


# What acts -> how it is saved, and the line that says why it is not loaded.
ACTING: dict[str, tuple[tuple[str, ...], str]] = {
    "a call": (
        ("save_prices", "prices"),
        "UNSAFE * [[]U202] *: not loaded, because of op WriteFile: it *",
    ),
    "a load": (
        ("save_prices", "prices", "loaded"),
        "UNSAFE * [[]U202] *: not loaded, because of op WriteFile: *",
    ),
    "an h5 lambda": (("save_lambda", "lambda.h5"), "LAMBDA REFUSED *holds a Python lambda as bytecode*"),
    "a keras lambda": (("save_lambda", "lambda.keras"), "LAMBDA REFUSED *holds a Python lambda as bytecode*"),
    "a layer that loads": (
        ("save_tfsm", "tfsm.keras"),
        "UNSAFE * [[]U103] *: not loaded, because of TFSMLayer: *",
    ),
}


@pytest.mark.parametrize(("saving", "why"), ACTING.values(), ids=ACTING)
def test_acts_only_where_it_is_allowed(project: Project, canary: Path, saving: tuple[str, ...], why: str) -> None:
    path = save(*saving)
    result = check(project, path)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([why])
    result.stdout.no_fnmatch_line("*: warning: *")
    assert not canary.exists()
    option = printed_option(result)
    assert option.startswith((", allow_unsafe={", ", safe_mode=False"))
    # What is allowed by its name may act; bytecode runs, and is isolated all the same.
    isolated = "allow_unsafe" not in option
    result = check(project, path, f'{option}, isolation="off"' if isolated else option)
    result.assert_outcomes(passed=1)
    assert canary.exists()
    if "allow_unsafe" in option:
        result.stdout.fnmatch_lines(["*: note: UNSAFE CONTENT [[]U*]: *; allowed: the reason"])


def test_a_link_into_another_file_is_not_followed(project: Project, canary: Path) -> None:
    assert not canary.exists()
    path = save("save_link", "linked.h5")
    result = check(project, path)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["UNSAFE * [[]U301] *: not loaded, because of external link *: HDF5 follows it *"])
    allowed = check(project, path, printed_option(result))
    assert "UNSAFE CONTENT" not in "".join(line for line in allowed.outlines if "note:" not in line)


class TestAllowing:
    """The places where unsafe content is allowed, and what is said of names that allow nothing."""

    @pytest.fixture(autouse=True)
    def _prices(self, canary: Path) -> None:
        assert not canary.exists()
        save("save_prices", "prices")

    @pytest.mark.parametrize("name", ["WriteFile", "U202"])
    def test_names_what_is_unsafe_or_its_rule(self, project: Project, name: str) -> None:
        check(project, "prices", f", allow_unsafe={{{name!r}: 'its own log'}}").assert_outcomes(passed=1)

    def test_on_the_command_line(self, project: Project) -> None:
        project.run("--modelcompat-update-golden", "prices").assert_outcomes(failed=1)
        result = project.run("prices")
        result.stdout.fnmatch_lines(["*--modelcompat-allow-unsafe 'WriteFile=the reason'"])
        given = ("--modelcompat-allow-unsafe", "WriteFile=the reason")
        project.run("--modelcompat-update-golden", "prices", *given).assert_outcomes(passed=1)

    def test_in_the_ini_file(self, project: Project) -> None:
        project.write(
            "pytest.ini", "[pytest]\nmodelcompat_allow_unsafe =\n    WriteFile=its own log, since 1.4\n    x=y\n"
        )
        result = check(project, "prices")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*note: UNSAFE CONTENT [[]U202]: *; allowed: its own log, since 1.4"])

    def test_in_a_baseline(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        from pytest_modelcompat.cli import main

        assert main(["inspect", "prices", "--write-baseline", "baseline.json"]) == 0
        assert "baseline.json: 1 finding accepted" in capsys.readouterr().err
        result = check(project, "prices", "", "-o", "modelcompat_baseline=baseline.json")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*note: UNSAFE CONTENT [[]U202]: *; allowed: in baseline.json"])
        data = json.loads((project.path / "baseline.json").read_text(encoding="utf-8"))
        data["accepted"][0]["content"] = "0" * 64
        (project.path / "other.json").write_text(json.dumps(data), encoding="utf-8")
        result = check(project, "prices", "", "-o", "modelcompat_baseline=other.json")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*baseline *other.json accepts other content of this name: look at this one*"])
        result = check(project, "prices", "", "-o", "modelcompat_baseline=basline.json")
        result.stdout.fnmatch_lines(["*ini: option 'modelcompat_baseline': the baseline *basline.json cannot be read*"])

    def test_takes_a_reason(self, project: Project) -> None:
        result = check(project, "prices", ', allow_unsafe={"WriteFile": ""}')
        result.stdout.fnmatch_lines(["*marker: option 'allow_unsafe' *every entry needs a reason that is not empty*"])
        result = project.run("prices", "--modelcompat-allow-unsafe", "WriteFile")
        result.stderr.fnmatch_lines(["*option 'allow_unsafe': 'WriteFile' is not written as NAME=REASON*"])

    def test_by_a_misspelt_name_allows_nothing(self, project: Project, canary: Path) -> None:
        result = check(project, "prices", ', allow_unsafe={"WriteFle": "its own log"}')
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*'WriteFle' is not in the artifact: did you mean 'WriteFile'?"])
        assert not canary.exists()

    def test_by_a_name_that_is_not_there_is_said(self, project: Project) -> None:
        result = check(project, "prices", ', allow_unsafe={"WriteFile": "its own log", "ReadFile": "gone"}')
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*: warning: allow_unsafe names 'ReadFile', which is no unsafe content of *"])

    def test_of_bytecode_allows_no_op(self, project: Project, canary: Path) -> None:
        check(project, "prices", ", safe_mode=False").assert_outcomes(failed=1)
        assert not canary.exists()


def test_a_model_of_the_tests_own_is_warned_of_once(project: Project, canary: Path) -> None:
    """Its code has run in pytest's own process; a lambda of one's own is not worth a word."""
    project.write(
        "test_it.py",
        """
        import keras
        import pytest
        import tensorflow as tf
        from saved import Prices

        @pytest.mark.model_roundtrip(saved_model_loaders=["object", "graph"])
        def test_prices():
            return Prices()

        @pytest.mark.model_roundtrip(formats=["h5", "keras"], safe_mode=False)
        def test_lambda():
            return keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2.0)])
        """,
    )
    result = project.record("-v")
    result.assert_outcomes(passed=3, skipped=2)
    warnings = [line for line in result.outlines if ": warning: " in line]
    assert len(warnings) == 1
    assert "test_prices[saved_model]: warning: UNSAFE CONTENT [U202]: op WriteFile: " in warnings[0]
    assert canary.exists()


def test_a_frozen_release_has_the_bytes_that_were_frozen(project: Project, canary: Path) -> None:
    assert not canary.exists()
    path = save("save_prices", "prices")
    allowed = ", allow_unsafe={'WriteFile': 'its own log'}"
    check(project, path, allowed, "--modelcompat-freeze", "v1").assert_outcomes(passed=1)
    result = check(project, path)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["UNSAFE * [[]U202] *test_it?saved_model?: *", "*saved_model:v1?: warning: UNSAFE CONTENT [[]U202]: *"]
    )


MODULE = """
import keras


class Shift(keras.layers.Layer):
    def call(self, inputs):
        return inputs + 1.0


def save(path):
    inputs = keras.Input((2,))
    keras.Model(inputs, Shift()(inputs)).save(path)
"""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('imports=["own"]', ()),
        ('custom_objects={"Shift": "own:Shift"}', ()),
        ("", ("*: warning: UNSAFE CONTENT [[]U104]: own.Shift: *",)),
    ],
)
def test_what_the_test_declares_is_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch, options: str, words: tuple[str, ...]
) -> None:
    import importlib

    monkeypatch.syspath_prepend(project.path)
    project.write("own.py", MODULE)
    module: Any = importlib.import_module("own")
    module.save("own.keras")
    result = check(project, "own.keras", f", {options}" if options else "")
    result.stdout.fnmatch_lines([*words])
    assert bool(words) == ("UNSAFE CONTENT" in result.stdout.str())


@pytest.mark.parametrize(
    ("options", "is_declared"),
    [('imports=["own"]', False), ('custom_objects={"shift": "own:shift"}', True)],
)
def test_a_function_that_is_called_is_declared_by_its_name_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch, options: str, *, is_declared: bool
) -> None:
    """A module that the test imports has functions that its user never thought of."""
    monkeypatch.syspath_prepend(project.path)
    project.write("own.py", "def shift(**given):\n    raise RuntimeError('it was called')\n")
    inputs, shift = handmade.layer("InputLayer", "x", batch_shape=[None, 2]), handmade.layer("shift", "s", module="own")
    handmade.write_keras(project.path / "own.keras", handmade.functional((inputs, []), (shift, ["x"])))
    result = check(project, "own.keras", f", {options}")
    result.assert_outcomes(failed=1)
    said = "UNSAFE CONTENT [U107]  test_it[keras]: not loaded, because of own.shift: "
    assert (said in result.stdout.str()) is not is_declared
