"""Published vulnerabilities of Keras' model files: judged for the runtime asked for, and no other."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.artifacts.inventory import Hazard, Inventory, LambdaUse, LayerUse, Reference
from pytest_modelcompat.compatibility.unsafe import unsafe_content
from pytest_modelcompat.compatibility.unsafe.rules import SAVING_VULNERABILITY, VULNERABILITY
from pytest_modelcompat.compatibility.unsafe.vulnerabilities import VULNERABILITIES
from pytest_modelcompat.profiles.store import load_profile
from tests import handmade

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from attacks.keras_configs import ATTACKS

CODES = {VULNERABILITY.code, SAVING_VULNERABILITY.code}
BY_NAME = {attack.name: attack for attack in ATTACKS}


def found(inventory: Inventory, runtime: str, *custom: str) -> dict[str, str]:
    findings = unsafe_content(inventory, custom=custom, profile=load_profile(runtime))
    return {each.subject: each.cause for each in findings if each.code in CODES}


def attack_file(name: str, folder: Path) -> Inventory:
    return read_inventory(BY_NAME[name].write(folder, folder / "canary"))


@pytest.mark.parametrize(
    ("attack", "cve", "runtime", "later"),
    [
        ("cve-2024-3660", "CVE-2024-3660", "tf2.12", "tf2.13"),
        ("cve-2025-1550", "CVE-2025-1550", "tf2.18", "tf2.18+keras3.9"),
        ("cve-2025-8747", "CVE-2025-8747", "tf2.18+keras3.10", "tf2.18+keras3.11"),
        ("cve-2025-9905", "CVE-2025-9905", "tf2.18+keras3.10", "tf2.18+keras3.11"),
        ("cve-2025-9905", "CVE-2025-9905", "tf2.15", "tf2.21"),
        ("cve-2025-9906", "CVE-2025-9906", "tf2.18+keras3.10", "tf2.18+keras3.11"),
        ("cve-2025-12058", "CVE-2025-12058", "tf2.18+keras3.11", "tf2.18+keras3.12"),
        ("cve-2025-12060", "CVE-2025-12060", "tf2.18", "tf2.21"),
        ("cve-2025-12638", "CVE-2025-12638", "tf2.18", "tf2.21"),
        ("cve-2025-49655", "CVE-2025-49655", "tf2.18", "tf2.18+keras3.12"),
        ("cve-2026-0897", "CVE-2026-0897", "tf2.18+keras3.14", "tf2.18+keras3.12"),
        ("cve-2026-1462", "CVE-2026-1462", "tf2.18+keras3.11", "tf2.18+keras3.12"),
        ("cve-2026-1669", "CVE-2026-1669", "tf2.18+keras3.11", "tf2.18+keras3.13"),
        ("cve-2026-1669-link", "CVE-2026-1669", "tf2.18", "tf2.21"),
        ("cve-2026-12479", "CVE-2026-12479", "tf2.18+keras3.14", "tf2.21"),
    ],
)
def test_a_runtime_that_has_it_and_one_that_has_not(
    attack: str, cve: str, runtime: str, later: str, tmp_path: Path
) -> None:
    inventory = attack_file(attack, tmp_path)
    assert cve in found(inventory, runtime)
    assert cve not in found(inventory, later)


def test_says_what_it_would_do_and_which_version_does_not(tmp_path: Path) -> None:
    inventory = attack_file("cve-2025-1550", tmp_path)
    (finding,) = (
        each for each in unsafe_content(inventory, profile=load_profile("tf2.18")) if each.code == VULNERABILITY.code
    )
    assert finding.cause == (
        "Keras 3.6.0 of tf2.18 runs subprocess.Popen when the file is loaded or called, in spite of safe mode"
    )
    assert "Keras 3.9 or newer" in finding.fix[0]
    assert any("carrier" in place for place in finding.where)


def test_nothing_is_said_of_a_runtime_that_nobody_asks_for(tmp_path: Path) -> None:
    inventory = attack_file("cve-2025-1550", tmp_path)
    assert all(each.code != VULNERABILITY.code for each in unsafe_content(inventory))


def test_what_is_declared_is_the_users_own() -> None:
    reference = Reference("discount", ("price",), "shop.pricing", is_function=True, key="function")
    inventory = Inventory(Path("m"), "keras", references=(reference,))
    assert "CVE-2025-1550" in found(inventory, "tf2.18")
    assert not found(inventory, "tf2.18", "discount")


def test_a_sound_model_makes_use_of_none(tmp_path: Path) -> None:
    path = handmade.write_keras(tmp_path / "m.keras", handmade.functional((handmade.dense(), [])))
    assert not found(read_inventory(path), "tf2.18")


@pytest.mark.parametrize("vulnerability", VULNERABILITIES, ids=lambda each: each.id)
def test_each_has_a_file_or_a_kind_of_its_own(vulnerability: object) -> None:
    shown = {line.split(",")[0] for attack in ATTACKS for line in attack.shows}
    assert vulnerability.id in shown  # type: ignore[attr-defined]


def test_an_h5_file_of_keras_2_runs_its_lambda_in_every_keras_2() -> None:
    inventory = Inventory(Path("m.h5"), "h5", lambdas=(LambdaUse(("double",), has_bytecode=True),))
    for runtime in ("tf2.4", "tf2.10", "tf2.15", "tf2.21+tf_keras"):
        assert "CVE-2025-9905" in found(inventory, runtime)


def test_weights_of_an_h5_file_are_guarded_later_than_those_of_a_zip() -> None:
    hazards = (Hazard("external link", "dense/kernel", "points into another file, x.h5"),)
    h5 = Inventory(Path("m.h5"), "h5", hazards=hazards)
    assert "CVE-2026-1669" in found(h5, "tf2.18+keras3.13")
    assert "CVE-2026-1669" not in found(h5, "tf2.18+keras3.14")


@pytest.mark.parametrize(
    ("format_", "cve", "version", "fixed"),
    [
        ("keras", "CVE-2026-1669", "3.12.0", "3.12.1"),
        ("h5", "CVE-2026-1669", "3.12.2", "3.12.3"),
        ("keras", "CVE-2026-12479", "3.12.3", "3.12.4"),
        ("h5", "CVE-2026-0897", "3.12.2", "3.12.3"),
    ],
)
def test_an_older_series_has_a_fix_of_its_own(format_: str, cve: str, version: str, fixed: str) -> None:
    hazards = tuple(Hazard(what, "dense/kernel", "does harm") for what in ("external link", "empty dataset"))
    inventory = Inventory(Path("m"), format_, hazards=hazards, layers=(LayerUse("ReLU", ("../x",)),))
    profile = load_profile("tf2.18+keras3.12")

    def subjects(keras: str) -> list[str]:
        return [each.subject for each in unsafe_content(inventory, profile=replace(profile, keras=keras))]

    assert cve in subjects(version)
    assert cve not in subjects(fixed)


def test_keras_2_has_those_of_weights_and_not_those_of_what_it_never_had() -> None:
    hazards = tuple(Hazard(what, "dense/kernel", "does harm") for what in ("external link", "empty dataset"))
    layer = LayerUse("TorchModuleWrapper", ("torch",), config={"module": "gASV"})
    inventory = Inventory(Path("m"), "keras", hazards=hazards, layers=(layer,))
    assert found(inventory, "tf2.15").keys() == {"CVE-2026-1669", "CVE-2026-0897"}
    assert "CVE-2025-49655" in found(inventory, "tf2.18")


def test_a_file_that_is_not_unpacked_is_downloaded_alone() -> None:
    reference = Reference("get_file", ("carrier",), "keras.utils", is_function=True)
    for root, unpacks in (({"extract": False}, False), ({"arguments": [{"extract": True}]}, True)):
        subjects = found(Inventory(Path("m"), "keras", references=(reference,), root=root), "tf2.18").keys()
        assert "CVE-2025-8747" in subjects
        assert (subjects >= {"CVE-2025-12060", "CVE-2025-12638"}) == unpacks


def test_a_layer_by_its_own_name_in_other_words_is_none() -> None:
    layer = LayerUse("TFSMLayer", ("inside",), config={})
    assert not found(Inventory(Path("m"), "keras", layers=(layer,)), "tf2.18")


DOWNLOADING = {"references": (Reference("get_file", ("carrier",), "keras.utils", is_function=True),)}
LINKED = {"hazards": (Hazard("external link", "dense/kernel", "leads out"),)}


@pytest.mark.parametrize(
    ("held", "cve", "runtime", "does", "where"),
    [
        (
            {"lambdas": (LambdaUse(("double",), has_bytecode=True), LambdaUse(("named",), has_bytecode=False))},
            "CVE-2024-3660",
            "tf2.12",
            "Keras 2.12.0 of tf2.12 runs the Python bytecode in the file when it is loaded or called",
            ('"double"',),
        ),
        (
            {**DOWNLOADING, "root": {"extract": True}},
            "CVE-2025-12060",
            "tf2.18",
            "Keras 3.6.0 of tf2.18 unpacks an archive that the file names, whose members may lie outside of the folder",
            ('"carrier"',),
        ),
        (DOWNLOADING, "CVE-2025-8747", "tf2.18", "downloads what the file names, to where it says", ('"carrier"',)),
        (
            {"layers": (LayerUse("StringLookup", ("terms",), config={"vocabulary": "/x.txt"}),)},
            "CVE-2025-12058",
            "tf2.18",
            "reads /x.txt when the file is loaded",
            ('"terms"',),
        ),
        (
            {"layers": (LayerUse("TFSMLayer", ("inner",), config={"filepath": "/x"}),)},
            "CVE-2026-1462",
            "tf2.18",
            "loads the SavedModel that the file names, with everything in it",
            ('"inner"',),
        ),
        (
            {"layers": (LayerUse("TorchModuleWrapper", ("inner",), config={"module": "gA"}),)},
            "CVE-2025-49655",
            "tf2.18",
            "unpickles a PyTorch module, which can run any code",
            ('"inner"',),
        ),
        (LINKED, "CVE-2026-1669", "tf2.15", "reads another file of the host", ("weights dense/kernel",)),
        (
            LINKED,
            "CVE-2026-1669",
            "tf2.21+tf_keras",
            "tf_keras 2.21.0 of tf2.21+tf_keras reads",
            ("weights dense/kernel",),
        ),
        (
            {"layers": (LayerUse("ReLU", ("fine",)), LayerUse("ReLU", ("../x",)))},
            "CVE-2026-12479",
            "tf2.18",
            "writes outside of its folder when the model is saved again",
            ('"../x"',),
        ),
    ],
)
def test_what_a_runtime_does_with_a_file(
    held: dict[str, Any], cve: str, runtime: str, does: str, where: tuple[str, ...]
) -> None:
    inventory = Inventory(Path("m"), "keras", **held)
    (finding,) = (each for each in unsafe_content(inventory, profile=load_profile(runtime)) if each.subject == cve)
    assert does in finding.cause
    assert finding.cause.endswith(", in spite of safe mode")
    assert finding.where == where
    assert finding.fix[0].startswith("load it with Keras ")
    assert finding.fix[1:] == ("or load it only if you trust its source",)


def test_the_first_keras_3_has_those_of_keras_3() -> None:
    layer = LayerUse("TorchModuleWrapper", ("torch",), config={"module": "gASV"})
    inventory = Inventory(Path("m"), "keras", layers=(layer,))
    assert "CVE-2025-49655" in found(inventory, "tf2.16+keras3.0")
    assert not found(inventory, "tf2.15")


def test_a_vocabulary_of_another_layer_is_no_lookups() -> None:
    layer = LayerUse("Dense", ("dense",), config={"vocabulary": "/x.txt"})
    assert not found(Inventory(Path("m"), "keras", layers=(layer,)), "tf2.18")


def test_a_recording_that_did_not_ask_what_is_refused_refuses_nothing() -> None:
    layer = LayerUse("StringLookup", ("terms",), config={"vocabulary": "/x.txt"})
    inventory = Inventory(Path("m"), "keras", layers=(layer,))
    for refuses in (None, {}, {"h5": frozenset({"StringLookup"})}):
        profile = replace(load_profile("tf2.21"), refuses=refuses)
        assert "CVE-2025-12058" in {each.subject for each in unsafe_content(inventory, profile=profile)}
    profile = replace(profile, refuses={"keras": frozenset({"StringLookup"})})
    assert "CVE-2025-12058" not in {each.subject for each in unsafe_content(inventory, profile=profile)}
