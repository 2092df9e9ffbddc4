"""Targets in other runtimes: what runs there and what it is given, and runtimes that are missing or broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.plugin.runtime_project import BUILD, LAYERS, script, usage_error, write, write_test

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")
# The interpreter is the one that runs these tests, as a script that prints before it starts it: another process, with
# a TensorFlow and a sys.path of its own. What lies in a folder called site-packages is not the project's, and does not
# go along.
PROD = f"""\
#!/bin/sh
echo "activating the environment"
echo '[1, 2]'
printf 'no line end'
exec {sys.executable} "$@"
"""
PYPROJECT = """
    [tool.pytest.ini_options]
    modelcompat_formats = ["h5"]
    modelcompat_runtimes = ["local", "prod"]
    modelcompat_custom_objects = ["shop.layers:Scale"]
    pythonpath = ["lib"]

    [tool.modelcompat.runtimes]
    prod = { interpreter = "bin/python", env = { SHOP = "prod", PYTHONPATH = "there" }, imports = ["told_always"] }
"""
CONFTEST = """
    import sys
    from pathlib import Path

    sys.path.append(str(Path(__file__).parent / "venv" / "site-packages"))
"""
TOLD = """
    import os

    if "SHOP" in os.environ:
        assert os.environ["PYTHONPATH"] == "there", os.environ["PYTHONPATH"]
        assert os.environ["STAGE"] == "ci", "an ordinary variable of pytest's process"
        assert not {"TF_USE_LEGACY_KERAS", "VIRTUAL_ENV", "PYTHONHOME"} & set(os.environ)
        import of_lib, of_there
"""
TESTS = """
    @pytest.mark.model_roundtrip
    def test_by_ini():
        return build()

    @pytest.mark.model_roundtrip(runtimes=["prod"], imports=["told", "chatty"])
    def test_given():
        return build()

    @pytest.mark.model_roundtrip(imports=["only_here"])
    def test_not_installed_there():
        return build()

    @pytest.mark.model_roundtrip(imports=["shop.pricing"])
    def test_importing_what_is_not_installed_there():
        return build()

    @pytest.mark.model_roundtrip(imports=["leaving"])
    def test_leaving_there():
        return build()

    @pytest.mark.model_roundtrip(imports=["ancient"])
    def test_failing_there():
        return build()

    @pytest.mark.model_roundtrip(imports=["illegal"])
    def test_killed_there():
        return build()

    FAILING = pytest.param("prod", marks=pytest.mark.xfail(reason="leaves", strict=True))

    @pytest.mark.model_roundtrip(imports=["leaving"], runtimes=["local", FAILING])
    def test_marked():
        return build()

    @pytest.mark.model_roundtrip(runtimes=[pytest.param("prod", marks=pytest.mark.skip(reason="only at night"))])
    def test_skipped():
        return build()

    def test_called(model_roundtrip):
        result = model_roundtrip(build(), runtimes=["prod", "local"])
        verdicts = {target.runtime: target.verdict for target in result.targets}
        assert verdicts == {"prod": "passed", "local": "passed"}

    def test_called_and_failing(model_roundtrip):
        model_roundtrip(build(), runtimes=["prod", "local"], imports=["leaving"])
"""


class Run:
    """What pytest said in a project: outcomes by test, and each failure's text."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.outcomes = dict(re.findall(r"^test_shop\.py::(\S+) (\w+)", output, re.MULTILINE))
        parts = re.split(r"^_{2,} (\S+) _{2,}$", output.partition("= model compatibility =")[0], flags=re.MULTILINE)
        self.failures = dict(zip(parts[1::2], parts[2::2], strict=True))

    def fix(self, name: str) -> str:
        """The fix of a failure, on one line."""
        found = re.search(r"^  fix +(.*(?:\n {10,}.*)*)", self.failures[name], re.MULTILINE)
        assert found is not None
        return " ".join(found[1].split())

    def headline(self, name: str) -> str:
        return next(line for line in self.failures[name].splitlines() if line)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tensorflow: None) -> Run:
    """One run of a project whose production is another process of the TensorFlow here."""
    folder = tmp_path_factory.mktemp("shop")
    write(folder, "pyproject.toml", PYPROJECT)
    write(folder, "conftest.py", CONFTEST)
    write(folder, "shop/layers.py", LAYERS)
    write(folder, "shop/pricing.py", "import only_here\n")
    write(folder, "test_shop.py", BUILD, TESTS)
    write(folder, "told.py", TOLD)
    write(folder, "lib/of_lib.py", "")
    write(folder, "there/of_there.py", "")
    write(folder, "told_always.py", "import os\nassert 'SHOP' in os.environ")
    write(folder, "venv/site-packages/only_here.py", "")
    write(folder, "chatty.py", "for _ in range(5000):\n    print('chatter ' * 20)\n")
    write(folder, "leaving.py", "import os\nif 'SHOP' in os.environ:\n    print('bye', flush=True)\n    os._exit(3)\n")
    write(folder, "ancient.py", "import os\nif 'SHOP' in os.environ:\n    raise ValueError('no such column')\n")
    write(folder, "illegal.py", "import os\nif 'SHOP' in os.environ:\n    os.kill(os.getpid(), 4)\n")
    script(folder, "bin/python", PROD)
    of_here = {"PYTHONPATH": "elsewhere", "TF_USE_LEGACY_KERAS": "0", "VIRTUAL_ENV": "here", "STAGE": "ci"}
    return run(folder, "--modelcompat-update-golden", **of_here)


