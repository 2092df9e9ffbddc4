"""Weight shapes: whether the weights in a file are those that the model in its configuration has a place for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.nodes import MODEL_CLASSES
from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.compatibility.expected_shapes import expected_shapes, shape_matches, shape_text
from pytest_modelcompat.results.finding import Blame, Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_modelcompat.artifacts.inventory import LayerUse, WeightUse
    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.compatibility.expected_shapes import Shape

_MODEL_WEIGHTS = "model_weights/"
# What every layer that is built again begins with in the same way.
_NOT_RANDOM = frozenset({"zeros", "zero", "ones", "one", "constant", "identity"})
_NOT_THE_MODELS = ("optimizer/", "optimizer_weights/", "metrics/")
_SAVE_AGAIN = (
    "save the model again where it is whole",
    "or build it in code, and load the weights that belong to it: model.load_weights(path)",
)
# Any of these in its first layer tells a Sequential what it is built for.
_SHAPES = frozenset({"batch_input_shape", "batch_shape", "build_input_shape", "input_shape", "input_dim"})


def weight_shape_findings(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for layers whose weights are missing, too many, or of another shape than their configuration asks."""
    if not _is_rebuilt_with_weights(context):
        return
    missing: list[LayerUse] = []
    shapes: list[Shape] = []
    surplus: list[LayerUse] = []
    for layers, weights in _groups(context):
        found = _missing(layers, weights)
        missing += [layer for layer in layers if not found.keys().isdisjoint(expected_shapes(layer) or ())]
        shapes += found
        surplus += [layer for layer in layers if not found and _has_too_many(context, layer, weights)]
    if missing:
        yield _finding(context, missing, _why_missing(context, shapes))
    if surplus:
        yield _finding(context, surplus, "the file holds more weights for it than its configuration has a place for")


