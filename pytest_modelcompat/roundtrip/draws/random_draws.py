"""Layers that draw random numbers at inference: found by tracing the model, since only a trace shows what is drawn.

A SavedModel is traced by a call without `training`, where Keras' augmentation layers train by default. Each draw reads
the state of a seed generator, which a trace captures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.inputs.call_arguments import is_called_to_train, training_default
from pytest_modelcompat.roundtrip.model import sublayers
from pytest_modelcompat.roundtrip.save import is_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.roundtrip.model import ModelUnderTest


@dataclass(frozen=True)
class RandomDraw:
    """A layer that draws random numbers, as the model that holds it calls it.

    Args:
        layer: it, or the layer that applies it, such as a `RandAugment`.
        path: its path of names; empty for the model itself.
        holders: the models that it is in, the outermost first.
    """

    layer: Any
    path: str
    holders: tuple[Any, ...]


def draws_of_saved_model(model: ModelUnderTest, inputs: Any, *, is_exported: bool) -> tuple[RandomDraw, ...]:
    """The layers that draw random numbers in the functions of a SavedModel.

    Args:
        model: the live model.
        inputs: nested inputs that it takes.
        is_exported: whether `model.export()` writes it, which stores no functions of the models inside.
    """
    if not any(_may_draw(layer) for layer in _with_model(model).values()):
        return ()
    found = _traced(model, inputs, {})
    return found if found or is_exported else _of_inner_models(model)


def draws_at_inference(model: ModelUnderTest, inputs: Any) -> tuple[RandomDraw, ...]:
    """The layers that draw random numbers where the model is called with `training=False`.

    Args:
        model: the live model.
        inputs: nested inputs that it takes.
    """
    return _traced(model, inputs, {"training": False})


def _with_model(model: ModelUnderTest) -> dict[str, Any]:
    """Every layer by its path, and the model itself; empty for what Keras 3 did not make."""
    return {"": model.model, **dict(model.layers())} if model.keras == "keras" else {}


def _may_draw(layer: Any) -> bool:
    """Whether a layer can draw without being asked to train: Keras' own ones do where they train by default."""
    if not is_of_keras(type(layer).__module__) or type(layer).__name__ == "Lambda":
        return True
    return bool(_generators(layer)) and (training_default(layer) is not None or is_called_to_train(layer))


def _generators(layer: Any) -> list[Any]:
    return list(getattr(layer, "_seed_generators", ()))


def _traced(model: ModelUnderTest, inputs: Any, keywords: dict[str, Any]) -> tuple[RandomDraw, ...]:
    """The layers that draw in a call of the model; none where it cannot be traced, as the save itself then says."""
    import tensorflow as tf

    from pytest_modelcompat.loader import calls, tensors

    if model.keras != "keras":
        return ()
    given = tensors.map_leaves(calls.to_tensor, tensors.as_leaves(inputs))
    function = tf.function(lambda nested: model.model(nested, **keywords))
    try:
        graph = function.get_concrete_function(given).graph
    except Exception:  # noqa: BLE001 - a user's call() may raise anything in a graph
        return ()
    return tuple(_of_graph(graph, model))


def _of_inner_models(model: ModelUnderTest) -> tuple[RandomDraw, ...]:
    """The layers that draw in the function which `tf.saved_model.save()` stores for each model inside the model."""
    graphs = [_saved_graph(layer) for _, layer in model.layers() if is_graph(layer)]
    found = [draw for graph in graphs if graph is not None for draw in _of_graph(graph, model)]
    return tuple({draw.path: draw for draw in found}.values())


def _saved_graph(layer: Any) -> Any:
    """The graph of a model inside a model; None where Keras stores none or it cannot be traced."""
    try:
        signature = getattr(layer, "_default_save_signature", None)
        return None if signature is None else signature.get_concrete_function().graph
    except Exception:  # noqa: BLE001 - a user's call() may raise anything in a graph
        return None


def _of_graph(graph: Any, model: ModelUnderTest) -> Iterator[RandomDraw]:
    layers = _with_model(model)
    held = {
        id(generator.state.value.handle): path for path, layer in layers.items() for generator in _generators(layer)
    }
    shared = _of_no_layer()
    paths: list[str] = []
    for outside, inside in graph.captures:
        if id(outside) in held:
            paths.append(held[id(outside)])
        elif any(outside is generator.state.value.handle for generator in shared):
            paths.extend(_reading(inside, layers))
    found = (_as_called(path, layers) for path in paths)
    yield from {draw.path: draw for draw in found}.values()


def _of_no_layer() -> list[Any]:
    """The seed generator of `keras.random` functions that are given no seed."""
    import importlib

    state = importlib.import_module("keras.src.backend.common.global_state")
    generator = state.get_global_attribute("global_seed_generator")
    return [] if generator is None else [generator]


def _reading(tensor: Any, layers: dict[str, Any]) -> Iterator[str]:
    """The paths of the layers in whose scope operations read a tensor."""
    by_name = {str(layer.name): path for path, layer in layers.items()}
    for operation in tensor.consumers():
        # TensorFlow numbers a scope that is entered again.
        scopes = (name for part in reversed(operation.name.split("/")) for name in (part, re.sub(r"_\d+$", "", part)))
        yield next((by_name[name] for name in scopes if name in by_name), "")


def _as_called(path: str, layers: dict[str, Any]) -> RandomDraw:
    """The layer at a path, or the one around it that the innermost model calls."""
    names = path.split("/") if path else []
    chain = ["", *("/".join(names[: end + 1]) for end in range(len(names)))]
    last = next((end for end, each in enumerate(chain) if end and not _is_model(layers[each])), len(chain) - 1)
    return RandomDraw(layers[chain[last]], chain[last], tuple(layers[each] for each in chain[:last]))


def _is_model(layer: Any) -> bool:
    return any(base.__name__ == "Model" for base in type(layer).__mro__) and bool(sublayers(layer))
