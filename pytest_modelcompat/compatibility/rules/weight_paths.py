"""Weight paths: where a .keras file has its weights, and where a Keras looks for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Keras up to 2.14 keeps a model's layers under the first attribute that holds them, later ones under `layers`.
_OLD_ROOT = "_layer_checkpoint_dependencies"
_NEW_ROOT = "layers"
_FIRST_WITH_LAYERS = (2, 15)
# The first that numbers the layers of one class without gaps: before it `dense_2` follows `dense`. Measured.
_FIRST_WITHOUT_GAPS = (2, 14)
_NUMBERED = re.compile(r"(.+)_(\d+)")


def moved_weights(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a .keras file's weights are under a name that the runtime's Keras does not look at."""
    if context.inventory.format != "keras":
        return
    if not _is_built_of_layers(context):
        yield from _of_subclass(context)
        return
    paths = [weight.path for weight in context.inventory.weights]
    old = [path for path in paths if path.startswith(f"{_OLD_ROOT}/")]
    new = [path for path in paths if path.startswith(f"{_NEW_ROOT}/")]
    if context.reader < _FIRST_WITH_LAYERS and new:
        yield _finding(context, len(new), _NEW_ROOT, _OLD_ROOT)
    elif context.reader_major == 2 and context.reader >= _FIRST_WITH_LAYERS and old:
        yield _finding(context, len(old), _OLD_ROOT, _NEW_ROOT)
    elif _has_gaps(context.writer) != _has_gaps(context.reader) and (lost := _numbered_otherwise(context, old)):
        # Every Keras tries the old root, Keras 3 as its last.
        yield _finding(context, len(lost), lost[0], "other numbers")


def _is_built_of_layers(context: CompatibilityContext) -> bool:
    """Whether the outermost model is a functional or sequential one, rather than a subclass with attributes."""
    config = context.inventory.root.get("config")
    return isinstance(config, dict) and "layers" in config


def _of_subclass(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where a subclassed model goes from one way of naming attributes to the other.

    Keras 3 looks on where it finds nothing, and reads both, but not the layers of a model among the attributes that an
    old Keras 2 wrote. Measured.
    """
    paths = [weight.path for weight in context.inventory.weights]
    nested = [path for path in paths if f"/{_OLD_ROOT}/" in path]
    if context.reader_major == 3 and nested:
        yield _finding(context, len(nested), nested[0].partition(f"/{_OLD_ROOT}/")[0], "other names")
    elif paths and context.reader_major == 2 and _layers_first(context.writer) != _layers_first(context.reader):
        yield _finding(context, len(paths), paths[0], "other attributes of the model")


def _layers_first(keras: MinorVersion) -> bool:
    """Whether a Keras names what a model tracks after its list of layers first: 2.15 and tf_keras do. Measured."""
    return _FIRST_WITH_LAYERS <= keras < (3, 0)


def _finding(context: CompatibilityContext, count: int, root: str, read: str) -> Finding:
    inventory = context.inventory
    weights = "1 weight is" if count == 1 else f"{count} of {len(inventory.weights)} weights are"
    return Finding(
        Kind.WEIGHTS_MOVED,
        subject=inventory.path.name,
        where=(root,),
        cause=f"{weights} under {root} in the file, and {context.reader_name} looks for them under {read}",
        fix=fixes.other_keras(context),
        stage=Stage.WEIGHTS,
        source="keras-team/tf-keras#664",
    )


def _has_gaps(keras: MinorVersion) -> bool:
    return keras < _FIRST_WITHOUT_GAPS


def _numbered_otherwise(context: CompatibilityContext, paths: list[str]) -> list[str]:
    """The groups of layers under the old root whose numbers the reader does not look for."""
    return (
        [group for group in _numbered(paths) if group.endswith("_1")]
        if _has_gaps(context.reader)
        else _after_gaps(paths)
    )


def _numbered(paths: Iterable[str]) -> list[str]:
    """Every group of a layer in a model's list of layers: what else is in a path are names that users gave."""
    parts = (path.split("/") for path in paths)
    return sorted(
        {"/".join(each[: place + 1]) for each in parts for place in range(1, len(each)) if each[place - 1] == _OLD_ROOT}
    )


def _after_gaps(paths: Iterable[str]) -> list[str]:
    """The groups `dense_2` where there is no `dense_1` beside them."""
    groups = _numbered(paths)
    lost = []
    for group in groups:
        match = _NUMBERED.fullmatch(group)
        if match:
            number = int(match[2])
            before = match[1] if number == 1 else f"{match[1]}_{number - 1}"
            if before not in groups:
                lost.append(group)
    return lost
