"""Runtimes that cannot be used: each is named, with the fix."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.plugin.runtime_project import script, usage_error, write, write_test

if TYPE_CHECKING:
    from tests.conftest import Project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")
CANNOT_START = "RUNTIME BROKEN  test_it[h5-it]: the interpreter of runtime 'it' cannot be started from *{}: "
NAME_ANOTHER = (
    "  fix        name a Python that runs on this machine as 'interpreter' of 'it' in [[]tool.modelcompat.runtimes[]] "
    "of pyproject.toml"
)
CORRECT = "  fix        correct 'interpreter' of 'it' in [[]tool.modelcompat.runtimes[]] of pyproject.toml"
LOADER = "RUNTIME BROKEN  test_it[h5-it]: the loader of runtime 'it' "


class TestUnusable:
    """A runtime that cannot be used is reported, and the local target runs and passes."""

    @pytest.fixture(autouse=True)
    def _empty_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))

    @pytest.mark.parametrize(
        ("interpreter", "told"),
        [
            pytest.param(
                "gone/bin/python",
                [
                    "RUNTIME MISSING  *: runtime 'it' has no interpreter at gone/bin/python; there is no such file",
                    CORRECT,
                ],
                id="gone",
            ),
            pytest.param(
                "plain.txt",
                [
                    "RUNTIME MISSING  *: runtime 'it' has no interpreter at plain.txt; it is not an executable file",
                    CORRECT,
                ],
                id="not-executable",
            ),
            pytest.param(
                "shop",
                ["RUNTIME MISSING  *: runtime 'it' has no interpreter at shop; it is not an executable file", CORRECT],
                id="a-folder",
            ),
            pytest.param(
                "another-system",
                [
                    CANNOT_START.format("another-system")
                    + "it is neither a program for this system and processor nor a script that names its interpreter",
                    NAME_ANOTHER,
                ],
                id="another-system",
            ),
            pytest.param(
                "moved",
                [
                    CANNOT_START.format("moved")
                    + "it does not exist any more, or the interpreter named in its first line does not",
                    NAME_ANOTHER,
                ],
                id="moved",
            ),
            pytest.param(
                "illegal",
                [
                    LOADER + "died of SIGILL before TensorFlow was imported there: it met an instruction that this "
                    "processor does not have: TensorFlow, or an op library, was built for another processor",
                    "  fix        take a build of TensorFlow for this processor, or another machine (most builds *)",
                ],
                id="another-processor",
            ),
            pytest.param(
                "ending",
                [
                    LOADER + "ended with code 1 before TensorFlow was imported there",
                    "  last said  libpython3.so: cannot open shared object file",
                    "  fix        repair it; this command must work: *ending -c 'import h5py, tensorflow; *'",
                ],
                id="ending",
            ),
        ],
    )
    def test_an_interpreter(self, project: Project, interpreter: str, told: list[str]) -> None:
        project.write("plain.txt", "not a program")
        script(project.path, "another-system", "\x7fELF of another processor")
        script(project.path, "moved", "#!/gone/bin/python3\n")
        script(project.path, "illegal", "#!/bin/sh\nkill -ILL $$\n")
        script(project.path, "ending", "#!/bin/sh\necho 'libpython3.so: cannot open shared object file' >&2\nexit 1\n")
        declared = f"[tool.modelcompat.runtimes]\nit = {{ interpreter = {interpreter!r} }}\n"
        write_test(project, "it", "local", declared=declared)
        told_and_passed(project.run("--modelcompat-update-golden"), *told)

    def test_a_broken_tensorflow(self, project: Project) -> None:
        """It is tried once: what takes seconds to fail is not tried again for the next target."""
        project.write(
            "broken/tensorflow.py", "open('tries', 'a').write('x')\nraise ImportError('no libcudart.so.12')\n"
        )
        declared = f"""
            [tool.modelcompat.runtimes]
            it = {{ interpreter = "{sys.executable}", env = {{ PYTHONPATH = "broken" }} }}
        """
        write_test(project, "it", "local", declared=declared)
        write(project.path, "test_more.py", "from test_it import *\n")
        result = project.run("--modelcompat-update-golden")
        result.assert_outcomes(passed=2, failed=2)
        fix = f"{sys.executable} -c 'import h5py, tensorflow; tensorflow.keras.layers'"
        result.stdout.fnmatch_lines(
            [
                "RUNTIME BROKEN  test_it[[]h5-it[]]: runtime 'it' can load nothing: TensorFlow cannot be imported *",
                f"  fix        repair it; this command must work: PYTHONPATH=broken {fix}",
                "  it said    ImportError: no libcudart.so.12",
            ]
        )
        assert (project.path / "tries").read_text() == "x"

    @pytest.mark.parametrize(("there", "lacks"), [(("numpy", "h5py"), "TensorFlow"), (("numpy",), "h5py")])
    def test_a_package_is_missing(self, project: Project, there: tuple[str, ...], lacks: str) -> None:
        """In an environment of the same Python that has only some of what a loader needs."""
        bare = project.path / "bare"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
        (site,) = (bare / "lib").glob("python*/site-packages")
        for module in map(importlib.import_module, there):
            for entry in Path(str(module.__file__)).parents[1].glob(f"{module.__name__}*"):
                (site / entry.name).symlink_to(entry)
        write_test(
            project, "it", "local", declared="[tool.modelcompat.runtimes]\nit = { interpreter = 'bare/bin/python' }"
        )
        told_and_passed(
            project.run("--modelcompat-update-golden"),
            f"RUNTIME BROKEN  *: runtime 'it' can load nothing: {lacks} is not installed there",
            "  fix        repair it; this command must work: *bare/bin/python -c 'import h5py, tensorflow; *'",
            f"  it said    ModuleNotFoundError: No module named '{lacks.lower()}'",
        )

    def test_not_created(self, project: Project) -> None:
        write_test(project, "tf2.15", "local")
        told_and_passed(
            project.run("--modelcompat-update-golden"),
            "RUNTIME MISSING  test_it[[]h5-tf2.15[]]: runtime 'tf2.15' has not been created",
            "  fix        modelcompat runtimes create tf2.15",
        )

    def test_unknown_to_a_test(self, project: Project) -> None:
        write_test(project, "tf2.15x", "local")
        told_and_passed(
            project.run("--modelcompat-update-golden"),
            "UNKNOWN RUNTIME  test_it[[]h5-tf2.15x[]]: 'tf2.15x' is not a known runtime: did you mean 'tf2.15'?",
            "  fix        correct the test's option 'runtimes', or declare 'tf2.15x' in [[]tool.modelcompat*"
            "pyproject.toml",
        )

    def test_unknown_to_the_ini_file(self, project: Project) -> None:
        declared = """
            [tool.pytest.ini_options]
            modelcompat_runtimes = ["local", "porduction"]

            [tool.modelcompat.runtimes]
            production = { interpreter = "bin/python" }
        """
        write_test(project, declared=declared)
        path = project.path / "test_it.py"
        path.write_text(path.read_text().replace(", runtimes=RUNTIMES", ""))
        told_and_passed(
            project.run("--modelcompat-update-golden"),
            "UNKNOWN RUNTIME  *: 'porduction' is not a known runtime: did you mean 'production'?",
            "  fix        correct the ini option 'modelcompat_runtimes', or declare 'porduction' in *",
        )

    def test_unknown_to_the_command_line(self, project: Project) -> None:
        write_test(project, "local")
        assert usage_error(project, "--modelcompat-runtime", "lcoal") == (
            "ERROR: modelcompat: command line: --modelcompat-runtime: 'lcoal' is not a known runtime: did you mean "
            "'local'?"
        )

    def test_the_command_line_chooses(self, project: Project) -> None:
        write_test(project, "tf2.15", "local")
        result = project.run("--modelcompat-update-golden", "--modelcompat-runtime", "local")
        result.assert_outcomes(passed=1)


def told_and_passed(result: pytest.RunResult, *lines: str) -> None:
    """One target has failed with these lines, another one has passed, and nothing of ours is in sight."""
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([line.replace("[h5-it]", "[[]h5-it[]]") for line in lines])
    result.stdout.no_fnmatch_line("*Traceback*")