def run(folder: Path, *arguments: str, **variables: str) -> Run:
    others = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**others, "COLUMNS": "400", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(done.stdout + done.stderr)


class TestElsewhere:
    """Targets in a runtime that works."""

    def test_each_runtime_is_a_target(self, shop: Run) -> None:
        """Also: what the interpreter prints before the loader runs is no answer of the loader."""
        assert shop.outcomes["test_by_ini[h5]"] == "PASSED"
        assert shop.outcomes["test_by_ini[h5-prod]"] == "PASSED", shop.output

    def test_what_it_is_given(self, shop: Run) -> None:
        """Its own variables, the project's folders, what it always imports, and nothing about the modules of here."""
        assert shop.outcomes["test_given[h5-prod]"] == "PASSED", shop.failures
        assert "test_given[h5]" not in shop.outcomes

    def test_the_others_run_whatever_becomes_of_one(self, shop: Run) -> None:
        names = ("not_installed_there", "importing_what_is_not_installed_there", "leaving_there", "failing_there")
        for name in (*names, "killed_there"):
            assert shop.outcomes[f"test_{name}[h5]"] == "PASSED", shop.output
            assert shop.outcomes[f"test_{name}[h5-prod]"] == "FAILED"

    def test_a_module_that_is_not_installed_there(self, shop: Run) -> None:
        name = "test_not_installed_there[h5-prod]"
        assert shop.headline(name) == (
            f"IMPORT FAILED  {name}: the loader of runtime 'prod' cannot import only_here, which the test or the "
            "runtime declares: ModuleNotFoundError: No module named 'only_here'"
        )
        assert shop.fix(name) == (
            "install only_here in runtime 'prod', which sees the project's own folders, but no package that is "
            "installed here"
        )

    def test_a_module_that_imports_one(self, shop: Run) -> None:
        name = "test_importing_what_is_not_installed_there[h5-prod]"
        assert "'prod' cannot import shop.pricing, which" in shop.headline(name)
        assert shop.fix(name).startswith("install only_here in runtime 'prod', ")
        assert shop.fix(name).endswith(" or declare what is needed from a module that does not import only_here")

    def test_a_module_that_fails_there(self, shop: Run) -> None:
        name = "test_failing_there[h5-prod]"
        assert shop.headline(name).endswith("ValueError: no such column")
        assert shop.fix(name) == "make ancient importable by the Python and the TensorFlow of runtime 'prod' too"

    def test_a_module_that_ends_the_process(self, shop: Run) -> None:
        name = "test_leaving_there[h5-prod]"
        assert shop.headline(name).startswith(
            f"LOADER EXITED  {name}: the loader of runtime 'prod' ended with code 3 while it imported leaving, "
        )
        assert "  last said  bye\n" in shop.failures[name]

    def test_a_module_built_for_another_processor(self, shop: Run) -> None:
        name = "test_killed_there[h5-prod]"
        assert shop.headline(name) == (
            f"LOADER CRASHED  {name}: the loader of runtime 'prod' died of SIGILL while it imported illegal, which the "
            "test declares: it met an instruction that this processor does not have: TensorFlow, or an op library, was "
            "built for another processor"
        )

    def test_marks_on_one_runtime(self, shop: Run) -> None:
        assert shop.outcomes["test_marked[h5]"] == "PASSED"
        assert shop.outcomes["test_marked[h5-prod]"] == "XFAIL"
        assert shop.outcomes["test_skipped[h5-prod]"] == "SKIPPED"

    def test_in_a_call(self, shop: Run) -> None:
        assert shop.outcomes["test_called"] == "PASSED", shop.failures
        assert shop.outcomes["test_called_and_failing"] == "FAILED"
        assert "'prod' ended with code 3" in shop.headline("test_called_and_failing")

    def test_no_traceback(self, shop: Run) -> None:
        assert "Traceback" not in shop.output
        assert "INTERNALERROR" not in shop.output


