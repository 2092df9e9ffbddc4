"""What a run shows on GitHub Actions: annotations at the lines of the tests, and the summary of the step."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.cli import matrix
from pytest_modelcompat.plugin.github_actions import PLUGIN
from tests.report.test_github import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Project

MODELS = """
    import functools

    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    def plain():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

    @functools.lru_cache(
        maxsize=1
    )
    def build(size=3):
        return keras.Sequential([keras.Input((size,)), Scale(), keras.layers.Dense(2)])

    build_small = functools.partial(build, 2)

    class Builder:
        def __call__(self):
            return build()

    (unused,
     builder) = None, Builder()

    class Tower(keras.Model):
        def call(self, inputs):
            raise OSError("no data")
"""
TESTS = """
    import pytest
    from shop.models import Scale, build, plain

    h5 = pytest.mark.model_roundtrip(formats=["h5"])

    @pytest.fixture
    def ranker():
        return build()

    @pytest.mark.parametrize(
        "size", [3, 4]
    )
    @h5
    def test_parametrized(size):
        return build(size)

    @h5
    class TestInClass:
        class TestInside:
            def test_of_class(self, ranker):
                return ranker

    def test_call(model_roundtrip):
        model_roundtrip(build, formats=["h5"])

    @h5
    def test_raises():
        raise ValueError("100 %, for sure:\\nsecond line")

    @h5
    def test_good():
        return plain()

    @pytest.mark.xfail(reason="known")
    @h5
    def test_known():
        return build()

    def test_ordinary():
        assert False, "of no interest here"
"""
ONE = """
    import pytest
    import tensorflow as tf

    class Scale(tf.keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_bad():
        return tf.keras.Sequential([tf.keras.Input((3,)), Scale(), tf.keras.layers.Dense(2)])
"""


@pytest.fixture
def on_github(project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables of a step, whose workspace is the project's folder; gives the file of its summary."""
    summary = project.path / "summary.md"
    summary.touch()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    return summary


def commands(result: pytest.RunResult) -> Iterator[tuple[str, dict[str, str], str]]:
    yield from (parsed(line) for line in result.outlines if line.startswith("::"))


def errors(result: pytest.RunResult) -> list[tuple[str, str]]:
    """The file and the line of each error, and its title."""
    found = [(given, level) for level, given, _ in commands(result) if level == "error"]
    return [(f"{given.get('file')}:{given.get('line')}", given["title"]) for given, _ in found]


def line_of(file: Path, start: str) -> int:
    (number,) = (number for number, line in enumerate(file.read_text().splitlines(), 1) if line.strip() == start)
    return number


def test_annotations_name_the_lines_from_a_subfolder(
    project: Project, on_github: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.path / "services" / "ml"
    ini = "[pytest]\npythonpath = .\nmodelcompat_artifacts = models/*.h5 models/exported\n"
    project.write("services/ml/pytest.ini", ini)
    project.write("services/ml/shop/__init__.py", "")
    models = project.write("services/ml/shop/models.py", MODELS)
    tests = project.write("services/ml/tests/test_models.py", TESTS)
    write_artifacts(folder / "models")
    monkeypatch.chdir(folder)
    named = [f"--modelcompat-model=shop.models:{name}" for name in ("build_small", "builder", "Tower")]
    result = project.run("tests", "models", *named, "--modelcompat-format=h5", "--modelcompat-report=report.json")

    scale = "MC101 UNKNOWN LAYER Scale"
    in_tests = {
        "def test_parametrized(size):": scale,
        "def test_of_class(self, ranker):": scale,
        "def test_call(model_roundtrip):": scale,
        "def test_raises():": "TEST ERROR",
        "def test_good():": "MC401 GOLDEN MISSING test_good",
    }
    in_models = {
        "def build(size=3):": scale,
        "(unused,": scale,
        "class Tower(keras.Model):": "MC505 INPUTS NEEDED",
    }
    expected = [
        *((f"services/ml/tests/test_models.py:{line_of(tests, text)}", title) for text, title in in_tests.items()),
        *((f"services/ml/shop/models.py:{line_of(models, text)}", title) for text, title in in_models.items()),
        ("services/ml/models/exported/saved_model.pb:1", "MC401 GOLDEN MISSING exported"),
        ("services/ml/models/ranker.h5:1", scale),
    ]
    assert sorted(errors(result)) == sorted(expected)
    messages = {given["title"]: message for _, given, message in commands(result)}
    assert messages["TEST ERROR"] == "test_raises[h5]: ValueError: 100 %, for sure:"
    assert_places_in_report(folder)
    assert "| `test_known[h5]` | ☑️ xfail |" in on_github.read_text()


def write_artifacts(folder: Path) -> None:
    folder.mkdir()
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(line[4:] for line in MODELS.splitlines()), "models", "exec"), namespace)  # noqa: S102
    namespace["build"]().save(folder / "ranker.h5")
    namespace["plain"]().export(str(folder / "exported"))


def assert_places_in_report(folder: Path) -> None:
    """The places of a report are relative to the project."""
    targets = json.loads((folder / "report.json").read_text())["targets"]
    assert all((folder / target["file"]).is_file() and target["line"] >= 1 for target in targets)
    assert {"tests/test_models.py", "shop/models.py", "models/ranker.h5"} <= {target["file"] for target in targets}


