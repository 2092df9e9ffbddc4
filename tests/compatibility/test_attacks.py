"""Attack files: each is found by name and place, and where the local Keras refuses one, the verdict says so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.compatibility.verdict import Compatibility
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from attacks.keras_configs import ATTACKS, NOT_BUILT

if TYPE_CHECKING:
    from attacks.attack import Attack

    from pytest_modelcompat.artifacts import Inventory

WITHOUT_TENSORFLOW = [attack for attack in ATTACKS if not attack.needs_tensorflow]
# Loads what it is named, one after the other; says what each was refused with.
LOADS = """
import json, sys
import keras
refused = {}
for path in sys.argv[2:]:
    try:
        keras.models.load_model(path)
    except Exception as error:
        refused[path] = str(error)[-300:]
with open(sys.argv[1], "w") as file:
    json.dump({"keras": keras.__version__, "refused": refused}, file)
"""


def made(attack: Attack, folder: Path) -> Path:
    (folder / attack.name).mkdir(parents=True)
    return attack.write(folder / attack.name, folder / f"{attack.name}-canary")


def places(inventory: Inventory) -> list[str]:
    return ["\n".join((each.subject, *each.where, each.cause)) for each in unsafe_content(inventory)]


@pytest.mark.parametrize("attack", WITHOUT_TENSORFLOW, ids=lambda attack: attack.name)
def test_each_is_found_with_its_place(attack: Attack, tmp_path: Path) -> None:
    found = places(read_inventory(made(attack, tmp_path)))
    assert any(re.search(attack.place, each) for each in found), found
    assert not (tmp_path / f"{attack.name}-canary").exists()


@pytest.mark.needs_tensorflow
@pytest.mark.parametrize(
    "attack", [attack for attack in ATTACKS if attack.needs_tensorflow], ids=lambda attack: attack.name
)
def test_each_that_tensorflow_makes_is_found_with_its_place(attack: Attack, tmp_path: Path) -> None:
    pytest.importorskip("tf_keras")
    found = places(read_inventory(made(attack, tmp_path)))
    assert any(re.search(attack.place, each) for each in found), found


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("graph-in-call", "TFSMLayer"),
        ("graph-in-lambda", "TFSMLayer"),
        ("graph-in-loss", "TFSMLayer"),
        ("torch-in-call", "TorchModuleWrapper"),
        ("vocabulary-in-call", "StringLookup"),
    ],
)
def test_safe_mode_refuses_them_where_no_layers_stand_too(name: str, subject: str, tmp_path: Path) -> None:
    (attack,) = (each for each in ATTACKS if each.name == name)
    inventory = read_inventory(made(attack, tmp_path))
    refused = [
        [each.subject for each in judged.findings if each.kind is Kind.SAFE_MODE_REFUSED]
        for safe_mode in (True, False)
        for judged in [check_compatibility(inventory, load_profile("tf2.21"), safe_mode=safe_mode)]
    ]
    assert refused == [[subject], []]


def test_each_has_a_name_and_says_what_it_shows() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
    assert all(attack.shows for attack in ATTACKS)
    assert all(each.why.endswith(".") for each in NOT_BUILT)


@pytest.mark.needs_tensorflow
def test_the_verdict_is_that_of_a_real_load(tmp_path: Path) -> None:
    pytest.importorskip("keras", minversion="3.15")
    paths = {attack.name: made(attack, tmp_path) for attack in WITHOUT_TENSORFLOW}
    answer = tmp_path / "answer.json"
    command = [sys.executable, "-c", LOADS, str(answer), *map(str, paths.values())]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    refused = json.loads(answer.read_text())["refused"]
    profile = replace(load_profile("tf2.21"), python=sys.version_info[:2])
    wrong = {}
    for name, path in paths.items():
        judged = check_compatibility(read_inventory(path), profile)
        if (judged.compatibility is Compatibility.FAILS) != (str(path) in refused):
            wrong[name] = refused.get(str(path), "it loads")
    assert not wrong
    assert not list(tmp_path.glob("*-canary"))
