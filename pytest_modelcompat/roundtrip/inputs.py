"""Inputs for a model that was given none: seeded, shaped by its signature, inside the range it states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.model import ModelUnderTest, argument_specs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse

BATCH_SIZE = 4
OPEN_SIZE = 32
WORDS_PER_TEXT = 6
SPARSE_ENTRIES_PER_ROW = 3
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord")


class InputsNeededError(Exception):
    """Inputs cannot be derived; the message says why and what to pass."""


@dataclass(frozen=True)
class InputSpec:
    """What one input must look like.

    Args:
        name: as the model calls it.
        shape: sizes with the batch first, None where open; None if unknown.
        dtype: TensorFlow's short name.
        kind: `dense`, `sparse` or `ragged`.
        bound: integers lie in [0, bound); 0 where the model states none.
        vocabulary: strings (or integers) to draw from; empty where the model states none.
        phrases: whether a string is a text of several words rather than one token.
    """

    name: str
    shape: tuple[int | None, ...] | None
    dtype: str
    kind: str = "dense"
    bound: int = 0
    vocabulary: tuple[Any, ...] = ()
    phrases: bool = False


def inputs_for_model(model: ModelUnderTest, seed: int) -> Any:
    """Inputs in the nesting the live model takes; for a module, a dict by signature.

    Raises:
        InputsNeededError: the model has no signature yet, or states no values for a string input.
    """
    if not model.is_keras:
        specs = {name: _of_function(function) for name, function in model.signatures.items()}
        return {name: _generate_all(each, seed) for name, each in specs.items()}
    struct = _struct(model.model)
    if struct is None:
        raise InputsNeededError(
            f"the inputs of {type(model.model).__name__} cannot be derived: it has no input signature of its own; "
            "return (model, inputs), or pass inputs= to the marker"
        )
    return _over_struct(struct, model.model, seed)


def _struct(model: Any) -> Any:
    """The nesting of a built model's symbolic inputs, as Keras 3 or Keras 2 keeps it; None if it has none."""
    holders = (getattr(model, "_functional", None), model)
    names = ("_inputs_struct", "_nested_inputs")
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((struct for struct in found if struct is not None), None)


def inputs_for_artifact(inventory: Inventory, seed: int) -> Any:
    """Inputs for an artifact that something else saved, from its inventory; by signature for a SavedModel.

    Raises:
        InputsNeededError: the artifact does not say what its inputs are.
    """
    if inventory.format == "saved_model":
        return _for_signatures(inventory, seed)
    specs = list(_of_inventory(inventory))
    if not specs:
        raise InputsNeededError(
            f"the inputs of {inventory.path.name} cannot be derived: the file records no input shape; "
            "return the inputs from the test"
        )
    values = _generate_all({spec.name: spec for spec in specs}, seed)
    return next(iter(values.values())) if len(values) == 1 else values


def generate(spec: InputSpec, rng: Any) -> Any:
    """An array (or ragged or sparse value) that fits a spec.

    Args:
        spec: what it must look like.
        rng: a `numpy.random.Generator`.

    Raises:
        InputsNeededError: a string input without a vocabulary, or an unknown shape.
    """
    from pytest_modelcompat.loader import tensors

    if spec.shape is None:
        raise InputsNeededError(f"input {spec.name!r} has no known shape; pass inputs")
    if spec.kind == "sparse":
        return _sparse(spec, rng)
    sizes = _sizes(spec.shape)
    if spec.kind == "ragged":
        lengths = rng.integers(1, 5, size=sizes[0])
        splits = _splits(lengths)
        return tensors.Ragged(_values(spec, (int(splits[-1]), *sizes[2:]), rng), (splits,))
    return _values(spec, sizes, rng)


def _splits(lengths: Any) -> Any:
    import numpy as np

    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def _sizes(shape: Sequence[int | None]) -> tuple[int, ...]:
    return tuple(
        size if size is not None else (BATCH_SIZE if axis == 0 else OPEN_SIZE) for axis, size in enumerate(shape)
    )


def _sparse(spec: InputSpec, rng: Any) -> Any:
    import numpy as np

    from pytest_modelcompat.loader import tensors

    sizes = _sizes(spec.shape or ())
    total = int(np.prod(sizes))
    count = min(total, SPARSE_ENTRIES_PER_ROW * sizes[0])
    chosen = np.sort(rng.choice(total, size=count, replace=False))
    indices = np.stack(np.unravel_index(chosen, sizes), axis=1).astype(np.int64)
    return tensors.Sparse(indices, _values(replace(spec, kind="dense"), (count,), rng), sizes)


