"""Models that cannot be loaded again, saved for real: `python broken_models.py FOLDER`."""

from __future__ import annotations

import base64
import dis
import json
import marshal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable


class Scale(layers.Layer):  # type: ignore[misc]  # Keras comes without types
    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


class Projection(layers.Layer):  # type: ignore[misc]
    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    def call(self, inputs: Any) -> Any:
        return inputs * float(self.units)


class Closed(layers.Layer):  # type: ignore[misc]
    """Writes a key that its constructor does not take."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        return inputs * 2.0

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": 2.0}


class Forgetful(layers.Layer):  # type: ignore[misc]
    """Requires an argument that its configuration does not return."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def call(self, inputs: Any) -> Any:
        return inputs * float(self.units)

    def get_config(self) -> dict[str, Any]:
        return dict(super().get_config())


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)


def swish_like(x: Any) -> Any:
    return x * keras.ops.sigmoid(x)


def soft_loss(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y_true - y_pred))


def sequential(*hidden: Any, shape: tuple[int, ...] = (4,)) -> Any:
    return keras.Sequential([keras.Input(shape), *hidden])


def compiled_with_strings() -> Any:
    model = sequential(layers.Dense(1))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def compiled_with_own_loss() -> Any:
    model = sequential(layers.Dense(1))
    model.compile(optimizer="adam", loss=soft_loss)
    return model


def vectorized() -> Any:
    layer = layers.TextVectorization(output_sequence_length=3)
    layer.adapt(["one two three"])
    return keras.Sequential([keras.Input((1,), dtype="string"), layer])


def masked() -> Any:
    ids = keras.Input((5,))
    return keras.Model(ids, layers.LSTM(2)(layers.Embedding(10, 4, mask_zero=True)(ids)))


def doubling() -> Any:
    return sequential(layers.Lambda(lambda x: x * 2.0, name="double"))


def subclassed() -> Any:
    model = Subclassed(name="own")
    model(np.zeros((1, 4), "float32"))
    return model


class WithPythonFunction(tf.Module):  # type: ignore[misc]
    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])  # type: ignore[untyped-decorator]
    def __call__(self, inputs: Any) -> Any:
        doubled = tf.py_function(lambda x: x * 2.0, [inputs], tf.float32)
        return {"outputs": tf.ensure_shape(doubled, [None, 4])}


class Doubling(tf.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return {"y": tf.nn.relu(x) * self.factor}


MODELS: dict[str, Callable[[], Any]] = {
    "strings.h5": compiled_with_strings,
    "own_loss.h5": compiled_with_own_loss,
    "own_loss.keras": compiled_with_own_loss,
    "vectorized.h5": vectorized,
    "masked.h5": masked,
    "bfloat16.h5": lambda: sequential(layers.Dense(1, dtype="bfloat16")),
    "doubling.h5": doubling,
    "doubling.keras": doubling,
    "scale.h5": lambda: sequential(Scale()),
    "scale.keras": lambda: sequential(Scale()),
    "projection.h5": lambda: sequential(Projection(3)),
    "projection.keras": lambda: sequential(Projection(3)),
    "closed.h5": lambda: sequential(Closed()),
    "closed.keras": lambda: sequential(Closed()),
    "forgetful.h5": lambda: sequential(Forgetful(3)),
    "forgetful.keras": lambda: sequential(Forgetful(3)),
    "foreign_bytecode.h5": doubling,
    "cut_bytecode.h5": doubling,
    "activation.h5": lambda: sequential(layers.Dense(1, activation=swish_like)),
    "activation.keras": lambda: sequential(layers.Dense(1, activation=swish_like)),
    "subclassed.h5": subclassed,
    "subclassed.keras": subclassed,
    "dense.h5": lambda: sequential(layers.Dense(1)),
    "dense.keras": lambda: sequential(layers.Dense(1)),
}


def replace_bytecode(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Changes the code of the Lambda layers in an .h5, as if another Python had marshalled it."""
    with h5py.File(file, "r+") as opened:
        config = json.loads(opened.attrs["model_config"])
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "Lambda":
                stored = layer["config"]["function"]["config"]
                stored["code"] = base64.b64encode(change(base64.b64decode(stored["code"]))).decode()
        opened.attrs["model_config"] = json.dumps(config)


def with_foreign_opcodes(marshalled: bytes) -> bytes:
    """POP_TOP on an empty stack, again and again: what an opcode of one Python may mean to another."""
    code = marshal.loads(marshalled)  # noqa: S302 - made a moment ago by this very process
    pops = bytes([dis.opmap["POP_TOP"], 0]) * 200
    return marshal.dumps(code.replace(co_code=pops, co_stacksize=1))


def save_modules(folder: Path) -> None:
    """Saves SavedModels that lack something: a Python function, an op, their variables."""
    calling = WithPythonFunction()
    tf.saved_model.save(calling, str(folder / "python_function"), signatures=calling.__call__)
    for name in ("unknown_op", "no_variables"):
        module = Doubling()
        tf.saved_model.save(module, str(folder / name), signatures=module.__call__)
    graph = folder / "unknown_op" / "saved_model.pb"
    graph.write_bytes(graph.read_bytes().replace(b"Relu", b"Fanc"))
    for data in (folder / "no_variables" / "variables").glob("*.data*"):
        data.unlink()


def save_lookalikes(folder: Path) -> None:
    """Saves files that are not what they are called."""
    dense = (folder / "dense.keras").read_bytes()
    (folder / "truncated.keras").write_bytes(dense[: len(dense) // 2])
    (folder / "zip_named.h5").write_bytes(dense)
    (folder / "hdf5_named.keras").write_bytes((folder / "dense.h5").read_bytes())
    model = sequential(layers.Dense(1))
    model.save_weights(folder / "only.weights.h5")


def save_all(folder: Path) -> None:
    """Saves each broken model under its name."""
    for name, build in MODELS.items():
        build().save(folder / name)
    replace_bytecode(folder / "foreign_bytecode.h5", with_foreign_opcodes)
    replace_bytecode(folder / "cut_bytecode.h5", lambda code: code[:40])
    save_modules(folder)
    save_lookalikes(folder)


if __name__ == "__main__":
    save_all(Path(sys.argv[1]))
