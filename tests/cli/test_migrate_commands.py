"""Commands that `migrate`, its proofs and `check` print to be run: each is pasted and run."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.cli.derivation import derivation
from pytest_modelcompat.migration.proof.prover import ProofRequest, Prover
from pytest_modelcompat.runtimes.builtin import builtin_runtime
from pytest_modelcompat.runtimes.cache import folder_of, python_in
from tests.compatibility.models import K213, K215, convolution, small, stack
from tests.runtimes.environments import noted

if TYPE_CHECKING:
    from pytest_modelcompat.artifacts import Inventory

pytestmark = pytest.mark.usefixtures("models")
NAMES = ["a b.h5", "it's.h5", "-x.h5", "--runtime.h5", "$HOME;ls.h5", "folder of models/-x.h5"]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no runtime is there, not even the local one."""
    monkeypatch.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("pytest_modelcompat.migration.proof.witnesses.hosts_here", lambda: iter(()))


def old(name: str) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    return K213.h5(path, convolution(K213, "DepthwiseConv2D", groups=1))


def local(path: Path, **config: Any) -> Path:
    """A layer that Keras 3 does not have, and that no edit replaces."""
    settings: dict[str, Any] = {
        "filters": 2,
        "kernel_size": [1],
        "strides": [1],
        "padding": "valid",
        "activation": "linear",
    }
    return K213.h5(path, stack(K213, K213.layer("LocallyConnected1D", "local", **settings, **config), shape=(3, 4)))


def command_in(text: str, label: str) -> list[str]:
    """The words of a printed command behind `modelcompat`."""
    (line,) = re.findall(rf"^ +{label} +(modelcompat .*(?:\n {{13}}\S.*)*)", text, re.MULTILINE)
    words = shlex.split(line)
    assert words[0] == "modelcompat"
    return words[1:]


@pytest.mark.parametrize("name", NAMES)
def test_check_plans_a_migration(modelcompat: Any, name: str) -> None:
    old(name)
    repair = command_in(modelcompat("check", f"./{name}", "--runtime", "tf2.21").out, "repair")
    assert repair[-1] == "--dry-run"
    planned = modelcompat(*repair)
    assert (planned.code, planned.err) == (0, "")
    assert f"{name}: planned for tf2.21" in planned.out


def test_check_plans_a_migration_of_a_folder(modelcompat: Any) -> None:
    old("new folder/a.h5")
    repair = command_in(modelcompat("check", "new folder", "--runtime", "tf2.21").out, "repair")
    assert modelcompat(*repair).code == 0


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("name", NAMES)
def test_a_runtime_that_may_save_it_again_is_named_with_the_whole_command(modelcompat: Any, name: str) -> None:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    local(path)
    given = ("--runtime", "tf2.21", "--prove", "tf2.13", "--out", "new", "--import", "os", "--no-compile")
    result = modelcompat("migrate", f"./{name}", *given, "--dry-run")
    assert result.code == 1
    assert "save it again: tf2.15 may, once it is created" in " ".join(result.out.split())
    again = command_in(result.out, "then")
    assert again[1:] == [
        f"./{name}" if name.startswith("-") else name,
        *("--runtime", "tf2.21", "--out", "new", "--prove", "tf2.13", "--import", "os", "--no-compile", "--create"),
    ]
    planned = modelcompat(*again, "--dry-run")
    assert (planned.code, planned.err) == (0, "")
    assert "through    tf2.15 loads it and saves it again" in planned.out


@pytest.mark.usefixtures("alone")
def test_a_format_that_no_runtime_here_writes_names_the_whole_command(modelcompat: Any) -> None:
    old("a b.h5")
    result = modelcompat("migrate", "a b.h5", "--runtime", "tf2.21", "--to", "keras", "--dry-run")
    assert result.code == 2
    (command,) = re.findall("`modelcompat (.*)`", result.err)
    planned = modelcompat(*shlex.split(command), "--dry-run")
    assert (planned.code, "writes     a b.tf2.21.keras" in planned.out) == (0, True)


@pytest.mark.usefixtures("alone")
def test_where_no_runtime_reads_it_that_is_said(modelcompat: Any) -> None:
    local(Path("old.h5"), strange=1)
    out = modelcompat("migrate", "old.h5", "--runtime", "tf2.21", "--dry-run").out
    assert "save it again; no runtime is known that does" in " ".join(out.split())
    assert " then " not in out


def lines_of_proofs(inventory: Inventory, mode: str) -> list[str]:
    """The commands that a proof prints where its runtime is not there."""
    prover = Prover(ProofRequest("local", derivation(), mode, may_create=False))
    proof = prover.prove(inventory, inventory)
    prover.close()
    assert not proof.holds
    return [
        *re.findall("`(modelcompat .*)`", proof.problem),
        *(text for label, text in proof.details if label == "fix"),
    ]


@pytest.mark.parametrize("mode", ["auto", "tf2.15"])
@pytest.mark.usefixtures("alone")
def test_a_proof_that_lacks_a_runtime_names_the_command(modelcompat: Any, mode: str) -> None:
    """Of a runtime that is there already the same command is at its end at once."""
    inventory = read_inventory(K215.h5(Path("old.h5"), small(K215)))
    (line,) = lines_of_proofs(inventory, mode)
    words = shlex.split(line)
    assert words == ["modelcompat", "runtimes", "create", "tf2.15"]
    python = python_in(folder_of(builtin_runtime("tf2.15")))
    python.parent.mkdir(parents=True)
    python.touch()
    noted(builtin_runtime("tf2.15"))
    assert modelcompat(*words[1:]).code == 0


@pytest.mark.runtimes
@pytest.mark.parametrize("mode", ["auto", "tf2.15"])
def test_the_runtime_that_a_proof_names_is_created_and_loads_it(
    modelcompat: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    cache = os.environ.get("MODELCOMPAT_CACHE")
    inventory = read_inventory(K215.h5(Path("old.h5"), small(K215)))
    with monkeypatch.context() as empty:
        empty.setenv("MODELCOMPAT_CACHE", str(tmp_path / "cache"))
        empty.setattr("pytest_modelcompat.migration.proof.witnesses.hosts_here", lambda: iter(()))
        (line,) = lines_of_proofs(inventory, mode)
    assert os.environ.get("MODELCOMPAT_CACHE") == cache
    assert modelcompat(*shlex.split(line)[1:]).code == 0
    prover = Prover(ProofRequest("tf2.15", derivation(), "tf2.15", may_create=False))
    proof = prover.prove(inventory, inventory)
    prover.close()
    # It was loaded and asked; its weights are zeros.
    assert "the output 'dense' says nothing of the model" in proof.problem
