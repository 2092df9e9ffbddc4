"""Lambda layers: refused, or Python bytecode that this Python cannot run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.diagnosis.declarations import OR_UNCOMPILED, OR_UNSAFE, saved_model_alone
from pytest_modelcompat.diagnosis.known_failure import (
    KnownFailure,
    TemplateValues,
    has_bytecode,
    incompatible_bytecode,
)
from pytest_modelcompat.results.finding import MEASURED, Blame, Kind

if TYPE_CHECKING:
    from pytest_modelcompat.diagnosis.context import DiagnosisContext

_NO_LAMBDA = (
    "replace the lambda by a layer, a subclass of $keras.layers.Layer with call(), and declare it",
    "or give Lambda a function decorated with $decorator, and declare its module",
    saved_model_alone("or leave .h5 and .keras; a SavedModel holds what the lambda computes, and not its code: "),
)
_BYTECODE = (
    "the artifact holds Python bytecode$saved_python in $lambdas, which only the Python that wrote it can run; "
    "this is CPython $python"
)

_REFUSED = (
    r"whose `function` is a Python lambda|of this `Lambda` layer is a Python lambda|"
    r"[Rr]equested the deserialization of a (?:Python )?`?[Ll]ambda`?"
)


def _in_compile(_: TemplateValues, context: DiagnosisContext) -> bool:
    """Holds where `compile()` was given the lambda, and no layer has one."""
    return not context.lambda_layers and "__lambda__" in repr(context.inventory.training)


LAMBDA_FAILURES = (
    KnownFailure(
        _REFUSED,
        Kind.LAMBDA_REFUSED,
        "compile()",
        "compile() was given a lambda, which the file holds as bytecode and Keras runs only where safe_mode is off",
        ("give compile() a function with a name, and declare that", OR_UNCOMPILED, OR_UNSAFE),
        MEASURED,
        when=_in_compile,
        blame=Blame.WRITER,
    ),
    KnownFailure(
        _REFUSED,
        Kind.LAMBDA_REFUSED,
        "Lambda",
        "$lambdas holds a Python lambda as bytecode, which Keras runs only where safe_mode is off",
        (*_NO_LAMBDA, OR_UNSAFE),
        "keras#19151",
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"bad marshal data",
        Kind.LOAD_FAILED,
        "Lambda",
        _BYTECODE,
        _NO_LAMBDA,
        "keras#7440, keras#14875",
        stages=("load", "predict"),
        blame=Blame.WRITER,
        exact_kind=Kind.PYTHON_BYTECODE,
    ),
    KnownFailure(
        r"unknown opcode|codeobject\.c|no locals found|EOF read where object expected|marshal data too short|"
        r"XXX lineno: \d+, opcode",
        Kind.LOAD_FAILED,
        "Lambda",
        _BYTECODE,
        _NO_LAMBDA,
        "keras#9595, keras#11870",
        stages=("load", "predict"),
        blame=Blame.WRITER,
        exact_kind=Kind.PYTHON_BYTECODE,
    ),
    KnownFailure(
        r"",
        Kind.LOAD_FAILED,
        "Lambda",
        _BYTECODE,
        _NO_LAMBDA,
        MEASURED,
        stages=("load", "predict"),
        exceptions=("SystemError",),
        when=has_bytecode,
        blame=Blame.WRITER,
        exact_kind=Kind.PYTHON_BYTECODE,
    ),
    KnownFailure(
        # Keras takes what the bytecode raises for a model that cannot be built yet, and goes on to the weights.
        r"Layer count mismatch when loading weights|weight file containing \d+ layers into a model with",
        Kind.LOAD_FAILED,
        "Lambda",
        _BYTECODE,
        _NO_LAMBDA,
        MEASURED,
        when=incompatible_bytecode,
        blame=Blame.WRITER,
        exact_kind=Kind.PYTHON_BYTECODE,
    ),
    KnownFailure(
        r"could not automatically infer the (?:output )?shape of the Lambda",
        Kind.LOAD_FAILED,
        "Lambda",
        "the function of $lambdas cannot run in a fresh process: it uses a name such as `tf` that it does not import "
        "itself, or Keras cannot tell the shape of its output",
        (
            *_NO_LAMBDA,
            "or give it what it needs: Lambda(..., output_shape=...), with `import tensorflow as tf` inside",
        ),
        MEASURED,
        stages=("load", "predict"),
        blame=Blame.WRITER,
    ),
    KnownFailure(
        r"name '(?P<name>\w+)' is not defined",
        Kind.LOAD_FAILED,
        "Lambda",
        "the function of $lambdas uses the global name '$name', which exists in the module that made the model and "
        "in no other",
        _NO_LAMBDA,
        stages=("load", "predict"),
        exceptions=("NameError",),
        when=has_bytecode,
        blame=Blame.WRITER,
    ),
)
