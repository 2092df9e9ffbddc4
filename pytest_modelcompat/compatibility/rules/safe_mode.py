"""Safe mode: layers that name a file or code outside the artifact, which a Keras loads only where it is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS, vocabulary_file
from pytest_modelcompat.artifacts.versions import has_fix
from pytest_modelcompat.compatibility.fixes import LOAD_UNSAFE, TO_THE_COMMAND
from pytest_modelcompat.compatibility.unsafe.references import place_of, rebuilt
from pytest_modelcompat.results.finding import MEASURED, Blame, Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext
    from pytest_modelcompat.compatibility.unsafe.references import Rebuilt

UNSAFE_FIX = (LOAD_UNSAFE, f"{TO_THE_COMMAND} --unsafe")
_VOCABULARY_FIX = "or build the layer from a list of terms, and save the model again"
# Asking would take PyTorch. Read in the sources.
_REFUSES_TORCH = (3, 11)


def refused_outside(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for each class of layers that needs what is outside the artifact, and that safe mode refuses."""
    groups: dict[str, list[Rebuilt]] = {}
    for use in rebuilt(context.inventory) if context.safe_mode else ():
        names_it = _NAMES_OUTSIDE.get(use.name)
        if names_it is not None and names_it(use.config) and _refuses(context, use.name):
            groups.setdefault(use.name, []).append(use)
    for class_name, uses in groups.items():
        yield _finding(context, class_name, uses)


def refused_weights(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where weights lie outside of the file, or are not there at all, and a Keras does not read them."""
    kinds = {
        what
        for what, (formats, fixed, backported) in _WEIGHTS.items()
        if context.inventory.format in formats and has_fix(context.profile.keras, fixed, backported)
    }
    for hazard in context.inventory.hazards:
        if hazard.what in kinds:
            yield Finding(
                Kind.ARTIFACT_BROKEN,
                subject=hazard.subject,
                cause=f"it {hazard.detail}, and {context.reader_name} does not read such weights",
                fix=("save the model again, into one file",),
                blame=Blame.WRITER,
                stage=Stage.WEIGHTS,
                source=MEASURED,
            )


def _refuses(context: CompatibilityContext, class_name: str) -> bool:
    if class_name == "TorchModuleWrapper":
        return context.reader >= _REFUSES_TORCH
    return class_name in (context.profile.refuses or {}).get(context.inventory.format, ())


def _finding(context: CompatibilityContext, class_name: str, uses: list[Rebuilt]) -> Finding:
    is_lookup = class_name in LOOKUPS
    outside = f"its vocabulary is the file {uses[0].config['vocabulary']}" if is_lookup else _OUTSIDE[class_name]
    return Finding(
        Kind.SAFE_MODE_REFUSED,
        subject=class_name,
        where=tuple(dict.fromkeys(map(place_of, uses))),
        cause=f"{outside}, which {context.reader_name} does not load unless safe_mode=False is given",
        fix=(*UNSAFE_FIX, _VOCABULARY_FIX) if is_lookup else UNSAFE_FIX,
        stage=Stage.CONFIG,
        source="keras-team/keras#21751" if is_lookup else MEASURED,
    )


_OUTSIDE = {
    "TFSMLayer": "it is a SavedModel beside the file",
    "TorchModuleWrapper": "it is a pickled PyTorch module",
}
# What weights are not read, with the formats, the first Keras that reads none, and the first of an older series. Read
# in the sources.
_WEIGHTS = {
    "external link": (("keras",), "3.13.2", "3.12.1"),
    "out-of-file dataset": (("keras",), "3.13.2", "3.12.1"),
    "empty dataset": (("keras", "h5"), "3.15", "3.12.3"),
}
_NAMES_OUTSIDE: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(LOOKUPS, vocabulary_file),
    "TFSMLayer": lambda config: "filepath" in config,
    "TorchModuleWrapper": lambda config: "module" in config,
}