def unbuilt_model_findings(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a model in an .h5 file is rebuilt without its weights, and the file holds some."""
    if context.inventory.format != "h5" or not _weights(context):
        return
    if _has_no_input_shape(context):
        cause = f"the Sequential does not say its input's shape anywhere, so {context.reader_name} does not build it"
    elif _is_built_by_its_call(context):
        cause = f"{context.reader_name} does not build a subclassed model that it reads from an .h5 file"
    else:
        return
    yield Finding(
        Kind.WEIGHTS_DO_NOT_FIT,
        subject=str(context.inventory.model_class),
        cause=f"{cause}, and has no place for the weights in it (Layer count mismatch)",
        fix=("save it as .keras", *_SAVE_AGAIN[1:]),
        stage=Stage.WEIGHTS,
        source="keras-team/keras#10417",
    )


def without_weights(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a Sequential was saved before it was built, so that its weights are drawn after each load."""
    if _weights(context) or not _has_no_input_shape(context):
        return
    layers = [layer for layer in context.inventory.layers if _draws_weights(layer)]
    if layers:
        yield Finding(
            Kind.WEIGHTS_DO_NOT_FIT,
            subject=str(context.inventory.model_class),
            where=locations(layers),
            cause="it was saved before it was built, so the file holds no weights: it predicts with new random ones "
            "after each load",
            fix=("call the model once, or call model.build(input_shape), before it is saved",),
            severity=Severity.CHANGE,
            blame=Blame.WRITER,
            source="keras-team/keras#4875",
        )


def _draws_weights(layer: LayerUse) -> bool:
    """Whether a layer begins with weights that are drawn at random."""
    initializers = (value for key, value in layer.config.items() if key.endswith("_initializer"))
    names = (value.get("class_name") if isinstance(value, dict) else value for value in initializers)
    return any(isinstance(name, str) and name.lower() not in _NOT_RANDOM for name in names)


def _is_rebuilt_with_weights(context: CompatibilityContext) -> bool:
    root = context.inventory.root
    is_plain = root.get("class_name") in MODEL_CLASSES and str(root.get("class_name")) not in context.custom
    return is_plain and not _has_no_input_shape(context)


def _has_no_input_shape(context: CompatibilityContext) -> bool:
    root = context.inventory.root
    if root.get("class_name") != "Sequential":
        return False
    built = root.get("build_config")
    given = built.get("input_shape") if isinstance(built, dict) else None
    first = next((layer for layer in context.inventory.layers if layer.position == 1), None)
    return not (
        given or first is None or first.class_name in ("InputLayer", "Embedding") or _has_input_shape(root, first)
    )


def _has_input_shape(root: Any, first: LayerUse) -> bool:
    config = root.get("config")
    return (isinstance(config, dict) and bool(config.get("build_input_shape"))) or _contains_shape(first.config)


def _contains_shape(config: Any) -> bool:
    """Whether a configuration gives a shape, at any depth: a wrapper's layer or a nested model's does for it."""
    if isinstance(config, dict):
        return not _SHAPES.isdisjoint(config) or any(map(_contains_shape, config.values()))
    return isinstance(config, list) and any(map(_contains_shape, config))


def _is_built_by_its_call(context: CompatibilityContext) -> bool:
    """Whether a subclassed model made its weights when it was called: they then go by its name too."""
    config = context.inventory.root.get("config")
    if not isinstance(config, dict) or "layers" in config:
        return False
    parts = [weight.path.split("/") for weight in _weights(context)]
    return all(len(part) > 4 and part[1] == part[-2] for part in parts)


def _weights(context: CompatibilityContext) -> list[WeightUse]:
    return [weight for weight in context.inventory.weights if not weight.path.startswith(_NOT_THE_MODELS)]


def _groups(context: CompatibilityContext) -> Iterator[tuple[list[LayerUse], list[WeightUse]]]:
    """Layers, and the weights theirs must be among: an .h5 file keeps those of each outermost layer together."""
    models = {path for path, _ in context.models}
    owners = [
        layer for layer in context.inventory.layers if layer.path[:-1] in models and _is_keras_own(context, layer)
    ]
    weights = _weights(context)
    if context.inventory.format != "h5":
        yield owners, weights
        return
    names = {layer.path[0] for layer in context.inventory.layers}
    for name in dict.fromkeys(layer.path[0] for layer in owners):
        inside = f"{_MODEL_WEIGHTS}{name}/"
        # "Conv/BatchNorm" is a layer beside "Conv", and not in it.
        beside = tuple(f"{_MODEL_WEIGHTS}{each}/" for each in names if each.startswith(f"{name}/"))
        yield (
            [layer for layer in owners if layer.path[0] == name],
            [weight for weight in weights if weight.path.startswith(inside) and not weight.path.startswith(beside)],
        )


def _is_keras_own(context: CompatibilityContext, layer: LayerUse) -> bool:
    return not context.is_declared(layer) and context.known(layer) is not None


def _missing(layers: Sequence[LayerUse], weights: Sequence[WeightUse]) -> dict[Shape, int]:
    """Shapes that more weights must have than do, with how many are missing."""
    asked = Counter(shape for layer in layers for shape in expected_shapes(layer) or ())
    lacking = {
        shape: count - sum(shape_matches(weight.shape, shape) for weight in weights) for shape, count in asked.items()
    }
    return {shape: count for shape, count in lacking.items() if count > 0}


def _has_too_many(context: CompatibilityContext, layer: LayerUse, weights: Sequence[WeightUse]) -> bool:
    if context.inventory.format != "h5" or len(layer.path) != 1:
        return False
    asked = expected_shapes(layer)
    return asked is not None and len(weights) > len(asked) and not _holds_another(context, layer)


def _holds_another(context: CompatibilityContext, layer: LayerUse) -> bool:
    """Whether a layer stands in it, such as a PReLU as its activation: the file keeps the weights of both together."""
    return any(other.path[:-1] == layer.path for other in context.inventory.layers)


def _why_missing(context: CompatibilityContext, shapes: Iterable[Shape]) -> str:
    if not _weights(context):
        return "the file holds no weights, and its configuration asks for some"
    asked = ", ".join(dict.fromkeys(map(shape_text, shapes)))
    return f"the file does not hold the weights that its configuration asks for, of the shape {asked}"


def _finding(context: CompatibilityContext, layers: list[LayerUse], cause: str) -> Finding:
    return Finding(
        Kind.WEIGHTS_DO_NOT_FIT,
        subject=context.inventory.path.name,
        where=locations(layers),
        cause=cause,
        fix=_SAVE_AGAIN,
        stage=Stage.WEIGHTS,
        source="keras-team/keras#20128",
    )
