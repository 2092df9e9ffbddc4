"""The formats that models are saved in, each with its files, its save method, its reader and its words.

Beside them are those that can be read and are not loaded as a model: bare graphs, and weights alone.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath


# Namespaces: every start of pytest would pay for making a named tuple or a dataclass.
class Format(SimpleNamespace):
    """A way to save a model.

    Args:
        name: what options and targets call it.
        words: what texts call what it leaves: `.h5`, `SavedModel`.
        title: what a heading calls it: `HDF5`.
        container: what it is, at length: `HDF5 (.h5)`.
        file_name: the name of a saved file or folder.
        frozen_name: its name in the folder of a release; no two formats share one.
        method: the call that saves it, as a user writes it.
        artifact: the format that a read finds in what it leaves: `export` leaves a `saved_model`.
        reader: module and function that read its inventory; empty where `artifact` is another format.
        suffixes: suffixes of its files; none for a folder.
        is_default: whether it is saved where a test names no formats.
        needs_keras: whether only Keras models have its save method.
        changes_model: whether saving it changes the live model, so that it goes last.
    """

    name: str
    words: str
    title: str
    container: str
    file_name: str
    frozen_name: str
    method: str
    artifact: str
    reader: tuple[str, str] = ("", "")
    suffixes: tuple[str, ...] = ()
    is_default: bool = True
    needs_keras: bool = True
    changes_model: bool = False


_ALL = (
    Format(
        name="h5",
        words=".h5",
        title="HDF5",
        container="HDF5 (.h5)",
        file_name="model.h5",
        frozen_name="model.h5",
        method='model.save("model.h5")',
        artifact="h5",
        reader=("pytest_modelcompat.artifacts.h5", "read_h5"),
        suffixes=(".h5", ".hdf5"),
        changes_model=True,
    ),
    Format(
        name="keras",
        words=".keras",
        title=".keras",
        container="Keras zip (.keras)",
        file_name="model.keras",
        frozen_name="model.keras",
        method='model.save("model.keras")',
        artifact="keras",
        reader=("pytest_modelcompat.artifacts.keras.archive", "read_keras_zip"),
        suffixes=(".keras",),
    ),
    Format(
        name="saved_model",
        words="SavedModel",
        title="SavedModel",
        container="SavedModel",
        file_name="model",
        frozen_name="saved_model",
        method="tf.saved_model.save(model, ...)",
        artifact="saved_model",
        reader=("pytest_modelcompat.artifacts.saved_model.reader", "read_saved_model"),
        needs_keras=False,
    ),
    Format(
        name="export",
        words="SavedModel",
        title="SavedModel",
        container="SavedModel",
        file_name="model",
        frozen_name="export",
        method="model.export(...)",
        artifact="saved_model",
        is_default=False,
    ),
)
FORMATS = {each.name: each for each in _ALL}
# What is in the folder of a .keras file that is unzipped, or was never zipped.
KERAS_FOLDER = ("config.json", "metadata.json")


class OtherFormat(SimpleNamespace):
    """What can be read and judged, and is not what `model.save` leaves; the names mean the same as for a `Format`."""

    name: str
    title: str
    container: str
    reader: tuple[str, str]
    suffixes: tuple[str, ...] = ()


_OTHERS = (
    OtherFormat(
        name="graph_def",
        title="GraphDef",
        container="GraphDef (a graph alone)",
        reader=("pytest_modelcompat.artifacts.saved_model.bare_graph", "read_graph_def"),
        suffixes=(".pb", ".pbtxt"),
    ),
    OtherFormat(
        name="meta_graph",
        title="MetaGraphDef",
        container="MetaGraphDef (the graph of a TensorFlow 1 checkpoint)",
        reader=("pytest_modelcompat.artifacts.saved_model.bare_graph", "read_meta_graph"),
        suffixes=(".meta", ".pb", ".pbtxt"),
    ),
    OtherFormat(
        name="checkpoint",
        title="TensorFlow checkpoint",
        container="TensorFlow checkpoint",
        reader=("pytest_modelcompat.artifacts.saved_model.checkpoint", "read_checkpoint"),
    ),
)
# The formats of graphs that are no model, for they have no code to call them by.
BARE_GRAPHS = ("graph_def", "meta_graph")
READ: dict[str, Format | OtherFormat] = {**FORMATS, **{each.name: each for each in _OTHERS}}
MODEL_SUFFIXES = tuple(suffix for each in _ALL for suffix in each.suffixes)
# What people take for a model file too: of such a file, given as an artifact, a finding says what it is.
OTHER_SUFFIXES = (
    *(".pb", ".pbtxt", ".meta", ".index", ".tflite", ".onnx", ".pt", ".pth", ".safetensors", ".pkl", ".joblib"),
)
# Of all saves, those that change the live model come last.
SAVE_ORDER = tuple(each.name for each in sorted(_ALL, key=lambda each: each.changes_model))


def format_of_name(path: PurePath) -> str:
    """The format that a file's suffix says; `saved_model` for a path without one that is known."""
    return next((each.name for each in _ALL if path.suffix in each.suffixes), "saved_model")
