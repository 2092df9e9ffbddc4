"""Texts of failures that users met, exactly, with the versions and what was in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytest_modelcompat.artifacts.inventory import LambdaUse, LayerUse, ObjectUse
from pytest_modelcompat.results.finding import Kind

EXISTING = Path(__file__)
K2, K3, OLD_K3, NEW = "2.15.0", "3.15.1", "3.3.3", "3.15.1"


def wrapped(cause: str, name: str = "Dense") -> str:
    """As Keras 3 wraps a cause: the wrong one first, then a wall of config, then the cause."""
    config = "{'module': 'keras.layers', 'config': {'name': 'x', 'units': 1}}" * 50
    return (
        "<class 'keras.src.models.sequential.Sequential'> could not be deserialized properly. Please ensure that "
        f"components are explicitly deserialized.\n\nconfig={config}.\n\nException encountered: Error when "
        f"deserializing class '{name}' using config={config}.\n\nException encountered: {cause}"
    )


KERAS_2_TO_3: dict[str, Any] = {"saved": K2, "loaded": K3}
KERAS_3_TO_2 = {"saved": K3, "loaded": K2}
FORWARD = {"saved": NEW, "loaded": OLD_K3}
LAMBDA = {"lambdas": (LambdaUse(("double",), has_bytecode=True),)}
DECORATED = "Make sure custom classes and functions are decorated with `@keras.saving.register_keras_serializable()`."

TEXTS: list[tuple[str, str, dict[str, Any], Kind, str]] = [
    (
        "1",
        wrapped("Unrecognized keyword arguments: ['batch_shape']", "InputLayer"),
        KERAS_3_TO_2,
        Kind.LOAD_FAILED,
        "saved by Keras 3.*batch_shape",
    ),
    (
        "1 with optional",
        wrapped("Unrecognized keyword arguments: ['batch_shape', 'optional']", "InputLayer"),
        KERAS_3_TO_2,
        Kind.LOAD_FAILED,
        "saved by Keras 3",
    ),
    (
        "2",
        (
            "Could not deserialize class 'Functional' because its parent module keras.src.engine.functional cannot be "
            "imported. Full object config: {'module': 'keras.src.engine.functional'}"
        ),
        {**KERAS_2_TO_3, "format_": "keras"},
        Kind.LOAD_FAILED,
        r"private module keras\.src\.engine\.functional",
    ),
    (
        "3",
        (
            "Could not deserialize class 'Functional' because its parent module keras.src.models.functional cannot be "
            "imported. Full object config: {'module': 'keras.src.models.functional'}"
        ),
        {**KERAS_3_TO_2, "format_": "keras"},
        Kind.LOAD_FAILED,
        "same major version",
    ),
    (
        "4",
        f"Could not locate class 'Functional'. {DECORATED} Full object config: {{'module': 'tf_keras.src.engine'}}",
        {**KERAS_2_TO_3, "format_": "keras"},
        Kind.LOAD_FAILED,
        "tf_keras",
    ),
    (
        "5",
        "File format not supported: filepath=model. Keras 3 only supports V3 `.keras` files and legacy H5 format files",
        {"format_": "saved_model"},
        Kind.LOAD_FAILED,
        "SavedModel folder",
    ),
    (
        "6 before 3.11",
        f"Could not locate function 'mse'. {DECORATED}",
        {"loaded": OLD_K3},
        Kind.FORMAT_CANNOT_HOLD,
        "metrics and losses given as strings",
    ),
    (
        "6 since 3.11",
        "Could not deserialize 'keras.metrics.mse' because it is not a KerasSaveable subclass",
        {},
        Kind.FORMAT_CANNOT_HOLD,
        'given as strings \\("mse"\\)',
    ),
    (
        "7",
        wrapped("Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}", "DepthwiseConv2D"),
        KERAS_2_TO_3,
        Kind.LOAD_FAILED,
        "DepthwiseConv2D has an argument 'groups' that Keras 3 has removed",
    ),
    (
        "8",
        wrapped("Unrecognized keyword arguments passed to LSTM: {'time_major': False}", "LSTM"),
        KERAS_2_TO_3,
        Kind.LOAD_FAILED,
        "LSTM has an argument 'time_major'",
    ),
    (
        "8 in Keras 3.3",
        (
            "Could not interpret initializer identifier: {'module': 'keras.initializers', 'class_name': 'Orthogonal', "
            "'config': {'gain': 1.0, 'seed': None}, 'registered_name': None}"
        ),
        {"saved": K2, "loaded": OLD_K3},
        Kind.LOAD_FAILED,
        "initializers",
    ),
    (
        "9",
        "Unrecognized keyword arguments passed to SeparableConv2D: {'groups': 1, 'kernel_initializer': {}}",
        KERAS_2_TO_3,
        Kind.LOAD_FAILED,
        "SeparableConv2D has an argument 'groups'",
    ),
    (
        "9 attention",
        "Unrecognized keyword arguments passed to MultiHeadAttention: {'query_shape': [None, 4, 8]}",
        KERAS_2_TO_3,
        Kind.LOAD_FAILED,
        "'query_shape'",
    ),
    (
        "9 attention build",
        "MultiHeadAttention.build() missing 1 required positional argument: 'value_shape'",
        {**KERAS_2_TO_3, "exception": "TypeError"},
        Kind.LOAD_FAILED,
        "MultiHeadAttention.*value_shape",
    ),
    ("10", "Unknown layer: 'SlicingOpLambda'", KERAS_2_TO_3, Kind.UNKNOWN_LAYER, "TensorFlow function"),
    ("10 op", "Unknown layer: 'TFOpLambda'", KERAS_2_TO_3, Kind.UNKNOWN_LAYER, "called TFOpLambda"),
    ("11", "Unknown layer: 'NotEqual'", {}, Kind.FORMAT_CANNOT_HOLD, "the operation NotEqual"),
    ("11 slice", "Unknown layer: 'GetItem'", {}, Kind.FORMAT_CANNOT_HOLD, "the operation GetItem"),
    (
        "11 by its config",
        "Unknown layer: 'Rot90'",
        {"layers": (LayerUse("Rot90", ("rot90",), config={"name": "rot90"}),)},
        Kind.FORMAT_CANNOT_HOLD,
        "the operation Rot90",
    ),
    (
        "12",
        "unknown opcode",
        {"exception": "SystemError", **LAMBDA},
        Kind.LOAD_FAILED,
        'Python bytecode in Lambda layer "double"',
    ),
    (
        "12 internal",
        "Objects/codeobject.c:138: bad argument to internal function",
        {"exception": "SystemError", **LAMBDA},
        Kind.LOAD_FAILED,
        'bytecode in Lambda layer "double".*CPython 3.11',
    ),
    (
        "12 unheard of",
        "error return without exception set",
        {"exception": "SystemError", **LAMBDA},
        Kind.LOAD_FAILED,
        "bytecode",
    ),
    ("13", "bad marshal data (unknown type code)", LAMBDA, Kind.LOAD_FAILED, "bytecode in Lambda"),
    ("13 cut", "EOF read where object expected", {"exception": "EOFError", **LAMBDA}, Kind.LOAD_FAILED, "bytecode"),
    (
        "15",
        (
            "Requested the deserialization of a `Lambda` layer whose `function` is a Python lambda. This carries a "
            "potential risk of arbitrary code execution and thus it is disallowed by default."
        ),
        LAMBDA,
        Kind.LAMBDA_REFUSED,
        'Lambda layer "double" holds a Python lambda',
    ),
    (
        "16",
        (
            "Layer 'dense' expected 2 variables, but received 0 variables during loading. Expected: ['dense/kernel:0', "
            "'dense/bias:0']"
        ),
        {"format_": "keras"},
        Kind.LOAD_FAILED,
        'layer "dense" has 2 variables and the file gives it 0',
    ),
    (
        "17",
        "A total of 2 objects could not be loaded. Example error message for object <Dense name=dense, built=True>:",
        {"format_": "keras"},
        Kind.LOAD_FAILED,
        "weights of 2 layers",
    ),
    (
        "18",
        'Layer "dense" expects 1 input(s), but it received 2 input tensors. Inputs received: [<KerasTensor>]',
        FORWARD,
        Kind.LOAD_FAILED,
        "inside a Sequential",
    ),
    (
        "18 list",
        "'list' object has no attribute 'shape'",
        {"exception": "AttributeError", "saved": OLD_K3},
        Kind.LOAD_FAILED,
        "inside a Sequential",
    ),
    (
        "19",
        "functional_from_config.<locals>.get_tensor() takes 3 positional arguments but 14 were given",
        {**FORWARD, "exception": "TypeError"},
        Kind.LOAD_FAILED,
        "Keras 3.11 or newer",
    ),
    (
        "20",
        wrapped("Unrecognized keyword arguments passed to Dense: {'quantization_config': None}"),
        FORWARD,
        Kind.LOAD_FAILED,
        "Keras 3.15.1 writes 'quantization_config' for every Dense, and Keras 3.3.3",
    ),
    (
        "20 initializer",
        wrapped("GlorotUniform.__init__() got an unexpected keyword argument 'input_axes'"),
        FORWARD,
        Kind.LOAD_FAILED,
        "'input_axes' for every GlorotUniform",
    ),
    (
        "20 attention",
        "Unrecognized keyword arguments passed to MultiHeadAttention: {'use_gate': False, 'sliding_window': None}",
        FORWARD,
        Kind.LOAD_FAILED,
        "'use_gate'",
    ),
    (
        "21",
        "'str' object has no attribute 'quantization_mode'",
        {**KERAS_2_TO_3, "exception": "AttributeError"},
        Kind.LOAD_FAILED,
        "dtype policy",
    ),
    (
        "21 in Keras 3.3",
        "'str' object has no attribute 'convert_input'",
        {"saved": K2, "loaded": OLD_K3, "exception": "AttributeError"},
        Kind.LOAD_FAILED,
        "dtype policy",
    ),
    (
        "21 policy",
        f"Could not locate class 'Policy'. {DECORATED} Full object config: {{'name': 'mixed_float16'}}",
        KERAS_2_TO_3,
        Kind.LOAD_FAILED,
        "mixed precision",
    ),
    *(
        (
            f"22 as {exception}",
            (
                "Op type not registered 'FancyCustomMul' in binary running on host. Make sure the Op and Kernel are "
                "registered in the binary running in this process."
            ),
            {"exception": exception, "format_": "saved_model"},
            Kind.UNKNOWN_OP,
            "no op of this name",
        )
        for exception in ("RuntimeError", "NotFoundError", "FileNotFoundError")
    ),
    (
        "22 newer",
        "Op type not registered 'DisableCopyOnRead' in binary running on host.",
        {"format_": "saved_model"},
        Kind.UNKNOWN_OP,
        "TensorFlow 2.13 or newer",
    ),
    (
        "23",
        (
            "NodeDef mentions attr 'validate_shape' not in Op<name=AssignVariableOp; signature=resource:resource, "
            "value:dtype ->; attr=dtype:type>; (Check whether your GraphDef-interpreting binary is up to date)"
        ),
        {"format_": "saved_model"},
        Kind.UNKNOWN_OP,
        "AssignVariableOp has an attribute 'validate_shape'",
    ),
    (
        "24",
        "'_UserObject' object has no attribute 'add_slot'",
        {"exception": "AttributeError", "format_": "saved_model"},
        Kind.LOAD_FAILED,
        "Keras 2 optimizer",
    ),
    (
        "25",
        (
            "Exception encountered when calling TextVectorization.call().\n\n\x1b[1m{{function_node "
            "__wrapped__Lookup}} "
            "Table not initialized. [Op:LookupTableFindV2] name: \x1b[0m\n\nArguments received by "
            "TextVectorization.call():\n  • inputs=tf.Tensor(shape=(1, 1), dtype=string)"
        ),
        {"exception": "FailedPreconditionError", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "vocabulary of a lookup layer.*is lost",
    ),
    (
        "29",
        (
            "Unable to serialize [2.0896919 2.1128857 2.1081853] to JSON. Unrecognized type <class "
            "'tensorflow.python.framework.ops.EagerTensor'>."
        ),
        {"exception": "TypeError"},
        Kind.SAVE_FAILED,
        "EagerTensor.*EfficientNet",
    ),
    (
        "30",
        "Unable to synchronously open file (file signature not found)",
        {"exception": "OSError", "format_": "keras", "loaded": "2.10.0"},
        Kind.ARTIFACT_BROKEN,
        "expects an HDF5 file, and this is not one",
    ),
    (
        "30 old",
        "SavedModel file does not exist at: dense.keras/{saved_model.pbtxt|saved_model.pb}",
        {"exception": "OSError", "format_": "keras", "loaded": "2.4.0"},
        Kind.LOAD_FAILED,
        "cannot read .keras files",
    ),
    ("31", "Unknown layer: Functional", {"loaded": "2.2.0", "saved": "2.4.0"}, Kind.UNKNOWN_LAYER, "TensorFlow 2.3"),
    (
        "32",
        "You are trying to load a weight file containing 1 layers into a model with 0 layers.",
        {"loaded": "2.10.0"},
        Kind.FORMAT_CANNOT_HOLD,
        "weights of 1 layers.*has 0",
    ),
    (
        "32 of a functional model",
        "Layer count mismatch when loading weights from file. Model expected 2 layers, found 3 saved layers.",
        {"model_class": "Functional"},
        Kind.FORMAT_CANNOT_HOLD,
        "weights of 3 layers.*has 2",
    ),
    (
        "32 subclassed",
        "Layer count mismatch when loading weights from file. Model expected 0 layers, found 1 saved layers.",
        {"model_class": "Ranker"},
        Kind.FORMAT_CANNOT_HOLD,
        "the model is subclassed",
    ),
    (
        "33",
        (
            "cannot compute __inference_signature_wrapper___call___123 as input #0(zero-based) was expected to "
            "be a half "
            "tensor but is a float tensor [Op:__inference_signature_wrapper___call___123]"
        ),
        {"exception": "InvalidArgumentError", "format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "says float where the graph computes in half",
    ),
    (
        "34",
        "Could not find matching function to call loaded from the SavedModel. Got:\n  Positional arguments (2 total):",
        {"format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "traced for arguments",
    ),
    (
        "35",
        "'SymbolicTensor' object has no attribute '_keras_mask'",
        {"exception": "AttributeError", "format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "masks do not survive",
    ),
    (
        "serving",
        (
            "Graph execution error:\n\nDetected at node score/ReadVariableOp defined at (most recent call last):\n"
            "Could not find variable sequential/score/bias. This could mean that the variable has been deleted. In "
            "TF1, it can also mean the variable is uninitialized. Debug info: container=localhost, status error "
            "message=Resource localhost/sequential/score/bias/N10tensorflow3VarE does not exist.\n"
            "\t [[{{node score/ReadVariableOp}}]]"
        ),
        {"exception": "FailedPreconditionError", "format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "read variables that restoring the SavedModel does not fill",
    ),
    (
        "36",
        "weight_decay is not a valid argument, kwargs should be empty for `optimizer_experimental.Optimizer`.",
        {"loaded": "2.10.0", "saved": K2},
        Kind.LOAD_FAILED,
        "weight_decay",
    ),
    (
        "36 optimizer",
        "Unknown optimizer: Custom>Adam. Please ensure this object is passed to the `custom_objects` argument.",
        {"loaded": "2.4.0", "saved": K2},
        Kind.UNKNOWN_OBJECT,
        "Keras 2.11 or newer",
    ),
    (
        "37",
        (
            "Error while reading resource variable dense/kernel from Container: localhost. This could mean that the "
            "variable was uninitialized."
        ),
        {"exception": "FailedPreconditionError", "format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "variable that is gone",
    ),
    (
        "39",
        "pop expected at most 1 argument, got 2",
        {"exception": "TypeError", "saved": "2.1.3"},
        Kind.LOAD_FAILED,
        "saved by Keras 2.1.3.*plain list",
    ),
    (
        "41",
        "unsupported operand type(s) for %: 'NoneType' and 'int'",
        {"exception": "TypeError", "saved": "2.3.1"},
        Kind.LOAD_FAILED,
        "batch_input_shape",
    ),
    (
        "more: not callable",
        "'str' object is not callable",
        {
            "exception": "TypeError",
            "format_": "keras",
            "saved": K2,
            "loaded": K2,
            "layers": (LayerUse("Scale", ("scale",)),),
        },
        Kind.UNKNOWN_OBJECT,
        r"does not know \(Scale\)",
    ),
    (
        "more: cut off",
        "File not found: filepath=model.keras. Please ensure the file is an accessible `.keras` zip file.",
        {"format_": "keras"},
        Kind.ARTIFACT_BROKEN,
        "exists but is not a complete",
    ),
    (
        "more: old TensorFlow",
        "Expecting value: line 1 column 1 (char 0)",
        {"exception": "JSONDecodeError", "format_": "saved_model", "loaded": "2.4.0"},
        Kind.LOAD_FAILED,
        "metadata",
    ),
    (
        "more: kernel",
        "No OpKernel was registered to support Op 'MaxPoolGradV3' used by {{node x}} with these attrs: []",
        {"format_": "saved_model", "stage": "predict"},
        Kind.PREDICTION_FAILED,
        "no code to run it",
    ),
    (
        "more: activation",
        "'function' object has no attribute 'replace'",
        {"exception": "AttributeError", "saved": K2},
        Kind.FORMAT_CANNOT_HOLD,
        "custom activation",
    ),
    (
        "more: Lambda with tf",
        (
            "Exception encountered when calling Lambda.call().\n\n\x1b[1mWe could not automatically infer the "
            "shape of the "
            "Lambda's output. Please specify the `output_shape` argument for this Lambda layer.\x1b[0m\n\nArguments "
            "received by Lambda.call():\n  • args=('<KerasTensor>',)"
        ),
        {"exception": "NotImplementedError", **LAMBDA},
        Kind.LOAD_FAILED,
        "`tf` that it does not import",
    ),
    (
        "py_function",
        (
            "Graph execution error:\n\nDetected at node EagerPyFunc defined at (most recent call last):\n<stack traces "
            "unavailable>\nValueError: Could not find callback with key=pyfunc_0 in the registry.\nTraceback "
            "(most recent "
            'call last):\n\n  File "script_ops.py", line 257, in __call__\n\n\t [[{{node EagerPyFunc}}]]'
        ),
        {"exception": "InvalidArgumentError", "format_": "saved_model", "stage": "predict"},
        Kind.PYTHON_FUNCTION,
        "lives in the process that saved the model",
    ),
    (
        "min_consumer",
        "GraphDef min consumer version 99999 above current version 2211",
        {"format_": "saved_model"},
        Kind.LOAD_FAILED,
        "99999",
    ),
    (
        "missing argument",
        wrapped("Scale.__init__() missing 1 required positional argument: 'units'", "Scale"),
        {"layers": (LayerUse("Scale", ("scale",)),)},
        Kind.CANNOT_REBUILD,
        r"Scale\.__init__\(\) requires the argument 'units'",
    ),
    (
        "missing argument before Python 3.10",
        wrapped("__init__() missing 2 required positional arguments: 'units' and 'factor'", "Scale"),
        {},
        Kind.CANNOT_REBUILD,
        r"Scale\.__init__\(\) requires the argument 'units'",
    ),
    (
        "base argument",
        wrapped("__init__() got an unexpected keyword argument 'trainable'", "Scale"),
        {},
        Kind.CANNOT_REBUILD,
        "'trainable' for every layer",
    ),
    (
        "own argument",
        wrapped("Unrecognized keyword arguments passed to Closed: {'factor': 2.0}", "Closed"),
        {},
        Kind.CANNOT_REBUILD,
        "holds 'factor'",
    ),
    (
        "own layer",
        "Unknown layer: 'Scale'. Please ensure you are using a `keras.utils.custom_object_scope`",
        {"layers": (LayerUse("Scale", ("tower", "scale_2"), config={"trainable": True}),)},
        Kind.UNKNOWN_LAYER,
        "the test declares none",
    ),
    (
        "own loss",
        "Unknown loss function: 'soft_loss'. Please ensure you are using a `keras.utils.custom_object_scope`",
        {"objects": (ObjectUse("loss", "soft_loss", ("compile",)),), "loaded": K2},
        Kind.UNKNOWN_OBJECT,
        "no loss of this name",
    ),
]
