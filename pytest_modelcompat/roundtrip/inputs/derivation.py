"""Inputs for a model that was given none: seeded, shaped by its signature, inside the range it states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.inputs.built_shapes import built_spec
from pytest_modelcompat.roundtrip.inputs.constraints import (
    live_constraints,
    narrowed,
    stated_constraints,
)
from pytest_modelcompat.roundtrip.inputs.values import OPEN_SIZE, DerivedInputs, InputsNeededError, InputSpec, generate
from pytest_modelcompat.roundtrip.model import ModelUnderTest, argument_specs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse, Signature


def inputs_for_model(model: ModelUnderTest, seed: int, open_size: int = OPEN_SIZE) -> DerivedInputs:
    """Inputs in the nesting the live model takes; for a module, a dict by signature.

    Args:
        model: the live model.
        seed: of the values.
        open_size: the size of axes that are open, other than the batch.

    Raises:
        InputsNeededError: the model has no signature yet, or states no values for a string input.
    """
    from pytest_modelcompat.loader import tensors

    if not model.is_keras:
        specs = {name: _of_function(function) for name, function in model.signatures.items()}
        return _derived(specs, seed, open_size, each_seeded=True)
    struct = _struct(model.model)
    if struct is not None:
        return _derived(tensors.map_leaves(lambda each: _of_keras_tensor(each, model.model), struct), seed, open_size)
    return _derived(built_spec(model), seed, open_size)


def _derived(specs: Any, seed: int, open_size: int, *, each_seeded: bool = False) -> DerivedInputs:
    """Values for nested specs; those of a module's or a SavedModel's signatures each start from the seed."""
    import numpy as np

    from pytest_modelcompat.loader import tensors

    sized = tensors.map_leaves(lambda spec: replace(spec, open_size=open_size), specs)
    flat = tuple(spec for _, spec in tensors.paths(sized))
    if not each_seeded:
        return DerivedInputs(_values(sized, np.random.default_rng(seed)), flat)
    return DerivedInputs({name: _values(each, np.random.default_rng(seed)) for name, each in sized.items()}, flat)


def _values(specs: Any, rng: Any) -> Any:
    from pytest_modelcompat.loader import tensors

    return tensors.map_leaves(lambda spec: generate(spec, rng), specs)


def _struct(model: Any) -> Any:
    """The nesting of a built model's symbolic inputs, as Keras 3 or Keras 2 keeps it; None if it has none."""
    holders = (getattr(model, "_functional", None), model)
    names = ("_inputs_struct", "_nested_inputs")
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((struct for struct in found if struct is not None), None)


def inputs_for_artifact(inventory: Inventory, seed: int, open_size: int = OPEN_SIZE) -> DerivedInputs:
    """Inputs for an artifact that something else saved, from its inventory; by signature for a SavedModel.

    Args:
        inventory: the artifact's.
        seed: of the values.
        open_size: the size of axes that are open, other than the batch.

    Raises:
        InputsNeededError: the artifact does not say what its inputs are.
    """
    if inventory.format == "saved_model":
        return _for_signatures(inventory, seed, open_size)
    specs = {spec.name: spec for spec in _of_inventory(inventory)}
    if not specs:
        raise InputsNeededError(
            f"the inputs of {inventory.path.name} cannot be derived: the file records no input shape"
        )
    return _derived(
        next(iter(specs.values())) if len(specs) == 1 else specs, seed, min([open_size, *_bounded(inventory)])
    )


def _bounded(inventory: Inventory) -> Iterator[int]:
    """The longest sequences that position embeddings take."""
    for layer in inventory.layers:
        length = layer.config.get("sequence_length") if layer.class_name.endswith("PositionEmbedding") else None
        if isinstance(length, int) and length > 0:
            yield length


