"""`modelcompat matrix`: real runs of pytest side by side, their table, and what keeps one from being run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.cli import parallel
from pytest_modelcompat.cli.parallel import GIB, RUN_COST, PytestRun

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
    import pytest
    import tensorflow as tf

    keras = tf.keras

    class Scale(keras.layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

    @pytest.mark.model_roundtrip(formats=["h5"])
    def test_ranker():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, kernel_initializer="ones")])

    @pytest.mark.model_roundtrip(formats=["h5", "keras"])
    def test_undeclared():
        return keras.Sequential([keras.Input((3,)), Scale()])

    def test_of_something_else():
        raise RuntimeError("it is no model test, and is not run")
"""
PYPROJECT = """
    [tool.pytest.ini_options]

    [tool.modelcompat.runtimes]
    same = {{ interpreter = "{python}" }}
    gone = {{ interpreter = "bin/of/nobody" }}

    [[tool.modelcompat.expected_failures]]
    test = "*::test_undeclared"
    target = "keras*"
    kind = "UNKNOWN LAYER"
    reason = "not declared yet"
"""
NOT_FOUND = "ModuleNotFoundError: No module named 'nobodys_package'\n"


def matrix(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest_modelcompat.cli", "matrix", *arguments],
        cwd=folder,
        env={**environment, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Path:
    """A project with two runtimes, one of which is not there, and a golden of the model that holds."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "test_models.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
    pyproject = textwrap.dedent(PYPROJECT).format(python=sys.executable)
    (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    recording = [sys.executable, "-m", "pytest", "-q", "-k", "ranker", "--modelcompat-update-golden"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    subprocess.run(recording, cwd=folder, env=environment, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def ran(project: Path) -> subprocess.CompletedProcess[str]:
    """The command, run in all declared runtimes."""
    return matrix(project, "--out", "all.json", "--memory", "4")


FIX = [
    '  fix        @pytest.mark.model_roundtrip(custom_objects={"Scale": Scale})',
    "             or decorate it with @keras.utils.register_keras_serializable() and declare",
    '             @pytest.mark.model_roundtrip(imports=["test_models"])',
]


class TestRunningInAll:
    def test_the_table(self, ran: subprocess.CompletedProcess[str]) -> None:
        assert ran.stdout.splitlines() == [
            "                        local          same           gone",
            "test_ranker[h5]         ok             ok             -",
            "test_undeclared[h5]     UNKNOWN LAYER  UNKNOWN LAYER  -",
            "test_undeclared[keras]  xfail          xfail          -",
            "",
            "UNKNOWN LAYER: the saved model cannot be loaded again with what the test declares",
            "  test_undeclared[h5] in local",
            *FIX,
            "",
            "UNKNOWN LAYER: Scale: Keras has no layer of this name, and the test declares none",
            "  test_undeclared[h5] in same",
            *FIX,
            "",
            "6 targets: 2 passed, 2 failed, 2 expected",
        ]

    def test_a_runtime_that_is_gone_is_reported_and_others_run(self, ran: subprocess.CompletedProcess[str]) -> None:
        assert ran.returncode == 2
        assert "modelcompat: runtime 'gone' has no interpreter at " in ran.stderr
        assert "correct 'interpreter' of 'gone' in [tool.modelcompat.runtimes] of pyproject.toml" in ran.stderr
        assert "local: 3 targets, 1 failed, " in ran.stderr
        assert "same: 3 targets, 1 failed, " in ran.stderr

    def test_the_report(self, ran: subprocess.CompletedProcess[str], project: Path) -> None:
        assert ran.returncode == 2
        report = json.loads((project / "all.json").read_text(encoding="utf-8"))
        assert list(report["runtimes"]) == ["local", "same"]
        assert len(report["targets"]) == 6


def test_what_is_chosen_in_markdown(project: Path) -> None:
    ran = matrix(project, "test_models.py", "--runtime", "same", "--format", "h5", "--markdown", "--", "-k", "ranker")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["|  | same |", "| --- | --- |", "| `test_ranker[h5]` | ok |"]


def test_pytest_that_cannot_run(project: Path) -> None:
    ran = matrix(project, "--runtime", "local", "--", "--no-such-option")
    assert ran.returncode == 2
    assert "modelcompat: pytest in runtime 'local' ended with exit code 4 and left no report" in ran.stderr
    assert "unrecognized arguments: --no-such-option" in ran.stderr


def test_no_model_tests(project: Path) -> None:
    ran = matrix(project, "--runtime", "local", "--", "-k", "something_else")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("modelcompat: there are no model tests in what pytest collects here\n")


def test_tests_that_are_not_there(project: Path) -> None:
    ran = matrix(project, "test_modls.py", "--runtime", "local")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "modelcompat: pytest in runtime 'local' ended with exit code 4\n" in ran.stderr
    assert "ERROR: file or directory not found: test_modls.py" in ran.stderr


@pytest.mark.parametrize("form", [(), ("--markdown",)])
def test_tests_that_cannot_be_collected(tmp_path: Path, form: tuple[str, ...]) -> None:
    (tmp_path / "test_broken.py").write_text("import nobodys_package", encoding="utf-8")
    ran = matrix(tmp_path, "--runtime", "local", *form)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("1 runtime, 1 at a time\nlocal: 0 targets, 0 failed, ")
    assert ran.stderr.endswith("modelcompat: not seen: test_broken.py: " + NOT_FOUND)


class TestArguments:
    def test_no_runtime_declared(self, modelcompat: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
        ran = modelcompat("matrix")
        assert ran.code == 2
        assert "no runtime is declared in [tool.modelcompat.runtimes] of " in ran.err
        assert "or name them as in --runtime tf2.15" in ran.err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--runtime", "tf2.51"), "'tf2.51' is not a known runtime: did you mean 'tf2."),
            (("--runtime", "qqq"), "; others are declared in [tool.modelcompat.runtimes] of pyproject.toml"),
            (("--runtime", "local", "--out", "."), ". is a folder; name a file in it"),
            (("--runtimes", "local"), "did you mean '--runtime'?"),
            (("--runtime", "local", "--memory", "much"), "argument --memory: invalid float value"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, modelcompat: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        ran = modelcompat("matrix", *arguments)
        assert ran.code == 2
        assert said in ran.err
        assert ran.err.count("\n") == 1


class TestSideBySide:
    def test_as_many_as_fit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 64)
        assert parallel.parallel_limit(memory=3 * RUN_COST, runs=9) == 3
        assert parallel.parallel_limit(memory=99 * RUN_COST, runs=9) == 9
        assert parallel.parallel_limit(memory=GIB, runs=9) == 1
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        assert parallel.parallel_limit(memory=99 * RUN_COST, runs=9) == 2

    def test_no_more_at_once_than_told(self, tmp_path: Path) -> None:
        code = "import os, sys, time; open(os.path.join({folder!r}, sys.argv[1]), 'w').close(); time.sleep(0.4); "
        code += "print(len(os.listdir({folder!r}))); os.remove(os.path.join({folder!r}, sys.argv[1]))"
        command = (sys.executable, "-c", code.format(folder=str(tmp_path)))
        runs = [PytestRun(str(number), (*command, str(number))) for number in range(5)]
        ended = list(parallel.run_parallel(runs, 2))
        assert sorted(each.name for each in ended) == list("01234")
        assert max(int(each.output) for each in ended) == 2
        assert all(each.code == 0 for each in ended)

    def test_there_is_memory(self) -> None:
        assert parallel.free_memory() > 0