def _values(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    import numpy as np

    if spec.vocabulary:
        return _from_vocabulary(spec, sizes, rng)
    if spec.dtype == "string":
        raise InputsNeededError(
            f"input {spec.name!r} takes strings and the model states no vocabulary for them; pass inputs"
        )
    if spec.dtype == "bool":
        return rng.integers(0, 2, size=sizes).astype(bool)
    if spec.dtype == "uint8" and not spec.bound:
        return rng.integers(0, 256, size=sizes).astype(np.uint8)
    if spec.dtype.startswith(("int", "uint")):
        return rng.integers(0, spec.bound or 2, size=sizes).astype(spec.dtype)
    return _floats(spec, sizes, rng)


def _floats(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    if spec.bound:
        return rng.integers(0, spec.bound, size=sizes).astype(_numpy_dtype(spec.dtype))
    return rng.standard_normal(sizes).astype(_numpy_dtype(spec.dtype))


def _numpy_dtype(dtype: str) -> Any:
    import numpy as np

    if dtype == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    try:
        return np.dtype(dtype)
    except TypeError:
        raise InputsNeededError(f"inputs of dtype {dtype!r} cannot be derived; pass inputs") from None


def _from_vocabulary(spec: InputSpec, sizes: tuple[int, ...], rng: Any) -> Any:
    import numpy as np

    drawn = np.empty(sizes, dtype=object)
    for index in np.ndindex(*sizes):
        count = WORDS_PER_TEXT if spec.phrases else 1
        words = [spec.vocabulary[int(i)] for i in rng.integers(0, len(spec.vocabulary), size=count)]
        drawn[index] = " ".join(map(str, words)) if spec.phrases or spec.dtype == "string" else words[0]
    return drawn if spec.dtype == "string" else drawn.astype(spec.dtype)


def _generate_all(specs: Mapping[str, InputSpec], seed: int) -> dict[str, Any]:
    import numpy as np

    rng = np.random.default_rng(seed)
    return {name: generate(spec, rng) for name, spec in specs.items()}


def _of_function(function: Any) -> dict[str, InputSpec]:
    specs = argument_specs(function)
    for name, spec in specs.items():
        if not hasattr(spec, "dtype"):
            raise InputsNeededError(
                f"argument {name!r} nests several tensors; return (module, inputs), the inputs as a dict of "
                f"{', '.join(specs)}"
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


def _over_struct(struct: Any, model: Any, seed: int) -> Any:
    import numpy as np

    from pytest_modelcompat.loader import tensors

    rng = np.random.default_rng(seed)
    return tensors.map_leaves(lambda tensor: generate(_of_keras_tensor(tensor, model), rng), struct)


def _of_keras_tensor(tensor: Any, model: Any) -> InputSpec:
    type_spec = getattr(tensor, "type_spec", None)
    kind = _kind(type(type_spec).__name__)
    for flag in ("sparse", "ragged"):
        kind = flag if getattr(tensor, flag, False) is True else kind
    dtype = getattr(tensor.dtype, "name", tensor.dtype)
    spec = InputSpec(str(tensor.name), _shape(tensor.shape), str(dtype), kind)
    return _narrowed(spec, [_value_constraints(layer) for layer in _consumers(model, tensor)])


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


@dataclass(frozen=True)
class _ValueConstraints:
    """What a layer states of its input's values."""

    bound: int = 0
    vocabulary: tuple[Any, ...] = ()
    phrases: bool = False


def _value_constraints(layer: Any) -> _ValueConstraints:
    vocabulary: Sequence[Any] = ()
    if hasattr(layer, "get_vocabulary"):
        vocabulary = [word for word in layer.get_vocabulary() if word not in ("", "[UNK]", -1)]
    return _stated_constraints(type(layer).__name__, vars(layer), vocabulary)


def _stated_constraints(class_name: str, attributes: Mapping[str, Any], vocabulary: Sequence[Any]) -> _ValueConstraints:
    if class_name == "Embedding":
        return _ValueConstraints(bound=int(attributes.get("input_dim") or 0))
    if class_name == "CategoryEncoding":
        return _ValueConstraints(bound=int(attributes.get("num_tokens") or 0))
    if class_name in ("StringLookup", "IntegerLookup", "TextVectorization"):
        return _ValueConstraints(vocabulary=tuple(vocabulary), phrases=class_name == "TextVectorization")
    if class_name in ("Hashing", "HashedCrossing"):
        return _ValueConstraints(vocabulary=WORDS)
    return _ValueConstraints()


def _narrowed(spec: InputSpec, statements: Sequence[_ValueConstraints]) -> InputSpec:
    bounds = [each.bound for each in statements if each.bound]
    spec = replace(spec, bound=min(bounds, default=0))
    for each in statements:
        takes_words = spec.dtype == "string"
        if each.vocabulary and takes_words == isinstance(each.vocabulary[0], str):
            return replace(spec, vocabulary=each.vocabulary, phrases=each.phrases)
    return spec


def _for_signatures(inventory: Inventory, seed: int) -> dict[str, Any]:
    values = {}
    for signature in inventory.signatures:
        specs = {each.name: InputSpec(each.name, each.shape, each.dtype, each.kind) for each in signature.inputs}
        try:
            values[signature.name] = _generate_all(specs, seed)
        except InputsNeededError as error:
            wanted = ", ".join(f'"{each.name}": ...' for each in signature.inputs)
            raise InputsNeededError(
                f'signature {signature.name!r}: {error}, such as {{"{signature.name}": {{{wanted}}}}}'
            ) from None
    if not values:
        raise InputsNeededError(f"{inventory.path.name} has no signature that could be called")
    return values


def _of_inventory(inventory: Inventory) -> Iterator[InputSpec]:
    outer = [layer for layer in inventory.layers if len(layer.path) == 1]
    declared = [layer for layer in outer if layer.class_name == "InputLayer"] or outer[:1]
    statements = [
        _stated_constraints(layer.class_name, layer.config, _stored_vocabulary(layer.config))
        for layer in inventory.layers
    ]
    for layer in declared:
        shape = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
        if shape is None:
            return
        yield _narrowed(InputSpec(layer.path[0], _shape(shape), _input_dtype(layer)), statements)


def _input_dtype(layer: LayerUse) -> str:
    dtype = layer.config.get("dtype")
    if layer.class_name == "Embedding":
        return "int32"
    return dtype if isinstance(dtype, str) and not dtype.startswith("mixed_") else "float32"


def _stored_vocabulary(config: Mapping[str, Any]) -> tuple[Any, ...]:
    stored = config.get("vocabulary")
    return tuple(stored) if isinstance(stored, (list, tuple)) else ()
