"""`modelcompat runtimes`: creating, listing and removing the runtimes of a project, and those that are known."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat import cli
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.cache import Environment, folder_of, python_in, write_note
from pytest_modelcompat.runtimes.config import find_runtimes
from pytest_modelcompat.runtimes.runtime import Runtime
from tests.wheels import PYTHON, tensorflow_of_here, tensorflow_version, wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.usefixtures("cache")
PROJECT = Path(cli.__file__).resolve().parents[2]
NOWHERE = {"python": "3.11", "packages": ["tensorflow==2.15.*"]}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that environments are in, below an empty cache folder; a uv that has neither a cache nor a network."""
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache" / "runtimes"


def declare(folder: Path, **runtimes: Mapping[str, Any]) -> None:
    """Write a pyproject.toml that declares runtimes."""
    text = "".join(
        f"[tool.modelcompat.runtimes.{json.dumps(name)}]\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
        for name, entry in runtimes.items()
    )
    (folder / "pyproject.toml").write_text(text)


def noted(runtime: Runtime, *names: str, keras: str = "2.15.0", size: int = 1_200_000_000) -> Path:
    """Have an environment look whole to the command, which asks the file system only; its folder."""
    folder = folder_of(runtime)
    python = python_in(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    versions = {"python": f"{runtime.python}.9", "tensorflow": "2.15.1", "keras": keras}
    write_note(Environment(folder, python, names or (runtime.name,), runtime.packages, versions, size=size))
    return folder


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest_modelcompat.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestCreate:
    @pytest.mark.needs_tensorflow
    def test_what_is_declared_once_for_two_at_a_time(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        """Of the real TensorFlow of this interpreter; the folder is below that of the declaration."""
        declare(tmp_path, here={"python": PYTHON, "packages": [tensorflow_of_here(tmp_path)]})
        (tmp_path / "below").mkdir()
        os.chdir(tmp_path / "below")
        processes = [command("runtimes", "create", "--all"), command("runtimes", "create", "here")]
        said = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        found = f"TensorFlow {tensorflow_version()}, Keras {version('keras')}"
        for out, _ in said:
            assert out.startswith(f"here  created  Python {PYTHON}.")
            assert found in out
            assert " kB  " in out
            assert out.endswith(" s\n")
            assert out.count("\n") == 1
        steps = sorted(line for _, err in said for line in err.splitlines())
        assert [step[:10] for step in steps] == ["here: 1/3 ", "here: 2/3 ", "here: 3/3 ", "here: wait"]
        again = modelcompat("runtimes", "create", "here")
        assert (again.code, again.err) == (0, "")
        assert again.out.startswith(f"here  exists   Python {PYTHON}.")
        assert found in again.out
        assert len([each for each in cache.iterdir() if each.is_dir()]) == 1

    def test_one_that_fails_keeps_none_from_being_created(self, modelcompat: Any, tmp_path: Path) -> None:
        hollow = {"python": PYTHON, "packages": [wheel(tmp_path)]}
        unreachable = {**NOWHERE, "python": PYTHON}
        declare(tmp_path, first=unreachable, second=hollow, third={"interpreter": "bin/python"}, fourth=NOWHERE)
        noted(builtin_runtime("tf2.15"), "tf2.15")
        result = modelcompat("runtimes", "create", "first", "second", "third", "tf2.15")
        assert result.code == 2
        assert result.out == "tf2.15  exists   Python 3.11.9, TensorFlow 2.15.1, Keras 2.15.0  1.2 GB\n"
        *_, second, third = (part for part in result.err.split("modelcompat: ") if part)
        first = result.err.split("modelcompat: ")[1].splitlines()
        assert first[:2] == [
            "runtime 'first' cannot be created: the package index cannot be reached for installing tensorflow==2.15.*",
            "  fix        once it can, go on with: modelcompat runtimes create first",
        ]
        assert re.match("  it said    .* No solution found when resolving dependencies", first[2])
        assert all(line.startswith("             ") for line in first[3:] if not line.startswith("second: "))
        assert second == (
            "TensorFlow cannot be imported in runtime 'second'\n"
            "  fix        change 'packages' or 'env' of 'second' in [tool.modelcompat.runtimes] of pyproject.toml\n"
            "  it said    ModuleNotFoundError: No module named 'tensorflow'\n"
        )
        assert third.startswith(f"runtime 'third' has no interpreter at {tmp_path / 'bin' / 'python'}; there is no")

    @pytest.mark.needs_tensorflow
    def test_an_interpreter_of_ones_own_is_checked(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        declare(tmp_path, mine={"interpreter": sys.executable})
        result = modelcompat("runtimes", "create", "mine")
        assert result.code == 0
        assert result.out.startswith("mine  works    Python ")
        assert f"TensorFlow {tensorflow_version()}" in result.out
        assert "your own" in result.out
        assert result.err == f"mine: checking that TensorFlow can be imported by {sys.executable}\n"
        assert not cache.exists()

    def test_names_of_the_same_content_share_a_folder(self, modelcompat: Any, tmp_path: Path) -> None:
        declare(tmp_path, one=NOWHERE, other=NOWHERE)
        folder = noted(find_runtimes(tmp_path).get("one"))
        result = modelcompat("runtimes", "create", "--all")
        assert [line.split()[:2] for line in result.out.splitlines()] == [["one", "exists"], ["other", "exists"]]
        assert json.loads((folder / "runtime.json").read_text())["names"] == ["one", "other"]

    def test_is_done_at_once_where_all_are_there(self) -> None:
        """Nothing heavy is imported, and no process started."""
        names = ["tf2.4", "tf2.10", "tf2.13", "tf2.15", "tf2.16", "tf2.18", "tf2.21"]
        for name in names:
            noted(builtin_runtime(name))
        code = (
            "import sys; from pytest_modelcompat.cli import main; "
            "code = main(['runtimes', 'create', *sys.argv[1:]]); "
            "heavy = {'pytest', '_pytest', 'tensorflow', 'keras', 'numpy', 'h5py', 'filelock', 'uv'} & {*sys.modules}; "
            "sys.exit(f'{code} {heavy}')"
        )
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code, *names],
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == "0 set()\n"
        assert [line.split()[:2] for line in done.stdout.splitlines()] == [[name, "exists"] for name in names]
        assert time.monotonic() - started < 2

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("tf2.51", "'tf2.51' is not a known runtime: did you mean 'tf2.5'?"),
            ("tf2.15 prdo", "'prdo' is not a known runtime: did you mean 'prod'?"),
            ("tf2.3", "is not a known runtime"),
            ("qqq", "is not a known runtime: known are tf2.4 to tf2.21, from tf2.16 on also"),
            (
                "tf2.15+keras3.1",
                "is not a known runtime: Keras 3 is for TensorFlow 2.16 and newer, and tf2.15 has Keras 2.15",
            ),
            ("", "name the runtimes, or give --all"),
            ("--all prod", "--all and names do not go together: give one of them"),
            ("local", "local is the interpreter that pytest runs in: there is nothing to create"),
        ],
    )
    def test_refuses_before_anything_is_created(
        self, modelcompat: Any, cache: Path, tmp_path: Path, arguments: str, said: str
    ) -> None:
        declare(tmp_path, prod=NOWHERE)
        result = modelcompat("runtimes", "create", *arguments.split())
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("modelcompat: ")
        assert said in result.err
        assert result.err.count("\n") == 1
        assert not cache.exists()

    def test_all_of_nothing(self, modelcompat: Any, tmp_path: Path) -> None:
        result = modelcompat("runtimes", "create", "--all")
        assert result.code == 2
        assert result.err == "modelcompat: no runtime is declared: there is no pyproject.toml here or above\n"
        declare(tmp_path)
        result = modelcompat("runtimes", "create", "--all")
        said = f"no runtime is declared in [tool.modelcompat.runtimes] of {tmp_path / 'pyproject.toml'}"
        assert (result.code, result.err) == (2, f"modelcompat: {said}\n")

    def test_a_declaration_that_cannot_be_understood(self, modelcompat: Any, tmp_path: Path) -> None:
        declare(tmp_path, prod={"pyhton": "3.11"})
        for action in ("create --all", "list", "remove --unused"):
            result = modelcompat("runtimes", *action.split())
            assert result.code == 2
            assert "'prod': unknown key 'pyhton'; did you mean 'python'?" in result.err

    def test_where_to_keep_them_cannot_be_told(self, modelcompat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MODELCOMPAT_CACHE")
        monkeypatch.setitem(sys.modules, "platformdirs", None)
        for action in ("create tf2.15", "list", "remove --all", "remove tf2.15"):
            result = modelcompat("runtimes", *action.split())
            assert (result.code, result.out) == (2, "")
            assert "that needs platformdirs, which is not installed" in result.err
            assert "  fix        pip install" in result.err


class TestList:
    def test_declared_and_kept(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        own = tmp_path / "own" / "bin" / "python"
        packages = own.parent.parent / "lib" / "python3.10" / "site-packages"
        for name in ("tensorflow_cpu-2.12.1", "keras-2.12.0", "numpy-1.23.5"):
            (packages / f"{name}.dist-info").mkdir(parents=True)
        declare(
            tmp_path,
            prod=NOWHERE,
            mine={"interpreter": "own/bin/python"},
            gone={"interpreter": "nowhere/bin/python"},
            edge={"python": "3.12", "packages": ["tensorflow==2.18.*"]},
        )
        own.parent.mkdir()
        own.touch()
        prod = noted(find_runtimes(tmp_path).get("prod"))
        noted(builtin_runtime("tf2.21+tf_keras"), keras="3.15.1", size=1_500_000_000)
        noted(builtin_runtime("tf2.4"), size=671_000_000)
        old = noted(Runtime("prod", "3.10", ("tensorflow==2.12.*",)), "prod", "staging")
        half = folder_of(builtin_runtime("tf2.10"))
        (half / "bin").mkdir(parents=True)
        (half / "bin" / "file").write_bytes(b"x" * 5000)
        result = modelcompat("runtimes", "list")
        assert result.code == 0
        header, *rows, empty, total = result.out.splitlines()
        assert header.split() == ["name", "state", "Python", "TensorFlow", "Keras", "size", "folder"]
        assert (empty, total) == ("", f"4.6 GB in {cache}")
        cells = [[cell.strip() for cell in row.split("  ") if cell] for row in rows]
        edge, tf2_4 = folder_of(find_runtimes(tmp_path).get("edge")), folder_of(builtin_runtime("tf2.4"))
        tf2_21 = folder_of(builtin_runtime("tf2.21+tf_keras"))
        assert cells == [
            ["prod", "created", "3.11.9", "2.15.1", "2.15.0", "1.2 GB", str(prod)],
            ["mine", "your own", "-", "2.12.1", "2.12.0", "-", str(own.parent)],
            ["gone", "broken: interpreter gone", "-", "-", "-", "-", str(tmp_path / "nowhere" / "bin")],
            ["edge", "not created", "3.12", "-", "-", "-", str(edge)],
            ["prod, staging", "created, unused", "3.10.9", "2.15.1", "2.15.0", "1.2 GB", str(old)],
            ["tf2.4", "created", "3.8.9", "2.15.1", "2.15.0", "671.0 MB", str(tf2_4)],
            ["tf2.10", "unfinished", "3.10", "-", "-", "5.0 kB", str(half)],
            ["tf2.21+tf_keras", "created", "3.11.9", "2.15.1", "3.15.1", "1.5 GB", str(tf2_21)],
        ]
        data = modelcompat("runtimes", "list", "--json").data
        assert data[0] == {
            "name": "prod",
            "names": ["prod"],
            "declared": True,
            "unused": False,
            "state": "created",
            "python": "3.11.9",
            "tensorflow": "2.15.1",
            "keras": "2.15.0",
            "size": 1_200_000_000,
            "folder": str(prod),
        }
        assert (data[3]["python"], data[3]["tensorflow"], data[3]["size"]) == ("3.12", None, 0)
        assert [each["declared"] for each in data] == [True] * 4 + [False] * 4
        assert [each["unused"] for each in data] == [False] * 4 + [True] + [False] * 3

    def test_a_shared_folder_counts_once(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        declare(tmp_path, one=NOWHERE, other=NOWHERE)
        noted(find_runtimes(tmp_path).get("one"))
        out = modelcompat("runtimes", "list").out
        assert [row.split()[:2] for row in out.splitlines()[1:3]] == [["one", "created"], ["other", "created"]]
        assert out.endswith(f"\n1.2 GB in {cache}\n")

    def test_nothing(self, modelcompat: Any) -> None:
        result = modelcompat("runtimes", "list")
        said = "no runtime is declared: there is no pyproject.toml here or above, and none was created\n"
        assert (result.code, result.out) == (0, said)
        assert modelcompat("runtimes", "list", "--json").out == ""


class TestRemove:
    def test_by_name(self, modelcompat: Any) -> None:
        folder = noted(builtin_runtime("tf2.15"))
        other = noted(builtin_runtime("tf2.16"))
        result = modelcompat("runtimes", "remove", "tf2.15", "tf2.4")
        assert (result.code, result.err) == (0, "")
        assert result.out == f"tf2.15  removed, 1.2 GB freed: {folder}\ntf2.4  not created\n"
        assert (folder.exists(), other.exists()) == (False, True)

    def test_of_what_is_shared_the_last_name_removes_it(self, modelcompat: Any, tmp_path: Path) -> None:
        declare(tmp_path, one=NOWHERE, other=NOWHERE)
        folder = noted(find_runtimes(tmp_path).get("one"), "one", "other")
        assert modelcompat("runtimes", "remove", "one").out == f"one  stays for other: {folder}\n"
        assert modelcompat("runtimes", "remove", "other").out == f"other  removed, 1.2 GB freed: {folder}\n"
        assert not folder.exists()

    def test_by_the_name_that_another_project_gave_it(self, modelcompat: Any) -> None:
        folder = noted(Runtime("theirs", "3.11", ("tensorflow==2.15.*",)))
        assert modelcompat("runtimes", "remove", "theirs").out == f"theirs  removed, 1.2 GB freed: {folder}\n"
        assert not folder.exists()

    def test_by_the_name_of_its_folder(self, modelcompat: Any) -> None:
        folder = noted(Runtime("prod", "3.11", ("tensorflow==2.15.*",)), "one", "other")
        assert modelcompat("runtimes", "remove", folder.name).code == 0
        assert not folder.exists()

    def test_the_one_a_name_means_and_not_what_it_once_meant(self, modelcompat: Any, tmp_path: Path) -> None:
        declare(tmp_path, prod=NOWHERE)
        old = noted(Runtime("prod", "3.10", ("tensorflow==2.12.*",)))
        new = noted(find_runtimes(tmp_path).get("prod"))
        assert str(new) in modelcompat("runtimes", "remove", "prod").out
        assert (old.exists(), new.exists()) == (True, False)
        assert str(old) in modelcompat("runtimes", "remove", "prod").out
        assert not old.exists()

    def test_unused(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        declare(tmp_path, prod=NOWHERE)
        used = [noted(find_runtimes(tmp_path).get("prod")), noted(builtin_runtime("tf2.4"))]
        # Declared in other words, or created by another of its names.
        declare(tmp_path, prod=NOWHERE, edge={"python": "3.12", "packages": ["tensorflow==2.18.*"]})
        used.append(noted(find_runtimes(tmp_path).get("edge"), "theirs"))
        unused = [
            noted(Runtime("prod", "3.10", ("tensorflow==2.12.*",))),
            noted(Runtime("theirs", "3.10", ("tensorflow==2.13.*",))),
            noted(Runtime("tf2.15", "3.10", ("tensorflow==2.15.0",))),
            cache / "nobody-knows",
        ]
        unused[-1].mkdir()
        result = modelcompat("runtimes", "remove", "--unused")
        assert (result.code, result.err) == (0, "")
        assert result.out.count(" removed, ") == 4
        assert "prod  removed, 1.2 GB freed: " in result.out
        assert [folder.exists() for folder in used] == [True] * 3
        assert [folder.exists() for folder in unused] == [False] * 4
        assert modelcompat("runtimes", "remove", "--unused").out == f"there is nothing to remove in {cache}\n"

    def test_all(self, modelcompat: Any, cache: Path, tmp_path: Path) -> None:
        own = tmp_path / "own" / "bin" / "python"
        own.parent.mkdir(parents=True)
        own.touch()
        declare(tmp_path, mine={"interpreter": "own/bin/python"}, one=NOWHERE, other=NOWHERE)
        noted(find_runtimes(tmp_path).get("one"), "one", "other")
        noted(builtin_runtime("tf2.4"))
        result = modelcompat("runtimes", "remove", "--all")
        assert result.out.count(" removed, ") == 2
        assert own.exists()
        assert not [each for each in cache.iterdir() if each.is_dir()]

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs chattr")
    def test_what_cannot_be_removed(self, modelcompat: Any) -> None:
        held, other = noted(builtin_runtime("tf2.4")), noted(builtin_runtime("tf2.15"))
        command = ["chattr", "+i", str(held / "bin")]
        if shutil.which("chattr") is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no folder can be made unchangeable here")
        try:
            result = modelcompat("runtimes", "remove", "--all")
        finally:
            subprocess.run(["chattr", "-i", str(held / "bin")], check=True)
        assert result.code == 2
        said = f"modelcompat: {held} cannot be removed: Operation not permitted "
        assert result.err in (f"{said}(python)\n", f"{said}(bin)\n"), "from Python 3.13 on, the folder is named"
        assert result.out == f"tf2.15  removed, 1.2 GB freed: {other}\n"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ("tf2.51", "'tf2.51' is not a known runtime: did you mean 'tf2.5'?"),
            ("", "name the runtimes, or give --all or --unused"),
            ("--all --unused", "--all and --unused do not go together: give one of them"),
            ("--unused tf2.4", "--unused and names do not go together: give one of them"),
            ("tf2.4 local", "local is what pytest runs in, which was not created here"),
            ("mine", "/opt/mine/bin/python, which was not created here"),
        ],
    )
    def test_refuses_before_anything_is_removed(
        self, modelcompat: Any, tmp_path: Path, arguments: str, said: str
    ) -> None:
        declare(tmp_path, mine={"interpreter": "/opt/mine/bin/python"})
        folder = noted(builtin_runtime("tf2.4"))
        result = modelcompat("runtimes", "remove", *arguments.split())
        assert (result.code, result.out) == (2, "")
        assert said in result.err
        assert folder.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("crate tf2.15", "there is no `runtimes crate`; did you mean 'create'?"),
        ("update", "there is no `runtimes update`: create, list, remove"),
        ("list --jsno", "there is no option --jsno; did you mean '--json'?"),
    ],
)
def test_wrong_use(modelcompat: Any, arguments: str, said: str) -> None:
    result = modelcompat("runtimes", *arguments.split())
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_without_an_action(modelcompat: Any) -> None:
    result = modelcompat("runtimes")
    assert result.code == 2
    assert result.out.startswith("usage: modelcompat runtimes create NAME... | --all\n")
