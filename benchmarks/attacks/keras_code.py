"""Attacks by Python bytecode in a Keras configuration, everywhere that a Keras deserializes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attacks.keras_files import (
    CARRIER,
    Config,
    code_list,
    compiled,
    functional,
    h5_attack,
    instance,
    keras_attack,
    lambda_code,
    lambda_layer,
    lambda_value,
    layer,
    legacy_lambda,
    legacy_sequential,
    named,
    sequential,
    tensor,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from attacks.attack import Attack

_IN_CARRIER = named("bytecode", CARRIER)
_IN_COMPILE = named("bytecode", r"compile")
_RELU = layer("ReLU", "relu")


def _one(make: Callable[[Path], Config]) -> Callable[[Path], Config]:
    return lambda canary: sequential(make(canary))


def _dense(**config: Callable[[Path], Any]) -> Callable[[Path], Config]:
    return lambda canary: sequential(layer("Dense", units=2, **{key: make(canary) for key, make in config.items()}))


def _deep(canary: Path) -> Any:
    value: Any = lambda_value(canary)
    for depth in range(12):
        value = {f"level_{depth}": [value]} if depth % 2 else {"class_name": "__tuple__", "items": [value]}
    return value


def _nested(canary: Path) -> Config:
    inner = sequential(lambda_layer(lambda_code(canary)))
    inner["config"]["name"] = "inner"
    return sequential(layer("TimeDistributed", "outer", layer=functional_of(inner)), _RELU)


def functional_of(model: Config) -> Config:
    """A functional model around another model."""
    return functional({**model, "name": "inner"}, [tensor()])


def _shared(canary: Path) -> Config:
    dense = layer("Dense", "first", units=2)
    sound = {**instance("keras.initializers", "Zeros"), "shared_object_id": 7}
    evil = {**instance("keras.initializers", "Constant", value=lambda_value(canary)), "shared_object_id": 7}
    dense["config"]["kernel_initializer"] = sound
    return sequential(dense, layer("Dense", units=2, kernel_initializer=evil))


def _schedule(canary: Path) -> Config:
    rate = instance("keras.optimizers.schedules", "ExponentialDecay", initial_learning_rate=lambda_value(canary))
    return compiled(optimizer=instance("keras.optimizers", "SGD", learning_rate=rate))


def _training(loss: Any, optimizer: Any = None) -> Config:
    optimizer = optimizer or {"class_name": "SGD", "config": {"learning_rate": 0.01}}
    given = {"metrics": None, "weighted_metrics": None, "loss_weights": None}
    return {"loss": loss, "optimizer_config": optimizer, **given}


def _legacy_schedule(canary: Path) -> Config:
    rate = {"class_name": "LambdaSchedule", "config": {"function": code_list(canary), "function_type": "lambda"}}
    return _training("mse", {"class_name": "SGD", "config": {"learning_rate": rate}})


def _residual(canary: Path) -> Config:
    cell = instance("keras.layers", "LSTMCell", name="cell", units=2)
    wrapped = {
        "residual_function": code_list(canary),
        "residual_function_type": "lambda",
        "residual_function_module": "",
    }
    wrapper = layer("ResidualWrapper", CARRIER, "keras.__internal__.rnn", cell=cell, **wrapped)
    return sequential(layer("RNN", "rnn", cell=wrapper))


def _sound_legacy(name: str = "relu") -> Config:
    return {"class_name": "ReLU", "config": {"name": name, "trainable": True, "dtype": "float32"}}


ATTACKS: tuple[Attack, ...] = (
    keras_attack(
        "lambda-value", "a Lambda's function as `value`", _IN_CARRIER, _one(lambda c: lambda_layer(lambda_value(c)))
    ),
    keras_attack(
        "lambda-output-shape",
        "code in `output_shape`",
        _IN_CARRIER,
        _one(lambda c: lambda_layer(instance("keras.activations", "relu"), output_shape=lambda_code(c))),
    ),
    keras_attack(
        "lambda-mask",
        "code in `mask`",
        _IN_CARRIER,
        _one(lambda c: lambda_layer(instance("keras.activations", "relu"), mask=lambda_code(c))),
    ),
    keras_attack(
        "lambda-arguments",
        "code in `arguments`",
        _IN_CARRIER,
        _one(
            lambda c: lambda_layer(instance("keras.activations", "relu"), arguments={"deep": [{"er": lambda_value(c)}]})
        ),
    ),
    keras_attack(
        "node-args", "code in a node's args", _IN_CARRIER, lambda c: functional(layer("ReLU"), [lambda_value(c)])
    ),
    keras_attack(
        "node-kwargs",
        "code in a node's kwargs",
        _IN_CARRIER,
        lambda c: functional(layer("ReLU"), [tensor()], {"training": lambda_value(c)}),
    ),
    keras_attack(
        "node-args-list",
        "code in a list in a node's args",
        _IN_CARRIER,
        lambda c: functional(layer("Add"), [[tensor(), [lambda_value(c)]]]),
    ),
    keras_attack(
        "node-args-dict",
        "code in a dictionary in a node's args",
        _IN_CARRIER,
        lambda c: functional(layer("Add"), [{"first": {"second": lambda_value(c)}}]),
    ),
    keras_attack(
        "node-args-tuple",
        "code in a `__tuple__` in a node's args",
        _IN_CARRIER,
        lambda c: functional(layer("Add"), [{"class_name": "__tuple__", "items": [tensor(), lambda_value(c)]}]),
    ),
    keras_attack(
        "node-slice",
        "code in a `__slice__` in a node's args",
        _IN_CARRIER,
        lambda c: functional(
            layer("GetItem", home="keras.src.ops.numpy"),
            [tensor(), {"class_name": "__slice__", "config": {"start": lambda_value(c), "stop": 1, "step": None}}],
        ),
    ),
    keras_attack(
        "typespec-config",
        "code in the configuration of a `__typespec__`",
        _IN_CARRIER,
        lambda c: functional(
            layer("ReLU"),
            [
                {
                    "class_name": "__typespec__",
                    "spec_name": "TensorSpec",
                    "module": "tensorflow.python.framework.tensor_spec",
                    "registered_name": None,
                    "config": {"shape": lambda_value(c)},
                }
            ],
        ),
    ),
    keras_attack(
        "initializer-argument",
        "code in an initializer's argument",
        _IN_CARRIER,
        _dense(kernel_initializer=lambda c: instance("keras.initializers", "Constant", value=lambda_value(c))),
    ),
    keras_attack("initializer", "code for an initializer", _IN_CARRIER, _dense(kernel_initializer=lambda_value)),
    keras_attack("activation", "code for an activation", _IN_CARRIER, _dense(activation=lambda_code)),
    keras_attack("constraint", "code in an unnamed value", _IN_CARRIER, _dense(whatever=lambda_value)),
    keras_attack("deep-value", "code twelve levels deep", _IN_CARRIER, _dense(whatever=_deep)),
    keras_attack(
        "build-config",
        "code in a layer's build_config",
        _IN_CARRIER,
        lambda c: sequential({**layer("ReLU"), "build_config": {"input_shape": [None, 2], "note": lambda_value(c)}}),
    ),
    keras_attack("loss", "code for a loss", _IN_COMPILE, lambda c: compiled(loss=lambda_value(c)), unsafe_mode=True),
    keras_attack(
        "metrics",
        "code among nested metrics",
        _IN_COMPILE,
        lambda c: compiled(metrics={"out": [["mae", lambda_value(c)]]}),
    ),
    keras_attack(
        "loss-config",
        "code in a loss's configuration",
        _IN_COMPILE,
        lambda c: compiled(loss=instance("keras.losses", "LossFunctionWrapper", fn=lambda_value(c))),
    ),
    keras_attack("schedule", "code in an optimizer's schedule", _IN_COMPILE, _schedule),
    keras_attack(
        "op-map",
        "code that an operation maps",
        _IN_CARRIER,
        lambda c: functional(layer("VectorizedMap", home="keras.src.ops.core", function=lambda_value(c)), [tensor()]),
    ),
    keras_attack(
        "dtype-policy",
        "code in a dtype policy",
        _IN_CARRIER,
        lambda c: sequential(
            {
                **instance("keras.layers", "ReLU", name=CARRIER),
                "config": {"name": CARRIER, "dtype": instance("keras", "DTypePolicy", name=lambda_value(c))},
            }
        ),
    ),
    keras_attack(
        "wrapped-lambda",
        "a Lambda in a wrapper",
        _IN_CARRIER,
        _one(lambda c: layer("TimeDistributed", "outer", layer=lambda_layer(lambda_code(c)))),
    ),
    keras_attack("nested-models", "a Lambda in models within a wrapper", _IN_CARRIER, _nested),
    keras_attack("shared-object", "code behind the id of a shared object", _IN_CARRIER, _shared),
    keras_attack("residual-wrapper", "code of Keras 2's ResidualWrapper", _IN_CARRIER, _residual),
    keras_attack(
        "legacy-list",
        "a Lambda of Keras 2 in a .keras file",
        _IN_CARRIER,
        lambda c: sequential({**legacy_lambda(c), "module": "keras.layers", "registered_name": None}),
    ),
    h5_attack(
        "h5-lambda",
        ("a Lambda in an .h5 file", "modelscan: H5LambdaDetectScan"),
        _IN_CARRIER,
        lambda c: legacy_sequential(legacy_lambda(c)),
    ),
    h5_attack(
        "h5-lambda-output-shape",
        "code in the output_shape of an .h5 file's Lambda",
        _IN_CARRIER,
        lambda c: legacy_sequential(
            legacy_lambda(
                c, function="relu", function_type="function", output_shape=code_list(c), output_shape_type="lambda"
            )
        ),
    ),
    h5_attack(
        "h5-lambda-mask",
        "code in the mask of an .h5 file's Lambda",
        _IN_CARRIER,
        lambda c: legacy_sequential(
            legacy_lambda(c, function="relu", function_type="function", mask=code_list(c), mask_type="lambda")
        ),
    ),
    h5_attack(
        "h5-bytes",
        "an .h5 file's model_config as bytes",
        _IN_CARRIER,
        lambda c: legacy_sequential(legacy_lambda(c)),
        as_bytes=True,
    ),
    h5_attack(
        "hdf5-suffix", "an .hdf5 file", _IN_CARRIER, lambda c: legacy_sequential(legacy_lambda(c)), suffix=".hdf5"
    ),
    h5_attack(
        "h5-wrapped",
        "a Lambda in a wrapper of an .h5 file",
        _IN_CARRIER,
        lambda c: legacy_sequential(
            {"class_name": "TimeDistributed", "config": {"name": "outer", "layer": legacy_lambda(c)}}
        ),
    ),
    h5_attack(
        "h5-loss",
        "code for a loss in an .h5 file",
        _IN_COMPILE,
        lambda _: legacy_sequential(_sound_legacy()),
        lambda c: _training(lambda_value(c)),
    ),
    h5_attack(
        "h5-schedule",
        "code in the schedule of an .h5 file's optimizer",
        _IN_COMPILE,
        lambda _: legacy_sequential(_sound_legacy()),
        _legacy_schedule,
    ),
)
