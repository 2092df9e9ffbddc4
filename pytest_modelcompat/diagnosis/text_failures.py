"""Failures that a text from elsewhere shows and a loader never meets: of saving, of Keras 2 alone, of importing.

They are looked up before the catalogue, which knows what a loader meets.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_modelcompat.diagnosis.catalogue.names import FUNCTION_IN_H5, OPERATION_IN_H5
from pytest_modelcompat.diagnosis.declarations import LEAVE_H5, OR_UNSAFE, custom_object, imports
from pytest_modelcompat.diagnosis.known_failure import KnownFailure
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind

_GET_CONFIG = (
    "def get_config(self):",
    '    return {**super().get_config(), "the_argument": self.the_argument}',
)
_DECLARE = (custom_object(), "or decorate it with $decorator and write", imports("your_module"))

TEXT_FAILURES = (
    KnownFailure(
        r"errno = 2\b|\[Errno 2\] No such file|No file or directory found at|"
        r"No such file or directory: '[^']*\.(?:h5|hdf5|keras|pb)'",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "there was no file at the path that the program gave",
        ("correct the path, or copy the file there",),
        MEASURED,
    ),
    KnownFailure(
        r"SavedModel file does not exist at: \S+\.(?:h5|hdf5)[/\\]",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "at this path is no file that TensorFlow takes for HDF5, so it looks for a SavedModel there: there is none, or "
        "it is of another kind (a Git LFS pointer, a page of HTML)",
        ("see that the path is right and the file there; then compare its size with the original's",),
        MEASURED,
    ),
    replace(FUNCTION_IN_H5, pattern=r"Unknown activation function: '?function\b", formats=()),
    KnownFailure(
        r"(?:Could not interpret [a-z]+ (?:function )?identifier: |Unknown [a-z]+ function:? '?)"
        r"\{.*'class_name': 'function', 'config': '(?P<name>\w+)'",
        Kind.UNKNOWN_OBJECT,
        "$name",
        "Keras has no function of this name, and nothing declares it",
        _DECLARE,
        MEASURED,
    ),
    KnownFailure(
        r"File not found: filepath=\S+\. Please ensure the file is an accessible",
        Kind.ARTIFACT_BROKEN,
        "$file",
        "either there is no file at this path, or it is not a whole .keras zip: Keras says the same of both",
        (
            "see that the path is right and the file there; then compare its size with the original's",
            "if it is an HDF5 file, as TensorFlow up to 2.12 wrote under this suffix: rename it to end in .h5",
        ),
        MEASURED,
    ),
    KnownFailure(
        r"'?Unrecognized keyword arguments:'?, dict_keys\(\['(?P<argument>batch_shape|optional)'",
        Kind.UNKNOWN_ARGUMENT,
        "InputLayer(batch_shape=…)",
        "it was saved by Keras 3, whose InputLayer has arguments that Keras 2 does not know ($argument)",
        ("load it with Keras 3 (TensorFlow 2.16 or newer, without TF_USE_LEGACY_KERAS)", "or save it as SavedModel"),
        "tensorflow#64685",
        blame=Blame.LOADER,
    ),
    KnownFailure(
        r"'?Keyword argument not understood:'?, '(?P<argument>\w+)'",
        Kind.UNKNOWN_ARGUMENT,
        "layer($argument=…)",
        "the saved configuration holds an argument '$argument', which the class of this version does not take",
        (
            "for a class of Keras, load it with the version that saved it or a newer one",
            "for a class of your own, take '$argument' in its __init__()",
        ),
        MEASURED,
    ),
    KnownFailure(
        r"The passed save_path is not a valid checkpoint: \S*[/\\]variables[/\\]variables",
        Kind.ARTIFACT_BROKEN,
        "variables/",
        "the SavedModel is not complete: a file of its variables/ folder is missing or truncated",
        ("copy the whole folder, variables/ and assets/ included",),
        MEASURED,
    ),
    KnownFailure(
        r"Unable to restore (?:a layer of class (?P<name>\w+)|custom object of (?:type|class) (?P<other>\w+))",
        Kind.UNKNOWN_LAYER,
        "$name$other",
        "the SavedModel has an object of this class, and the program neither registers the class nor gives it to "
        "load_model()",
        _DECLARE,
        "tensorflow#44199",
    ),
    KnownFailure(
        r"Saving the model to HDF5 format requires the model to be a Functional model or a Sequential model",
        Kind.FORMAT_CANNOT_HOLD,
        "h5",
        ".h5 stores layers by their configuration, which a model defined by its call() does not have",
        (LEAVE_H5,),
        MEASURED,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Save or restore weights that is not an instance of `tf\.Variable` is not supported in h5[^\[]*?"
        r"(?:model or layer )(?P<name>\w+)",
        Kind.FORMAT_CANNOT_HOLD,
        "$name",
        ".h5 stores arrays only, and $name keeps its state in a table",
        (LEAVE_H5,),
        "text#980",
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Layer (?P<name>\w+) has arguments (?:\[[^\]]*\]\s+)?in `__init__` and therefore must override `get_config|"
        r"Object (?P<other>\w+) was created by passing\s+non-serializable argument values|"
        r"Layers with arguments in `__init__` must override `get_config",
        Kind.CANNOT_REBUILD,
        "$name$other",
        "its __init__() has arguments that its get_config() does not return, so that it cannot be rebuilt from what is "
        "saved",
        _GET_CONFIG,
        "tensorflow#33947",
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Not JSON Serializable:|Unable to serialize .* to JSON\. Unrecognized type <class '(?P<type>[^']+)'>|"
        r"Object of type (?P<other>\w+) is not JSON serializable",
        Kind.SAVE_FAILED,
        "$file",
        "what get_config() of a layer returns holds a value that cannot be written as JSON",
        ("return plain numbers, strings, lists and dictionaries from get_config(), as in float(self.factor)",),
        "keras#17199",
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Weights for model '?(?P<name>\w+)'? have not yet been created",
        Kind.SAVE_FAILED,
        "$name",
        "the model is saved before it is built: it has no weights yet",
        ("start a Sequential model with keras.Input(shape), or call the model once before it is saved",),
        MEASURED,
        blame=Blame.MODEL,
    ),
    KnownFailure(
        r"Requested the loading of a vocabulary file|Loading vocabulary files outside of the model archive",
        Kind.SAFE_MODE_REFUSED,
        "vocabulary file",
        "a lookup layer names a vocabulary file outside of the model file, which Keras reads only where safe_mode is "
        "off",
        ("give the layer its vocabulary as a list, and save the model again", OR_UNSAFE),
        "keras#21751",
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"[Rr]equested the deserialization of a `?(?P<name>TFSMLayer|TorchModuleWrapper)",
        Kind.SAFE_MODE_REFUSED,
        "$name",
        "a $name loads another file that can hold code, which Keras does only where safe_mode is off",
        ("replace it by layers of Keras, and save the model again", OR_UNSAFE),
        "keras#22034",
        blame=Blame.WRITER,
    ),
    OPERATION_IN_H5,
    KnownFailure(
        r"Cannot convert '\(\(None, .*\), .*\)' to a shape\. Found invalid dimension",
        Kind.CONFIG_CHANGED,
        "model",
        "the file has a functional model inside a Sequential one, or an output in a list, and this Keras takes the "
        "list around the outputs, as another Keras wrote it, for a part of the shape",
        (
            "load it with the Keras that saved it",
            "or build the model with keras.Model(inputs, outputs) instead of Sequential, and save it again",
        ),
        MEASURED,
    ),
    KnownFailure(
        r"NodeDef missing attr '(?P<attribute>\w+)' from Op<name=(?P<name>\w+)",
        Kind.MISSING_ATTRIBUTE,
        "$name",
        "the graph gives its op $name no attribute '$attribute', which this TensorFlow requires",
        ("save the model again with the TensorFlow that loads it; if another program wrote the graph, leave it out",),
        MEASURED,
    ),
    KnownFailure(
        r"^(?P<what>type|list\(type\)|value|shape) attr not found: (?P<attribute>\w+)",
        Kind.MISSING_ATTRIBUTE,
        "$attribute",
        "the graph gives an op no attribute '$attribute', which this TensorFlow requires",
        ("save the model again with the TensorFlow that loads it; if another program wrote the graph, leave it out",),
        MEASURED,
        exceptions=("NotFoundError",),
    ),
    KnownFailure(
        r"Input (?P<number>\d+) is incompatible with layer (?P<name>\w+): (?P<why>expected .*)",
        Kind.PREDICTION_FAILED,
        "inputs",
        'the inputs do not fit the model: layer "$name" $why',
        ("call it with inputs of the shapes that it was built for",),
        MEASURED,
    ),
    KnownFailure(
        r"Binding inputs to tf\.function failed due to `(?P<why>[^`]*)`",
        Kind.PREDICTION_FAILED,
        "inputs",
        "a function of the SavedModel is called with arguments that it was not saved with: $why",
        ("look at its signature: loaded.signatures['serving_default'].structured_input_signature",),
        MEASURED,
    ),
    KnownFailure(
        r"'_UserObject' object (?:is not callable|has no attribute '(?:predict|evaluate|fit|summary)')",
        Kind.PREDICTION_FAILED,
        "SavedModel",
        "what tf.saved_model.load() returns is no Keras model: it has the functions that were saved, its signatures",
        ("call a signature: loaded.signatures['serving_default'](**inputs), or loaded.serve(inputs) of an export()",),
        "tensorflow#37439",
    ),
    KnownFailure(
        r"\(shapes (?P<got>\([\d, ]*\)), (?P<wanted>\([\d, ]*\)) mismatch\)",
        Kind.STRUCTURE_CHANGED,
        "output",
        "a comparison of two outputs failed before any value was compared: one is of shape $got, the other of $wanted",
        ("find out which of the two shapes is right; where both are recorded, record them again",),
        MEASURED,
        exceptions=("AssertionError",),
    ),
    KnownFailure(
        r"Not equal to tolerance rtol=(?P<rtol>[\d.e+-]+), atol=(?P<atol>[\d.e+-]+)|Arrays are not (?:almost )?equal|"
        r"Mismatched elements: \d+ / \d+",
        Kind.PREDICTIONS_DRIFTED,
        "output",
        "a comparison of two arrays failed: $quote",
        ("compare the reloaded model with the saved one first, then with what was recorded: that says which changed",),
        MEASURED,
        exceptions=("AssertionError",),
    ),
)
