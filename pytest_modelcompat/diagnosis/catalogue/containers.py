"""Files that are not what their name says, or not whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.known_failure import H5, KERAS, MODEL_FILES, SAVED_MODEL, KnownFailure, TemplateValues
from pytest_modelcompat.results.finding import MEASURED, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext


def _is_missing(_: TemplateValues, context: DiagnosisContext) -> bool:
    return not context.inventory.path.exists()


def _is_hdf5(_: TemplateValues, context: DiagnosisContext) -> bool:
    return context.inventory.format == "h5"


def _is_zip(_: TemplateValues, context: DiagnosisContext) -> bool:
    return context.inventory.format == "keras"


CONTAINER_FAILURES = (
    KnownFailure(
        r"(?:[Ff]ile not found|Unable to (?:synchronously )?open file|No file or directory found|does not exist)",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the file existed when it was inspected, and it was gone when the loader opened it",
        ("save it into a folder that nothing else clears while the tests run",),
        when=_is_missing,
    ),
    KnownFailure(
        r"File not found: (?:filepath=)?|File is not a zip file",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the file is an HDF5 file that is only called .keras, as TensorFlow up to 2.12 wrote it by default; "
        "Keras 3 trusts the suffix and expects a zip",
        ("rename it to end in .h5",),
        MEASURED,
        formats=KERAS,
        when=_is_hdf5,
    ),
    KnownFailure(
        r"accessible `?\.keras`? zip file|File is not a zip file|Bad magic number|Bad CRC-32|zipfile|"
        r"There is no item named '.*' in the archive",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the file exists but is not a complete .keras zip: it was truncated, or it is another kind of file with "
        "this suffix",
        ("save or copy the file again, and compare the size of the copy with the original",),
        MEASURED,
        formats=KERAS,
    ),
    KnownFailure(
        r"file signature not found",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the file is a .keras zip that is only called .h5; Keras trusts the suffix and expects HDF5",
        ("rename it to end in .keras",),
        MEASURED,
        formats=H5,
        when=_is_zip,
    ),
    KnownFailure(
        r"file signature not found",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the loader expects an HDF5 file, and this is not one: it is a .keras zip, which TensorFlow up to 2.10 "
        "cannot read, or another kind of file with this suffix",
        ("load it with TensorFlow 2.13 or newer", "or save the model as .h5 or SavedModel"),
        MEASURED,
    ),
    KnownFailure(
        r"Unable to (?:synchronously )?open (?:file|object) \((?P<why>[^)]*)\)|[Uu]nable to (?:synchronously )?read",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the HDF5 file is damaged: $quote",
        ("save or copy the file again, and compare the size of the copy with the original",),
        MEASURED,
        formats=MODEL_FILES,
    ),
    KnownFailure(
        r"SavedModel file does not exist at: .*\.keras",
        Kind.LOAD_FAILED,
        "$file",
        "TensorFlow $tensorflow cannot read .keras files, and treats this one as a SavedModel folder",
        ("load it with TensorFlow 2.13 or newer", "or save the model as .h5 or SavedModel"),
        MEASURED,
        exact_kind=Kind.FORMAT_NOT_READ,
    ),
    KnownFailure(
        r"SavedModel file does not exist at",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the folder has no saved_model.pb, so it is not a SavedModel",
        ("give the folder that has saved_model.pb directly in it",),
        MEASURED,
    ),
    KnownFailure(
        r"Cannot parse file|Error parsing message|Wire format was corrupt",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "its saved_model.pb cannot be parsed: it was truncated, or it is another kind of file",
        ("save or copy the SavedModel again, and compare the sizes of the copy with the original",),
        formats=SAVED_MODEL,
    ),
    KnownFailure(
        r"variables/variables\.(?P<part>data-\d+-of-\d+|index)|"
        r"(?:Failed to find any matching files|[Uu]nable to open table file)",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the SavedModel is not complete: a file of its variables/ folder is missing or truncated",
        ("copy the whole folder, variables/ and assets/ included",),
        formats=SAVED_MODEL,
    ),
    KnownFailure(
        r"File format not supported: filepath=",
        Kind.LOAD_FAILED,
        "$file",
        "it is a SavedModel folder or another kind of file, and load_model() of Keras 3 reads .keras and .h5 only",
        (
            "load it with tf.saved_model.load(...), or keras.layers.TFSMLayer(..., call_endpoint='serving_default')",
            "or save the model as .keras",
        ),
        "keras#18709",
        exact_kind=Kind.FORMAT_NOT_READ,
    ),
    KnownFailure(
        r"No model config(?:uration)? found in|No model found in config",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "the file holds weights only, as save_weights() writes them: there is no model in it to load",
        ('save the whole model, model.save("model.keras")', "or build the model in code and load_weights() into it"),
        formats=H5,
    ),
    KnownFailure(
        r"Expecting value: line 1 column 1",
        Kind.LOAD_FAILED,
        "$file",
        "it was saved by $saved, whose Keras metadata this older TensorFlow cannot read",
        ("load it with the TensorFlow that saved it or a newer one", "or load it with tf.saved_model.load(...)"),
        MEASURED,
        exceptions=("JSONDecodeError",),
        exact_kind=Kind.FORMAT_NOT_READ,
    ),
)
