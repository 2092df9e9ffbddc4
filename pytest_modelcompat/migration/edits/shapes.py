"""Edits of shapes, axes and dtypes, which Keras 2 wrote otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.migration.configuration.translation import is_model, is_translated
from pytest_modelcompat.migration.edit import Edit, change
from pytest_modelcompat.results.finding import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

_SHAPE = "batch_input_shape"
_INPUT = "InputLayer"
# Numbers of which Keras 2 and 3 make the same policy, and the two that compute in another dtype than they keep.
_PLAIN = frozenset({"float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "bool", "string"})
_POLICIES = _PLAIN | {"mixed_float16", "mixed_bfloat16"}
_POLICY_CLASSES = frozenset({"Policy", "PolicyV1"})
# What takes an axis as a list, with a module beside it too.
_TAKES_LISTS = frozenset({"LayerNormalization", "Normalization", "UnitNormalization"})


def _list_of_layers(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    taken = {node.path[-1] for node in draft.layers() if node.path}
    for node in draft.layers("Sequential"):
        layers = node.data["config"]
        if isinstance(layers, list):
            name = node.data.get("name") or next(each for each in _names("sequential") if each not in taken)
            taken.add(name)
            node.data["config"] = {"name": name, "layers": layers}
            yield change(node, "[…]", f'{{"name": "{name}", "layers": […]}}')


def _names(name: str) -> Iterator[str]:
    yield name
    number = 0
    while True:
        number += 1
        yield f"{name}_{number}"


def _input_layers(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    for node in draft.layers():
        layers = node.config.get("layers")
        if is_model(node) and "input_layers" not in node.config and isinstance(layers, list) and layers:
            yield from _before_the_first(node, layers)
    for node in draft.layers():
        if node.class_name != _INPUT and _SHAPE in node.config and target.known(node) is not None:
            yield change(node, before=node.config.pop(_SHAPE), key=_SHAPE)


def _before_the_first(node: Node, layers: list[Any]) -> Iterator[Change]:
    first = layers[0]
    config = first.get("config") if isinstance(first, dict) else None
    if not isinstance(config, dict) or first.get("class_name") == _INPUT or _SHAPE not in config:
        return
    shape = config.pop(_SHAPE)
    name = f"{config.get('name', 'layer')}_input"
    inputs: dict[str, Any] = {"batch_input_shape": shape, "dtype": _dtype_of_inputs(config.get("dtype")), "name": name}
    inputs |= {"sparse": False}
    layer: dict[str, Any] = {"class_name": _INPUT, "config": inputs}
    if first.get("module"):
        inputs["batch_shape"] = inputs.pop("batch_input_shape")
        layer |= {"module": "keras.layers", "registered_name": None}
    layers.insert(0, layer)
    yield change(node, after=f"{_INPUT} {name} {shape}")


def _dtype_of_inputs(dtype: Any) -> str:
    """What Keras 2 made the dtype of the inputs of: that in which the first layer keeps its weights."""
    return dtype if isinstance(dtype, str) and dtype in _PLAIN else "float32"


def _single_axes(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    for node in draft.layers():
        axis = node.config.get("axis")
        if not isinstance(axis, list) or len(axis) != 1 or target.known(node) is None:
            continue
        if is_translated(draft, node) or node.class_name in _TAKES_LISTS:
            continue
        node.config["axis"] = axis[0]
        yield change(node, f"axis={axis}", f"axis={axis[0]}")


def _policies(draft: Draft, target: Target) -> Iterator[Change]:
    if not target.is_up:
        return
    for node in draft.layers():
        policy = node.config.get("dtype")
        if not isinstance(policy, dict) or policy.get("class_name") not in _POLICY_CLASSES:
            continue
        config = policy.get("config")
        name = config.get("name") if isinstance(config, dict) else None
        if name in _POLICIES:
            node.config["dtype"] = name
            yield change(node, f"dtype={policy['class_name']}({name!r})", f"dtype={name!r}")


EDITS = (
    Edit(
        "name-sequential",
        what="the plain list of layers of a Sequential becomes an object with a name and these layers",
        because="the layers are the same ones, in the same order",
        source="keras/src/models/sequential.py of {reader}",
        wrong_if="there is no list: Keras 2.2.3 and newer write the object",
        apply=_list_of_layers,
    ),
    Edit(
        "input-layer-for-batch-shape",
        what="the batch shape that the first layer of a Sequential says becomes an InputLayer before it; later layers "
        "do not repeat it",
        because="{writer} made the same InputLayer of it when it read the file, and did not look at that of later "
        "layers",
        source=MEASURED,
        wrong_if="the layer is one of the user's own, which may read its batch shape",
        apply=_input_layers,
    ),
    Edit(
        "axis-as-number",
        what="one axis in a list becomes a number",
        because="a list of one axis is this axis",
        source=MEASURED,
        wrong_if="the list has several axes, or {reader} takes lists there",
        apply=_single_axes,
    ),
    Edit(
        "dtype-policy-by-name",
        what="a dtype policy is written as its name",
        because="{reader} makes the policy of this name of it, which computes and keeps weights in the same dtypes",
        source="keras/src/dtype_policies/dtype_policy.py of {reader}",
        wrong_if="the name is not that of a dtype, mixed_float16 or mixed_bfloat16",
        apply=_policies,
    ),
)