def test_workers_and_reruns_annotate_once(project: Project, on_github: Path) -> None:
    project.write("test_it.py", ONE + "\n    def test_ordinary():\n        assert False\n")
    result = project.run_apart("-n", "2", "--reruns", "1", "-q", "--modelcompat-isolation=off")
    assert "2 rerun" in result.stdout.str()
    line = line_of(project.path / "test_it.py", "def test_bad():")
    assert errors(result) == [(f"test_it.py:{line}", "MC101 UNKNOWN LAYER Scale")]
    summary = on_github.read_text()
    assert summary.startswith("### Model compatibility: ❌ 1 of 1 target failed\n")
    assert summary.count("### Model compatibility") == 1


def test_a_warning_of_a_test_that_passes(project: Project, on_github: Path) -> None:
    source = """
        import pytest
        import tensorflow as tf

        @pytest.mark.model_roundtrip(formats=["keras"])
        def test_huber():
            model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
            model.compile(loss=tf.keras.losses.Huber(delta=3.0), optimizer="sgd")
            return model
    """
    project.write("test_it.py", source)
    result = project.record()
    ((level, given, _),) = commands(result)
    assert (level, given["line"], given["title"]) == ("warning", "5", "MC305 ARGUMENT NOT SAVED Huber(delta=3.0)")
    assert on_github.read_text().startswith("### Model compatibility: ✅ 1 target\n")


def test_the_summary_stands_behind_what_the_step_has_written_and_each_command_starts_a_line(
    project: Project, on_github: Path
) -> None:
    on_github.write_text("# Before\n")
    project.write("test_it.py", ONE)
    result = project.run("-q")
    assert on_github.read_text().startswith("# Before\n### Model compatibility: ❌ 1 of 1 target failed\n")
    assert len(errors(result)) == 1
    # The end of the log is pytest's own.
    assert re.fullmatch(r"1 failed in .*", result.outlines[-1])


@pytest.mark.parametrize("options", [("-o", "modelcompat_github=false"), ("-p", f"no:{PLUGIN}")])
def test_it_is_switched_off_by_the_ini_file_and_for_the_runs_of_the_matrix(
    project: Project, on_github: Path, options: tuple[str, ...]
) -> None:
    project.write("test_it.py", ONE)
    result = project.run(*options)
    result.assert_outcomes(failed=1)
    assert list(commands(result)) == []
    assert on_github.read_text() == ""


def test_the_matrix_switches_it_off(tmp_path: Path) -> None:
    options = matrix._parser().parse([])
    assert f"no:{PLUGIN}" in matrix._command("local", tmp_path, options, [])


def test_elsewhere_nothing_is_shown(project: Project, on_github: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "")
    project.write("test_it.py", ONE)
    assert list(commands(project.run())) == []
    assert on_github.read_text() == ""


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_session_without_model_tests_writes_and_imports_nothing(
    project: Project, on_github: Path, workers: tuple[str, ...]
) -> None:
    project.write(
        "conftest.py",
        """
        import sys

        def pytest_unconfigure():
            print("OURS", [name for name in sys.modules if name.startswith("pytest_modelcompat.report")])
            print("OURS", [name for name in sys.modules if "report_writer" in name or "github" in name])
        """,
    )
    project.write("test_it.py", "def test_it():\n    assert False\n")
    result = project.run_apart(*workers)
    result.assert_outcomes(failed=1)
    assert [line for line in result.outlines if line.startswith("OURS")] == ["OURS []", "OURS []"]
    assert list(commands(result)) == []
    assert on_github.read_text() == ""


def test_a_summary_that_cannot_be_written_is_said_and_fails_nothing(
    project: Project, on_github: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path))
    source = "import pytest\n\n@pytest.mark.skip\n@pytest.mark.model_roundtrip\ndef test_it(): ...\n"
    project.write("test_it.py", source)
    result = project.run()
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["modelcompat: the summary of this step was not written: Is a directory"])


def test_a_worker_that_dies_with_its_model_test(project: Project, on_github: Path) -> None:
    source = """
        import os
        import pytest

        @pytest.mark.model_roundtrip(formats=["h5"])
        def test_dies():
            os._exit(3)
    """
    project.write("test_it.py", source)
    project.write("test_other.py", "import os\n\ndef test_dies_too():\n    os._exit(3)\n")
    result = project.run_apart("-n", "1")
    assert errors(result) == [("test_it.py:None", "WORKER CRASHED")]
    assert "❗ worker crashed: `test_it.py::test_dies[h5]`: " in on_github.read_text()


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_a_module_of_model_tests_that_is_not_collected(
    project: Project, on_github: Path, workers: tuple[str, ...]
) -> None:
    project.write("test_models.py", "import pytest, nothing_of_that_name\n\npytest.mark.model_roundtrip\n")
    project.write("test_other.py", "import nothing_else\n")
    result = project.run_apart(*workers)
    assert errors(result) == [("test_models.py:None", "NOT COLLECTED")]
    assert "❗ not collected: `test_models.py`: ModuleNotFoundError" in on_github.read_text()


def test_a_wrong_value_is_refused(project: Project, on_github: Path) -> None:
    project.write("test_it.py", ONE)
    result = project.run("-o", "modelcompat_github=perhaps")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: modelcompat: ini: option 'modelcompat_github' takes true or false: *"])
