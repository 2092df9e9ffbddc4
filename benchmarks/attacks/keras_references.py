"""Attacks by the names of modules, classes and functions in a Keras configuration, in every place that takes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.keras_files import (
    CARRIER,
    Config,
    compiled,
    function,
    functional,
    h5_attack,
    instance,
    keras_attack,
    lambda_layer,
    layer,
    legacy_sequential,
    named,
    sequential,
    tensor,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _called(module: str, name: str, arguments: Callable[[Path], list[Any]]) -> Callable[[Path], Config]:
    """A function in the place of a layer, called with these arguments."""
    return lambda canary: functional({**function(module, name), "name": CARRIER}, arguments(canary))


def _profiled(canary: Path) -> dict[str, Any]:
    """What makes `cProfile.runctx` write the canary, whatever it is called with."""
    return {"globals": {}, "locals": {}, "filename": str(canary)}


def _lambda_of(module: str | None, name: str, **arguments: Any) -> Callable[[Path], Config]:
    return lambda _: sequential(lambda_layer(function(module, name), arguments=arguments))


def _non_modelling(module: str, name: str, **arguments: Any) -> Attack:
    """A Lambda that calls a function of Keras which no model is made of."""
    return keras_attack(
        f"keras-{name.replace('_', '-')}",
        f"{module}.{name} for a function of the model",
        named(name, CARRIER),
        _lambda_of(module, name, **arguments),
    )


def _legacy(**given: Any) -> Config:
    config = {"name": CARRIER, "trainable": True, "dtype": "float32", "function_type": "function", "arguments": {}}
    shape = {"output_shape": None, "output_shape_type": "raw", "output_shape_module": None}
    return legacy_sequential({"class_name": "Lambda", "config": {**config, **shape, **given}})


def _typespec(module: str, name: str) -> Config:
    keys = {"class_name": "__typespec__", "spec_name": name, "module": module, "registered_name": None}
    return {**keys, "config": [[None, 2], "float32"]}


def _metric(canary: Path) -> Config:
    del canary
    return compiled(metrics=[instance("keras.metrics", "MeanMetricWrapper", name="m", fn=function("os", "system"))])


ATTACKS: tuple[Attack, ...] = (
    keras_attack(
        "call-os-system",
        ("os.system called in a functional model", "modelaudit: CVE-2025-1550: Dangerous Module in Config"),
        named(r"os\.system", CARRIER),
        _called("os", "system", lambda canary: [f"touch {canary}"]),
    ),
    keras_attack(
        "call-posix-system",
        "posix.system, the other name of os.system",
        named(r"posix\.system", CARRIER),
        _called("posix", "system", lambda canary: [f"touch {canary}"]),
    ),
    keras_attack(
        "call-eval",
        "builtins.eval called in a functional model",
        named(r"builtins\.eval", CARRIER),
        _called("builtins", "eval", lambda canary: [f"open({str(canary)!r}, 'w').close()"]),
    ),
    keras_attack(
        "class-popen",
        "the class subprocess.Popen for a layer",
        named(r"subprocess\.Popen", CARRIER),
        lambda canary: functional(
            {**instance("subprocess", "Popen", args=["touch", str(canary)]), "name": CARRIER}, [tensor()]
        ),
    ),
    keras_attack(
        "lambda-subprocess-run",
        "subprocess.run for a Lambda's function",
        named(r"subprocess\.run", CARRIER),
        lambda canary: functional(lambda_layer(function("subprocess", "run")), [], {"inputs": ["touch", str(canary)]}),
    ),
    keras_attack(
        "lambda-profiled",
        "a function of the standard library that writes a file whatever its first argument is",
        named(r"cProfile\.runctx", CARRIER),
        lambda canary: sequential(lambda_layer(function("cProfile", "runctx"), arguments=_profiled(canary))),
    ),
    keras_attack(
        "registered-fallback",
        "a harmless name, and the real one as its registered name",
        named(r"os\b.*system", CARRIER),
        lambda canary: functional(
            {**function("os", "relu", registered="system"), "name": CARRIER}, [f"touch {canary}"]
        ),
    ),
    keras_attack(
        "output-shape-function",
        "os.system for a Lambda's output_shape",
        named(r"os\.system", CARRIER),
        lambda _: sequential(
            lambda_layer(instance("keras.activations", "relu"), output_shape=function("os", "system"))
        ),
    ),
    keras_attack(
        "mask-function",
        "os.system for a Lambda's mask",
        named(r"os\.system", CARRIER),
        lambda _: sequential(lambda_layer(instance("keras.activations", "relu"), mask=function("os", "system"))),
    ),
    keras_attack(
        "arguments-function",
        "os.system in a Lambda's arguments",
        named(r"os\.system", CARRIER),
        _lambda_of("keras.ops", "relu", deep=[{"er": function("os", "system")}]),
    ),
    keras_attack(
        "node-kwargs-function",
        "os.system in a node's kwargs",
        named(r"os\.system", CARRIER),
        lambda _: functional(layer("ReLU"), [tensor()], {"mask": function("os", "system")}),
    ),
    keras_attack(
        "activation-function",
        "os.system for an activation",
        named(r"os\.system", CARRIER),
        lambda _: sequential(layer("Dense", units=2, activation=function("os", "system"))),
    ),
    keras_attack(
        "initializer-function",
        "a function of the standard library that an initializer names, called with the shape",
        named(r"cProfile\.runctx", CARRIER),
        lambda canary: sequential(
            layer("Dense", units=2, kernel_initializer=function("cProfile", "runctx"), note=str(canary))
        ),
    ),
    keras_attack(
        "typespec-class",
        "a class of no TensorFlow for a type specification",
        named(r"subprocess\.Popen", CARRIER),
        lambda _: functional(layer("ReLU"), [tensor(), _typespec("subprocess", "Popen")]),
    ),
    keras_attack(
        "loss-function",
        "os.system for a loss",
        named(r"os\.system", "compile"),
        lambda _: compiled(loss=function("os", "system")),
    ),
    keras_attack("metric-function", "os.system within a metric", named(r"os\.system", "compile"), _metric),
    keras_attack(
        "build-config-function",
        "os.system in a layer's build_config",
        named(r"os\.system", CARRIER),
        lambda _: sequential(
            {**layer("ReLU"), "build_config": {"input_shape": [None, 2], "note": function("os", "system")}}
        ),
    ),
    keras_attack(
        "op-map-function",
        "os.system for what an operation maps",
        named(r"os\.system", CARRIER),
        lambda _: functional(
            layer("VectorizedMap", home="keras.src.ops.core", function=function("os", "system")), [tensor()]
        ),
    ),
    keras_attack(
        "tensorflow-write-file",
        "tf.io.write_file for a Lambda's function",
        named("write_file", CARRIER),
        _lambda_of("tensorflow._api.v2.io", "write_file", contents=""),
    ),
    keras_attack(
        "keras-private-function",
        "a private function of Keras that reads bytecode",
        named("func_load", CARRIER),
        _lambda_of("keras.src.utils.python_utils", "func_load"),
    ),
    keras_attack(
        "keras-private-safe-mode",
        "the private function of Keras that sets what safe mode is",
        named("set_global_attribute", CARRIER),
        _lambda_of("keras.src.backend.common.global_state", "set_global_attribute", value=False),
    ),
    _non_modelling("keras.models", "load_model", safe_mode=False),
    _non_modelling("keras.saving", "load_weights", filepath="/etc/hostname"),
    _non_modelling("keras.utils", "load_img"),
    _non_modelling("keras.utils", "save_img", path="/never"),
    _non_modelling("keras.models", "save_model"),
    _non_modelling("keras.models", "model_from_json"),
    _non_modelling("keras.utils", "deserialize_keras_object"),
    _non_modelling("keras.utils", "text_dataset_from_directory"),
    _non_modelling("keras.config", "set_backend"),
    h5_attack(
        "h5-lambda-function",
        "os.system for the function of an .h5 file's Lambda",
        named(r"os\.system", CARRIER),
        lambda _: _legacy(function="system", module="os"),
    ),
    h5_attack(
        "h5-lambda-output-function",
        "os.system for the output_shape of an .h5 file's Lambda",
        named(r"os\.system", CARRIER),
        lambda _: _legacy(
            function="relu",
            module="keras.activations",
            output_shape="system",
            output_shape_type="function",
            output_shape_module="os",
        ),
    ),
    h5_attack(
        "h5-class-of-a-module",
        "a class of subprocess in an .h5 file that names modules",
        named(r"subprocess\.Popen", CARRIER),
        lambda canary: legacy_sequential(
            {"class_name": "Popen", "module": "subprocess", "config": {"name": CARRIER, "args": ["touch", str(canary)]}}
        ),
    ),
)

NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt(
        "a Lambda's function by its registered name",
        "A registered name leads to what the loading process itself has registered, and to nothing in the file.",
    ),
)
