"""The container: artifacts that a runtime's loader does not take at all, whatever is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Keras 2.12 was the first to write and read the zip that is called .keras.
_FIRST_ZIP = (2, 12)


def not_opened(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where `load_model` refuses the container."""
    inventory = context.inventory
    if inventory.weights_only:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause="it holds weights and no model, so load_model has nothing to build",
            fix=("build the model in code and call model.load_weights(path)",),
            stage=Stage.OPEN,
        )
    elif inventory.format == "keras" and context.reader < _FIRST_ZIP:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause=f"it is a .keras zip, which {context.reader_name} cannot open: Keras reads it from 2.12 on",
            fix=(f"save it as .h5 or SavedModel with {context.writer_name}", fixes.RE_SAVE_AS_SAVED_MODEL),
            stage=Stage.OPEN,
            source="measured",
        )
    elif context.reader_major == 3 and inventory.format == "h5" and inventory.path.suffix == ".keras":
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause=f"it is an HDF5 file with the suffix .keras, and {context.reader_name} trusts the suffix",
            fix=(f"rename it: {inventory.path.stem}.h5",),
            stage=Stage.OPEN,
            source="measured",
        )
    elif inventory.format == "keras" and inventory.path.suffix in (".h5", ".hdf5"):
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause="it is a .keras zip with the suffix of an HDF5 file, and Keras trusts the suffix",
            fix=(f"rename it: {inventory.path.stem}.keras",),
            stage=Stage.OPEN,
            source="measured",
        )