def _of_function(function: Any) -> dict[str, InputSpec]:
    specs = argument_specs(function)
    for name, spec in specs.items():
        if not hasattr(spec, "dtype"):
            raise InputsNeededError(
                f"argument {name!r} nests several tensors",
                f"{{{', '.join(f'{chr(34)}{each}{chr(34)}: ...' for each in specs)}}}",
            )
    return {
        name: InputSpec(name, _shape(spec.shape), spec.dtype.name, _kind(type(spec).__name__))
        for name, spec in specs.items()
    }


def _kind(spec_class: str) -> str:
    return {"RaggedTensorSpec": "ragged", "SparseTensorSpec": "sparse"}.get(spec_class, "dense")


def _shape(shape: Any) -> tuple[int | None, ...] | None:
    try:
        return tuple(None if size is None else int(size) for size in shape)
    except (ValueError, TypeError):
        return None


def _of_keras_tensor(tensor: Any, model: Any) -> InputSpec:
    type_spec = getattr(tensor, "type_spec", None)
    kind = _kind(type(type_spec).__name__)
    for flag in ("sparse", "ragged"):
        kind = flag if getattr(tensor, flag, False) is True else kind
    dtype = getattr(tensor.dtype, "name", tensor.dtype)
    spec = InputSpec(str(tensor.name), _shape(tensor.shape), str(dtype), kind)
    return narrowed(spec, [live_constraints(layer) for layer in _consumers(model, tensor)])


def _consumers(model: Any, tensor: Any) -> Iterator[Any]:
    """The layers that see an input as it came: directly, through layers without weights, or inside nested models."""
    queue, seen = [tensor], set()
    while queue:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for layer in model.layers:
            for node in getattr(layer, "_inbound_nodes", ()):
                inputs = getattr(node, "input_tensors", None)
                inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
                position = next((i for i, each in enumerate(inputs) if each is current), None)
                if position is None:
                    continue
                yield layer
                if getattr(layer, "layers", None) and getattr(layer, "inputs", None):
                    yield from _consumers(layer, layer.inputs[position])
                elif not layer.weights:
                    outputs = getattr(node, "outputs", ())
                    queue.extend(outputs if isinstance(outputs, (list, tuple)) else [outputs])


def _for_signatures(inventory: Inventory, seed: int, open_size: int) -> DerivedInputs:
    if not inventory.signatures:
        raise InputsNeededError(f"{inventory.path.name} has no signature that could be called")
    specs = {signature.name: _of_signature(signature) for signature in inventory.signatures}
    for name, each in specs.items():
        _refuse_unknown(name, each, seed)
    return _derived(specs, seed, open_size, each_seeded=True)


def _refuse_unknown(name: str, specs: Mapping[str, InputSpec], seed: int) -> None:
    try:
        _derived(specs, seed, OPEN_SIZE)
    except InputsNeededError as error:
        wanted = ", ".join(f'"{argument}": ...' for argument in specs)
        raise InputsNeededError(f"signature {name!r}: {error}", f'{{"{name}": {{{wanted}}}}}') from None


def _of_signature(signature: Signature) -> dict[str, InputSpec]:
    return {each.name: InputSpec(each.name, each.shape, each.dtype, each.kind) for each in signature.inputs}


def _of_inventory(inventory: Inventory) -> Iterator[InputSpec]:
    outer = [layer for layer in inventory.layers if len(layer.path) == 1]
    declared = [layer for layer in outer if layer.class_name == "InputLayer"] or outer[:1]
    statements = [
        stated_constraints(layer.class_name, layer.config, _stored_vocabulary(layer.config))
        for layer in inventory.layers
    ]
    for layer in declared:
        shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        if shape is None:
            return
        yield narrowed(InputSpec(layer.path[0], _shape(shape), _input_dtype(layer)), statements)


def _input_dtype(layer: LayerUse) -> str:
    dtype = layer.config.get("dtype")
    if layer.class_name == "Embedding":
        return "int32"
    return dtype if isinstance(dtype, str) and not dtype.startswith("mixed_") else "float32"


def _stored_vocabulary(config: Mapping[str, Any]) -> tuple[Any, ...]:
    stored = config.get("vocabulary")
    return tuple(stored) if isinstance(stored, (list, tuple)) else ()
