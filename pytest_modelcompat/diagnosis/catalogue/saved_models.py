"""SavedModels: ops, kernels, Python functions, and graphs that are too new."""

from __future__ import annotations

from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS
from pytest_modelcompat.diagnosis.declarations import imports, op_library
from pytest_modelcompat.diagnosis.known_failure import (
    SAVED_MODEL,
    KnownFailure,
    op_is_declared,
    op_of_library,
    op_of_package,
)
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind
from pytest_modelcompat.results.option_syntax import OptionFix

_ANY_USE = ("load", "predict")
_EXPORT = OptionFix(
    "formats",
    ["h5", "keras", "export"],
    "save it with model.export(path): ",
    for_artifact="save the model again, with model.export(path)",
)
_INSTALL = "if it is missing where the model is loaded: $install"
_NOT_REGISTERED = r"Op type not registered '(?P<name>[\w.>]+)'"
_CALLS_PYTHON = "|".join(PYTHON_FUNCTION_OPS)
_NO_PYTHON = ("write the function with TensorFlow ops, or apply it outside the model",)

SAVED_MODEL_FAILURES = (
    KnownFailure(
        rf"Could not find callback with key=|pyfunc_\d+|Op type not registered '(?:{_CALLS_PYTHON})'|"
        rf"No OpKernel was registered to support Op '(?:{_CALLS_PYTHON})'|callback .* is not found",
        Kind.PYTHON_FUNCTION,
        "tf.py_function",
        "the model calls Python through tf.py_function or tf.numpy_function: a SavedModel keeps only a number "
        "for the function, which lives in the process that saved the model and in no other",
        _NO_PYTHON,
        "serving#1167",
        stages=(),
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Op type not registered '(?P<name>DisableCopyOnRead)'",
        Kind.UNKNOWN_OP,
        "$name",
        "the SavedModel was saved by TensorFlow 2.13 or newer, whose ops TensorFlow $tensorflow does not have",
        ("load it with TensorFlow 2.13 or newer",),
        MEASURED,
        stages=(),
        blame=Blame.LOADER,
    ),
    KnownFailure(
        _NOT_REGISTERED,
        Kind.UNKNOWN_OP,
        "$name",
        "it comes with the package $package, which the loader has imported: the version installed there does not have "
        "it",
        ("$reinstall",),
        MEASURED,
        stages=(),
        when=op_is_declared,
        blame=Blame.LOADER,
    ),
    KnownFailure(
        _NOT_REGISTERED,
        Kind.UNKNOWN_OP,
        "$name",
        "TensorFlow $tensorflow has no op of this name: it comes with the package $package, which the loader has not "
        "imported",
        (_INSTALL, imports("$package", lead="and declare it: ")),
        "text#200",
        stages=(),
        when=op_of_package,
        blame=Blame.LOADER,
    ),
    KnownFailure(
        _NOT_REGISTERED,
        Kind.UNKNOWN_OP,
        "$name",
        "TensorFlow $tensorflow has no op of this name: it comes with the package $package, in a library that the "
        "loader has not loaded",
        (_INSTALL, op_library("$library", lead="and declare its library: ")),
        MEASURED,
        stages=(),
        when=op_of_library,
        blame=Blame.LOADER,
    ),
    KnownFailure(
        _NOT_REGISTERED,
        Kind.UNKNOWN_OP,
        "$name",
        "TensorFlow $tensorflow has no op of this name: a library that the loader has not loaded registers it, or a "
        "newer TensorFlow",
        (
            imports("the_package_that_registers_it"),
            op_library("path/to/the_library.so", lead="or, for an op library of your own, "),
        ),
        "text#200, serving#2267",
        stages=(),
        blame=Blame.LOADER,
    ),
    KnownFailure(
        r"NodeDef mentions attr '(?P<attribute>\w+)' not in Op<name=(?P<name>\w+)",
        Kind.UNKNOWN_OP,
        "$name",
        "a newer TensorFlow saved it: its op $name has an attribute '$attribute' that TensorFlow $tensorflow does "
        "not know",
        ("load it with the TensorFlow that saved it, or a newer one",),
        MEASURED,
        stages=(),
        blame=Blame.LOADER,
        exact_kind=Kind.UNKNOWN_ATTRIBUTE,
    ),
    KnownFailure(
        r"GraphDef (?:min )?consumer version (?P<wanted>\d+) (?:above|below) (?:current|min\w*) ?\w* ?version|"
        r"GraphDef producer version",
        Kind.LOAD_FAILED,
        "$file",
        "its graph says that it needs a newer TensorFlow than $tensorflow: $quote",
        ("load it with the TensorFlow that saved it, or a newer one",),
        "Loaders disagree",
        blame=Blame.LOADER,
        exact_kind=Kind.GRAPH_VERSION,
    ),
    KnownFailure(
        r"No OpKernel was registered to support Op '(?P<name>\w+)'",
        Kind.PREDICTION_FAILED,
        "$name",
        "TensorFlow knows the op $name and has no code to run it on this machine: it is for another device (GPU, "
        "TPU), another dtype, or was left out of this build",
        ("run it where the op has a kernel", "or save the model without this op"),
        MEASURED,
        stages=_ANY_USE,
        blame=Blame.LOADER,
        exact_kind=Kind.NO_KERNEL,
    ),
    KnownFailure(
        r"Could not find variable (?P<name>(?!_AnonymousVar)\S+)\. This could mean that the variable has been deleted",
        Kind.PREDICTION_FAILED,
        "$name",
        # Which variable is named is that which a thread of TensorFlow came to first.
        "its signatures read variables that restoring the SavedModel does not fill: it fills others; "
        "tf.saved_model.save() writes Keras 3 models this way: TensorFlow Serving loads the model, and fails at the "
        "first request",
        (_EXPORT,),
        "keras#19274",
        stages=("predict",),
        formats=SAVED_MODEL,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"'_UserObject' object has no attribute 'add_slot'",
        Kind.LOAD_FAILED,
        "optimizer",
        "the SavedModel holds the state of a Keras 2 optimizer, which TensorFlow $tensorflow cannot restore without "
        "Keras 2",
        (
            "save the model without it: tf.keras.models.save_model(model, path, include_optimizer=False)",
            "or compile() it again after loading, and save only what serves predictions",
        ),
        "Real-TIme-Skin-Type-Detection#1",
        formats=SAVED_MODEL,
        blame=Blame.LOADER,
        exact_kind=Kind.OPTIMIZER_NOT_READ,
    ),
    KnownFailure(
        r"was expected to be a (?P<wanted>half|bfloat16|float|double) tensor but is a (?P<got>\w+) tensor",
        Kind.PREDICTION_FAILED,
        "signature",
        "the exported signature says $got where the graph computes in $wanted: Keras 3.3 exports mixed-precision "
        "models with the wrong dtype",
        ("export it with Keras 3.6 or newer",),
        MEASURED,
        stages=_ANY_USE,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Could not find matching (?:concrete )?function to call loaded from the SavedModel",
        Kind.PREDICTION_FAILED,
        "signature",
        "none of the functions in the SavedModel was traced for arguments like these: another shape, dtype, number "
        "of inputs, or a keyword such as training",
        ("save it with a signature that takes what production sends", OptionFix("inputs", "...", "or give others: ")),
        "tensorflow#37298",
        stages=_ANY_USE,
    ),
    KnownFailure(
        r"no attribute '_keras_mask'",
        Kind.PREDICTION_FAILED,
        "mask",
        "the model's layers expect a mask, and masks do not survive a SavedModel or TFSMLayer",
        ("compute the mask inside call(), from the inputs", "or save the model as .keras"),
        "keras#21133",
        stages=_ANY_USE,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"Error while reading resource variable \S+ from Container: localhost",
        Kind.PREDICTION_FAILED,
        "variable",
        "a function of the model reads a variable that is gone: the variable was not saved with it, or the model it "
        "belongs to was deleted",
        (
            "keep the variable as an attribute of the model that is saved, not in a global",
            "with Keras 3.0 on TensorFlow 2.15: upgrade both",
        ),
        "mlflow#11411, mlflow#4655",
        stages=_ANY_USE,
    ),
)
