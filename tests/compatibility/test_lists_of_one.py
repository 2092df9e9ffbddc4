"""A model whose one output is written as a list, in a Sequential: what the layers after it make of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.compatibility.rules.connections import changed_inputs_outputs
from pytest_modelcompat.results.finding import Severity
from tests.compatibility.judging import before

HARMLESS, STACKED, REFUSED, LATER = "", "stacks the list", "gets a list and refuses it", "for a layer after it"


def sequential(format_: str, *followers: str) -> Inventory:
    """A Sequential of a functional model, and of layers of these classes."""
    tower = {"name": "tower", "layers": [], "output_layers": [["dense", 0, 0]]}
    layers = [LayerUse("Functional", ("tower",), config=tower, position=1)]
    layers += [LayerUse(name, (f"{name}_{place}",), position=place) for place, name in enumerate(followers, 2)]
    root = {"class_name": "Sequential", "config": {"name": "outer", "layers": []}}
    return Inventory(Path(f"model.{format_}"), format_, saved_by={"keras": "3.10.0"}, layers=tuple(layers), root=root)


@pytest.mark.parametrize("runtime", ["tf2.16+keras3.2", "tf2.16+keras3.12"])
@pytest.mark.parametrize(
    ("followers", "in_keras", "in_h5"),
    [
        ((), HARMLESS, HARMLESS),
        (("Sequential",), HARMLESS, HARMLESS),
        (("Functional", "Dense"), HARMLESS, HARMLESS),
        (("Dropout", "Sequential"), HARMLESS, HARMLESS),
        (("Dense",), STACKED, REFUSED),
        (("Dense", "Dense"), LATER, REFUSED),
        (("Dropout", "Dense"), STACKED, REFUSED),
        (("Dropout", "Dense", "Dense"), LATER, REFUSED),
        (("Dense", "Dropout", "Softmax"), STACKED, REFUSED),
        (("Dense", "BatchNormalization"), LATER, REFUSED),
        (("Activation",), STACKED, STACKED),
        (("Activation", "Dense"), STACKED, REFUSED),
        (("Activation", "Dropout", "Activation"), STACKED, STACKED),
        (("Rescaling", "Dense"), STACKED, REFUSED),
        (("Flatten", "Dense"), REFUSED, REFUSED),
        (("BatchNormalization", "Dense"), REFUSED, REFUSED),
        (("Reshape",), REFUSED, REFUSED),
    ],
)
def test_what_follows_decides(runtime: str, followers: tuple[str, ...], in_keras: str, in_h5: str) -> None:
    """Each of them was tried in these two versions."""
    for format_, effect in (("keras", in_keras), ("h5", in_h5)):
        found = list(changed_inputs_outputs(before(sequential(format_, *followers), runtime)))
        assert len(found) == bool(effect)
        for each in found:
            assert effect in each.cause
            assert each.where == ('"tower"',)
            assert each.severity is (Severity.CHANGE if effect == STACKED else Severity.ERROR)


@pytest.mark.parametrize("runtime", ["tf2.16", "tf2.18", "tf2.15"])
def test_other_versions_take_the_one_output_out_of_its_list(runtime: str) -> None:
    assert not list(changed_inputs_outputs(before(sequential("keras", "Flatten"), runtime)))
