"""The table of runtimes, and how their environments are found and made; nothing is installed here."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.runtimes import environments
from pytest_modelcompat.runtimes.environments import EnvironmentUnavailableError
from pytest_modelcompat.runtimes.known import known_runtime
from pytest_modelcompat.runtimes.pins import PINS

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for uv")
UV = """#!/bin/sh
echo "$@" >> {log}
if [ "$1" = venv ]; then
  for home; do :; done
  mkdir -p "$home/bin" && touch "$home/bin/python"
else
  {install}
fi
"""


def test_every_name_says_what_is_in_it() -> None:
    assert set(PINS) >= {f"tf2.{minor}" for minor in range(4, 22)} | {"tf2.16+keras3.15", "tf2.21+tf_keras"}
    for name, pins in PINS.items():
        base, _, addition = name.partition("+")
        assert (pins.name, pins.tensorflow) == (name, base.removeprefix("tf"))
        assert pins.to_install(cpu=True)[0] == f"tensorflow-cpu=={pins.tensorflow}.*"
        assert pins.to_install(cpu=False)[0] == f"tensorflow=={pins.tensorflow}.*"
        assert pins.to_install()[1:] == pins.requirements
        if addition.startswith("keras"):
            assert f"keras=={addition.removeprefix('keras')}.*" in pins.requirements


@pytest.mark.parametrize(
    ("name", "python", "packages", "env"),
    [
        ("tf2.4", "3.8", {"protobuf<3.21"}, {}),
        ("tf2.15", "3.11", {"keras==2.15.*", "numpy<2"}, {}),
        ("tf2.16", "3.11", {"keras==3.3.*", "numpy<2"}, {}),
        ("tf2.16+keras3.15", "3.11", {"keras==3.15.*", "numpy<2"}, {}),
        ("tf2.16+keras3.10+py3.12", "3.12", {"keras==3.10.*", "numpy<2"}, {}),
        ("tf2.19", "3.12", {"keras==3.9.*"}, {}),
        ("tf2.21+tf_keras", "3.11", {"keras==3.15.*", "tf_keras==2.21.*"}, {"TF_USE_LEGACY_KERAS": "1"}),
        ("tf2.18+tf_keras", "3.12", {"keras==3.6.*", "tf_keras==2.18.*"}, {"TF_USE_LEGACY_KERAS": "1"}),
    ],
)
def test_a_name_says_it_all(name: str, python: str, packages: set[str], env: dict[str, str]) -> None:
    runtime = known_runtime(name)
    assert (runtime.name, runtime.python, runtime.env) == (name, python, env)
    tensorflow, *others = runtime.packages
    assert tensorflow.partition("==")[2] == f"{name.partition('+')[0].removeprefix('tf')}.*"
    assert set(others) == packages


@pytest.fixture
def interpreters(tmp_path: Path) -> Path:
    for version in ("3.8.9", "3.8.18", "3.8.x", "3.11.7"):
        (tmp_path / "pythons" / version / "bin").mkdir(parents=True)
        (tmp_path / "pythons" / version / "bin" / "python").touch()
    return tmp_path / "pythons"


def test_the_newest_patch_of_the_version_is_taken(interpreters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(environments.INTERPRETERS, raising=False)
    newest = str(interpreters / "3.8.18" / "bin" / "python")
    assert environments.interpreter("3.8", interpreters) == newest
    assert environments.interpreter("3.13", interpreters) == "3.13", "uv is left to look for it"
    assert environments.interpreter("3.8") == "3.8"
    monkeypatch.setenv(environments.INTERPRETERS, str(interpreters))
    assert environments.interpreter("3.8") == newest


def fake_uv(folder: Path, monkeypatch: pytest.MonkeyPatch, install: str) -> Path:
    """A uv that notes what it is asked for, makes an empty environment and installs by running `install`."""
    (folder / "tools").mkdir(exist_ok=True)
    tool, log = folder / "tools" / "uv", folder / "asked"
    tool.write_text(UV.format(log=log, install=install))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")
    return log


@posix
def test_an_environment_is_made_once(tmp_path: Path, interpreters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = fake_uv(tmp_path, monkeypatch, "exit 0")
    home = tmp_path / "environments" / "tf2.4"
    assert environments.find("tf2.4", home.parent) is None
    python = environments.create("tf2.4", home.parent, interpreters=interpreters)
    assert python == home / "bin" / "python" == environments.find("tf2.4", home.parent)
    base = interpreters / "3.8.18" / "bin" / "python"
    install = f"pip install --quiet --python {python} {' '.join(PINS['tf2.4'].to_install())}"
    assert log.read_text().splitlines() == [f"venv --quiet --clear --python {base} {home}", install]
    assert environments.create("tf2.4", home.parent) == python
    assert len(log.read_text().splitlines()) == 2, "what is there is taken as it is"


@posix
def test_half_an_environment_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_uv(tmp_path, monkeypatch, "echo 'No solution found' >&2; exit 1")
    with pytest.raises(EnvironmentUnavailableError, match=r"runtime 'tf2\.8' cannot be created: uv said\nNo solution"):
        environments.create("tf2.8", tmp_path)
    assert (tmp_path / "tf2.8" / "bin" / "python").exists()
    assert environments.find("tf2.8", tmp_path) is None
    fake_uv(tmp_path, monkeypatch, "exit 0")
    environments.create("tf2.8", tmp_path)
    assert environments.find("tf2.8", tmp_path) is not None


def test_without_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentUnavailableError, match="needs uv, which is not on PATH: `pip install uv`"):
        environments.create("tf2.21", tmp_path)
