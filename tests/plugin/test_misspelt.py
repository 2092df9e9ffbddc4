"""Typos on pytest's command line: options with a near match, builders answered before anything is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.plugin.named_builders import problem_of_builder
from pytest_modelcompat.plugin.session import Session

if TYPE_CHECKING:
    from tests.conftest import Project


class TestOptions:
    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("--modelcompat-formt=h5", "--modelcompat-format"),
            ("--modelcompat-rutime", "--modelcompat-runtime"),
            ("--modelcompat-update-goldens", "--modelcompat-update-golden"),
            ("--modlcompat-only", "--modelcompat-only"),
            ("--model-compat-only", "--modelcompat-only"),
        ],
    )
    def test_of_ours_get_a_near_match(self, project: Project, given: str, meant: str) -> None:
        project.write("test_it.py", "def test_it(): ...")
        result = project.run_apart(given)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        lines = [line for line in result.errlines if line.strip().startswith("did you mean")]
        assert lines == [f"  did you mean: {meant}"]

    def test_of_other_plugins_are_theirs(self, project: Project) -> None:
        project.write(
            "conftest.py",
            "def pytest_addoption(parser):\n    parser.addoption('--modelcompat-formts', action='store_true')\n",
        )
        project.write("test_it.py", "def test_it(pytestconfig): assert pytestconfig.option.modelcompat_formts is True")
        project.run_apart("--modelcompat-formts").assert_outcomes(passed=1)

    def test_like_none_of_ours_get_no_hint(self, project: Project) -> None:
        result = project.run_apart("--my-model-of-the-world")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "did you mean" not in result.stderr.str()

    def test_cost_nothing_where_none_is_given(self, project: Project) -> None:
        project.write(
            "test_it.py",
            "import sys\ndef test_it(): assert 'pytest_modelcompat.plugin.misspelt_options' not in sys.modules",
        )
        project.run_apart("-q", "test_it.py").assert_outcomes(passed=1)


SOURCE = """
import os, json as parser
from collections import OrderedDict as Ordered, abc

LEFT, (RIGHT, *REST) = 1, (2, 3)
annotated: int = 3
if os.name:
    def conditional(): inner = 1
try:
    import nowhere_to_be_found
except ImportError as problem:
    fallback = None
for step in ():
    pass
with open(os.devnull) as handle:
    chosen = (walrus := 1)
async def later(): ...
class Models:
    size = 1
    class Inner:
        @staticmethod
        def build(): ...
class Derived(Models): ...
"""
THERE = (
    *("os", "parser", "Ordered", "abc", "LEFT", "RIGHT", "REST", "annotated", "conditional", "nowhere_to_be_found"),
    *("problem", "fallback", "step", "handle", "chosen", "walrus", "later", "Models", "Models.Inner.build"),
    *("Derived.size", "Derived.nothing", "chosen.anything"),
)


class TestBuilders:
    @pytest.fixture
    def imports(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module that says when it is imported, in a package that does too."""
        monkeypatch.syspath_prepend(project.path)
        stop = "raise SystemError('imported')\n"
        project.write("mc_names.py", SOURCE + stop)
        project.write("mc_pack/__init__.py", stop)
        project.write("mc_pack/inner.py", f"def build(): ...\n{stop}")
        project.write("mc_pack/deep/__init__.py", f"{stop}")
        for number, dynamic in enumerate(
            (
                "def __getattr__(name): ...",
                "from os.path import *",
                "globals()['build'] = 1",
                "import sys\nsetattr(sys.modules[__name__], 'build', 1)",
                "exec('build = 1')",
                "def make():\n    global build\n    build = 1\nmake()",
                "import sys\n__path__ = []",
                "not Python at all",
            )
        ):
            project.write(f"mc_dynamic{number}.py", f"{dynamic}\n")
        project.write("mc_virtual/__init__.py", "import sys\nsys.modules['mc_virtual.inner'] = sys\n")

    @pytest.mark.parametrize("name", THERE)
    @pytest.mark.usefixtures("imports")
    def test_that_the_source_binds_are_there(self, project: Project, name: str) -> None:
        assert not problem_of_builder(f"mc_names:{name}", project.path)

    @pytest.mark.parametrize(
        ("given", "problem"),
        [
            ("mc_names:inner", "mc_names:inner: module mc_names has no 'inner'"),
            ("mc_names:anotated", "mc_names:anotated: module mc_names has no 'anotated'; did you mean 'annotated'?"),
            ("mc_names:Models.siez", "mc_names:Models.siez: module mc_names has no 'siez'; did you mean 'size'?"),
            ("mc_nmes:build", "there is no module 'mc_nmes' on the path or in {}; did you mean 'mc_names'?"),
            (
                "mc_pack.iner:build",
                "there is no module 'mc_pack.iner' on the path or in {}; did you mean 'mc_pack.inner'?",
            ),
            ("mc_pack.inner.more:build", "there is no module 'mc_pack.inner.more' on the path or in {}"),
            ("mc_pack.inner:biuld", "module mc_pack.inner has no 'biuld'; did you mean 'build'?"),
            ("mc_pack.inner.build", "is not written as module:name; did you mean 'mc_pack.inner:build'?"),
            ("mc_names", "'mc_names' is not written as module:name"),
            ("mc_names:", "'mc_names:' is not written as module:name"),
        ],
    )
    @pytest.mark.usefixtures("imports")
    def test_that_are_misspelt_are_found_without_an_import(self, project: Project, given: str, problem: str) -> None:
        assert problem_of_builder(given, project.path).endswith(problem.format(project.path))

    @pytest.mark.parametrize(
        "given",
        [
            *(f"mc_dynamic{number}:build" for number in range(8)),
            "mc_virtual.inner:path",
            "mc_pack:inner.build",
            "sys:path",
        ],
    )
    @pytest.mark.usefixtures("imports")
    def test_that_only_an_import_can_tell_are_left_to_it(self, project: Project, given: str) -> None:
        assert not problem_of_builder(given, project.path)

    @pytest.mark.parametrize("given", ["shop:biuld", "shpo:build", "shop.build", "shop.sub:build"])
    def test_that_are_misspelt_start_nothing(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, given: str
    ) -> None:
        started: list[Session] = []

        def prefetch(session: Session) -> None:
            started.append(session)

        monkeypatch.setattr(Session, "prefetch", prefetch)
        project.write(
            "shop.py", "import pathlib, tensorflow\npathlib.Path('imported').touch()\ndef build(): return 1 / 0\n"
        )
        result = project.run("--modelcompat-model", given)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert not started
        assert not (project.path / "imported").exists()
        project.run("--modelcompat-model", "shop:build").assert_outcomes(failed=3)
        assert len(started) == 1
        assert (project.path / "imported").exists()

    def test_that_are_misspelt_reach_the_user_of_pytest_xdist(self, project: Project) -> None:
        project.write("shop.py", "def build(): ...\n")
        result = project.run_apart("-n", "1", "--modelcompat-model", "shop:biuld")
        assert result.ret != pytest.ExitCode.OK
        assert "module shop has no 'biuld'; did you mean 'build'?" in result.stdout.str() + result.stderr.str()