ARTIFACT = """
    from pathlib import Path

    FILE = Path(__file__).with_name("ranker.h5")
    if not FILE.exists():
        build().save(FILE)

    @pytest.mark.model_artifact("ranker.h5", custom_objects={"Scale": Scale}, runtimes=["local", "prod"])
    def test_given():
        return None
"""


def test_only_the_first_runtime_records_what_an_artifact_gives(project: Project) -> None:
    """Another one, in which it gives something else, is held against that golden also while goldens are updated."""
    factor = "(3.0 if 'SHOP' in os.environ else 2.0)"
    project.write("scaling.py", "    import os\n" + LAYERS.replace("2.0", factor))
    write(project.path, "test_it.py", BUILD.replace("shop.layers", "scaling"), ARTIFACT)
    project.write(
        "pyproject.toml",
        f"""
        [tool.modelcompat.runtimes]
        prod = {{ interpreter = "{sys.executable}", env = {{ SHOP = "prod" }} }}
        """,
    )
    project.record("-k", "not prod").assert_outcomes(passed=1, deselected=1)
    golden = project.path / "golden" / "test_it" / "test_given"
    recorded = {path: path.read_bytes() for path in golden.iterdir()}
    result = project.run("--modelcompat-update-golden", "-k", "prod")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines(["PREDICTIONS DRIFTED  test_given[[]h5-prod[]]: *"])
    assert {path: path.read_bytes() for path in golden.iterdir()} == recorded


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("interpeter = 'bin/python'", "'prod': unknown key 'interpeter'; did you mean 'interpreter'?"),
        ("python = 3.11", "'prod': 'python' takes a string, not 3.11"),
        (
            "interpreter = 'bin/python', packages = ['tensorflow']",
            "'prod': 'interpreter' is an environment of your own, so 'python' and 'packages' are not",
        ),
    ],
)
def test_a_wrong_declaration(project: Project, entry: str, told: str) -> None:
    write_test(project, "local", declared=f"[tool.modelcompat.runtimes]\nprod = {{ {entry} }}\n")
    file = project.path / "pyproject.toml"
    assert usage_error(project) == f"ERROR: modelcompat: {file}: [tool.modelcompat.runtimes] {told}"


FULL = """
    import numpy as np

    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale})
    def test_saving():
        return tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(100_000)])

    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale})
    def test_handing_over():
        return build(), np.zeros((200_000, 3), np.float32)

    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale})
    def test_loading():
        wide = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2), tf.keras.layers.RepeatVector(1000)])
        return wide, np.zeros((1000, 3), np.float32)

    @pytest.mark.model_roundtrip(formats=["h5"], custom_objects={"Scale": Scale})
    def test_little():
        return build()
"""


@pytest.mark.needs_tensorflow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs mount")
def test_a_full_disk(tmp_path: Path) -> None:
    """Each target says so, at whichever step it is; what fits still runs."""
    write(tmp_path, "shop/layers.py", LAYERS)
    write(tmp_path, "test_shop.py", BUILD, FULL)
    with small_disk(tmp_path / "small", "600k") as small:
        done = run(tmp_path, "--modelcompat-update-golden", TMPDIR=str(small))
    assert done.outcomes["test_little[h5]"] == "PASSED", done.output
    told = {name: done.headline(name) for name in done.failures}
    assert told == {
        "test_saving[h5]": 'DISK FULL  test_saving[h5]: no space is left on the disk for model.save("model.h5")',
        "test_handing_over[h5]": "DISK FULL  test_handing_over[h5]: no space is left on the disk to hand the artifact "
        "and its inputs to runtime 'local'",
        "test_loading[h5]": "DISK FULL  test_loading[h5]: the loader found no space left on the disk while it ran the "
        "loaded model",
    }
    assert done.fix("test_loading[h5]") == f"make room in {small}, or set TMPDIR to a folder on another disk"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
