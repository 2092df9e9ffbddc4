"""The layers of a Keras model, by path of names, and their calls, watched while the model is called."""

import contextlib
from typing import Any, Callable, Iterable, Iterator, List, Set, Tuple

from . import tensors

# Called after a layer's call: the layer, what it was given, what it gave.
Recorder = Callable[[Any, List[Any], Any], None]


def layers(model: Any) -> Iterator[Tuple[str, Any]]:
    """Every Keras layer in a model at any depth, once, at the first place it is met, with its path of names."""
    yield from _layers(model, (), {id(model)})


def _layers(parent: Any, path: Tuple[str, ...], seen: Set[int]) -> Iterator[Tuple[str, Any]]:
    for layer in sublayers(parent):
        if id(layer) not in seen:
            seen.add(id(layer))
            here = (*path, str(layer.name))
            yield "/".join(here), layer
            yield from _layers(layer, here, seen)


def sublayers(parent: Any) -> List[Any]:
    """The layers that Keras tracks in a layer or model, in whatever attribute: `layers` may be anything of a user's."""
    flatten = getattr(parent, "_flatten_layers", None)
    listed = getattr(parent, "layers", None)
    if callable(flatten):
        found = list(flatten(include_self=False, recursive=False))
    else:
        found = list(listed) if isinstance(listed, (list, tuple)) else []
    # A sequential model tracks its input's placeholder, which computes nothing, and does not list it.
    hidden = "InputLayer" if any(base.__name__ == "Sequential" for base in type(parent).__mro__) else None
    return [
        layer
        for layer in found
        if hasattr(layer, "compute_dtype") and hasattr(layer, "name") and type(layer).__name__ != hidden
    ]


@contextlib.contextmanager
def watched(of: Iterable[Any], record: Recorder) -> Iterator[None]:
    """Have each call of layers recorded, until the block ends; what a call gives is not changed.

    Args:
        of: the layers.
        record: called when a call has ended; what it raises is passed over, as a tensor that is traced has no values.
    """
    with contextlib.ExitStack() as stack:
        for layer in of:
            stack.enter_context(_watched(layer, record))
        yield


@contextlib.contextmanager
def _watched(layer: Any, record: Recorder) -> Iterator[None]:
    call = layer.call

    def recorded(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        with contextlib.suppress(Exception):
            record(layer, [*args, *kwargs.values()], outputs)
        return outputs

    own = vars(layer).get("call")
    # Keras watches what is assigned to a layer; this is none of its business.
    object.__setattr__(layer, "call", recorded)
    try:
        yield
    finally:
        if own is None:
            object.__delattr__(layer, "call")
        else:
            object.__setattr__(layer, "call", own)


def arrays(nested: Any) -> List[Any]:
    """The tensors among nested values, as leaves.

    Raises:
        Exception: one of them is traced, and has no values.
    """
    return [tensors.as_leaf(leaf) for _, leaf in tensors.paths(nested) if hasattr(leaf, "shape")]
