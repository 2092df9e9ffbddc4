"""What a subclassed model knows of its inputs once it was built, called or fitted: Keras keeps the shapes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.roundtrip.inputs.constraints import live_constraints, narrowed
from pytest_modelcompat.roundtrip.inputs.values import InputsNeededError, InputSpec

if TYPE_CHECKING:
    from pytest_modelcompat.roundtrip.model import ModelUnderTest


def built_spec(model: ModelUnderTest) -> Any:
    """The specs of a model's inputs in the nesting it was built with.

    Keras keeps no dtypes: integers are what an embedding takes, and words what looks words up.

    Args:
        model: a Keras model without symbolic inputs.

    Raises:
        InputsNeededError: it was not built, or its `call()` takes several arguments.
    """
    shapes, who = _built_shapes(model.model), f"the inputs of {type(model.model).__name__} cannot be derived"
    if not _takes_one(model.model):
        raise InputsNeededError(f"{who}: its call() takes several arguments, and it is called with one")
    if shapes is None:
        raise InputsNeededError(f"{who}: it has no input signature of its own, and was neither built nor called")
    stated = [live_constraints(layer) for _, layer in model.layers()]
    words = any(each.vocabulary and isinstance(each.vocabulary[0], str) for each in stated)
    dtype = "string" if words else "int32" if any(each.bound or each.vocabulary for each in stated) else "float32"

    def spec(name: str, shape: Any) -> InputSpec:
        return narrowed(InputSpec(name, (None, *shape[1:]), dtype), stated)

    return _over_shapes(shapes, spec, "inputs")


def _over_shapes(shapes: Any, spec: Any, name: str) -> Any:
    if isinstance(shapes, dict):
        return {key: _over_shapes(shape, spec, str(key)) for key, shape in shapes.items()}
    if _is_shape(shapes):
        return spec(name, tuple(shapes))
    return [_over_shapes(shape, spec, f"{name}_{number}") for number, shape in enumerate(shapes)]


def _is_shape(value: Any) -> bool:
    return hasattr(value, "as_list") or all(size is None or isinstance(size, int) for size in value)


def _built_shapes(model: Any) -> Any:
    """As Keras 3 or Keras 2 keeps them."""
    kept = getattr(model, "_build_shapes_dict", None)
    shapes = list(kept.values()) if kept else [getattr(model, "_build_input_shape", None)]
    return shapes[0] if len(shapes) == 1 else None


def _takes_one(model: Any) -> bool:
    """Whether a model's `call()` needs no argument but its inputs."""
    try:
        _, *others = list(inspect.signature(type(model).call).parameters.values())[1:]
    except (TypeError, ValueError):
        return False
    return all(
        each.default is not each.empty or each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL) for each in others
    )
