"""The container: artifacts that a runtime's loader does not take at all, and those that another one takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import BARE_GRAPHS
from pytest_modelcompat.artifacts.way_on import importer_of, is_unzipped, way_on, zip_command
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.compatibility.context import CompatibilityContext

# Keras 2.12 was the first to write and read the zip that is called .keras.
_FIRST_ZIP = (2, 12)
# And Keras 3.4 the first to read what is in that zip from a folder.
_FIRST_FOLDER = (3, 4)


def not_opened(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding where `load_model` refuses the container."""
    inventory = context.inventory
    if inventory.weights_only:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause="it holds weights and no model, so load_model has nothing to build",
            fix=way_on(inventory),
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
    elif is_unzipped(inventory) and context.reader < _FIRST_FOLDER:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause=f"it is a .keras file that is unzipped, which {context.reader_name} cannot open: Keras reads such a "
            "folder from 3.4 on",
            fix=way_on(inventory) or ("zip what is in the folder again:", zip_command(inventory.path)),
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


def loaded_otherwise(context: CompatibilityContext) -> Iterator[Finding]:
    """A note on a graph alone or a KerasHub preset: what loads it, for which it is judged."""
    inventory = context.inventory
    if inventory.format in BARE_GRAPHS:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause="it is a graph alone, which load_model and tf.saved_model.load do not take; it is judged for "
            f"{importer_of(inventory)}",
            fix=way_on(inventory),
            severity=Severity.NOTE,
            source="measured",
        )
    elif inventory.preset:
        yield Finding(
            Kind.FORMAT_NOT_READ,
            subject=inventory.path.name,
            cause="it is a preset of KerasHub, which from_preset builds with all that belongs to it; it is judged for "
            "load_model",
            fix=way_on(inventory),
            severity=Severity.NOTE,
            source="measured",
        )


def values_elsewhere(context: CompatibilityContext) -> Iterator[Finding]:
    """A finding for a graph alone whose variables have no values."""
    inventory = context.inventory
    if inventory.has_variables and not inventory.weights:
        yield Finding(
            Kind.STATE_LOST,
            subject=inventory.path.name,
            cause="it is a graph whose variables have their values in a checkpoint, which is not beside it",
            fix=(
                "restore them after import: tf.compat.v1.train.import_meta_graph(path) and saver.restore",
                "or freeze the graph: tf.compat.v1.graph_util.convert_variables_to_constants",
            ),
            severity=Severity.CHANGE,
            source="measured",
        )
