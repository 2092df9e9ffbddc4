"""The difference of two profiles: what went, what changed and what is new, of recorded versions and by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_modelcompat.profiles.difference import ProfileChange, profile_changes
from pytest_modelcompat.profiles.profile import AttributeKnowledge, ObjectKnowledge, OpKnowledge, Profile
from pytest_modelcompat.profiles.store import load_profile


def changes(old: str, new: str) -> set[tuple[str, ...]]:
    found = profile_changes(load_profile(old), load_profile(new))
    return {(each.how, each.what, each.name, each.detail) for each in found}


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("tf2.21", "tf2.22rc0", ("gone", "op", "TpuHandleToProtoKey", "")),
        ("tf2.21", "tf2.22rc0", ("added", "layer", "Mosaic", "")),
        ("tf2.21", "tf2.22rc0", ("added", "Python", "3.14", "")),
        ("tf2.20", "tf2.21", ("gone", "Python", "3.9", "")),
        ("tf2.21", "tf2.22rc0", ("added", "loss", "SparseCategoricalCrossentropy", "key label_smoothing")),
        ("tf2.20", "tf2.21", ("changed", "layer", "StringLookup", "refused in safe mode from .keras")),
        ("tf2.20", "tf2.21", ("changed", "optimizer", "SGD", "default of name: 'SGD' before, 'sgd' now")),
        ("tf2.20", "tf2.21", ("changed", "layer", "Dense", "default of kernel_initializer")),
        ("tf2.15", "tf2.16", ("gone", "layer", "ThresholdedReLU", "")),
        ("tf2.15", "tf2.16", ("gone", "layer", "LSTM", "key time_major")),
    ],
)
def test_of_recorded_versions(old: str, new: str, change: tuple[str, ...]) -> None:
    assert change in changes(old, new)


def test_what_is_new_in_one_direction_is_gone_in_the_other() -> None:
    there = {each for each in changes("tf2.20", "tf2.21") if not each[3]}
    back = {each for each in changes("tf2.21", "tf2.20") if not each[3]}
    turned = {"gone": "added", "added": "gone"}
    assert back == {(turned[how], *rest) for how, *rest in there}


def test_the_same_versions_do_not_differ() -> None:
    assert changes("tf2.21", "tf2.21+py3.11") == set()


@pytest.fixture
def plain() -> Profile:
    op = OpKnowledge("Scale", {"T": AttributeKnowledge("type", allowed=("float", "half"))})
    layer = ObjectKnowledge("Dense", "layer", True, accepts=frozenset({"units"}), writes={"units": 1})
    return replace(load_profile("tf2.21"), ops={"Scale": op}, names={"layer": {"Dense": layer, "dense": layer}})


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ({"attributes": {}}, ProfileChange("gone", "op", "Scale", "attribute T")),
        ({"attributes": {"T": AttributeKnowledge("type")}}, ProfileChange("changed", "op", "Scale", "attribute T")),
        ({"has_cpu_kernel": False}, ProfileChange("gone", "op", "Scale", "its kernel for the CPU")),
        (
            {"deprecated_at": 9},
            ProfileChange("changed", "op", "Scale", "not for graphs of version 9 and later"),
        ),
    ],
)
def test_of_an_op(plain: Profile, op: dict[str, object], expected: ProfileChange) -> None:
    later = replace(plain, ops={"Scale": replace(plain.ops["Scale"], **op)})  # type: ignore[arg-type]
    assert profile_changes(plain, later) == (expected,)
    assert expected.may_break


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"accepts": frozenset()}, ProfileChange("gone", "layer", "Dense", "key units")),
        ({"accepts": None}, None),  # it takes any
        ({"required": frozenset({"units"})}, ProfileChange("changed", "layer", "Dense", "key units is needed")),
        ({"writes": {"units": 2}}, ProfileChange("changed", "layer", "Dense", "default of units: 1 before, 2 now")),
        ({"accepts": frozenset({"units", "x"})}, ProfileChange("added", "layer", "Dense", "key x")),
    ],
)
def test_of_an_object_once_for_all_its_names(
    plain: Profile, layer: dict[str, object], expected: ProfileChange | None
) -> None:
    changed = replace(plain.names["layer"]["Dense"], **layer)  # type: ignore[arg-type]
    later = replace(plain, names={"layer": {"Dense": changed, "dense": changed}})
    assert profile_changes(plain, later) == ((expected,) if expected else ())
