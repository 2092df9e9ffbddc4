"""Attacks by what holds a Keras configuration, and by layers that load something more."""

from __future__ import annotations

import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from attacks.attack import Attack, NotBuilt
from attacks.keras_files import (
    CARRIER,
    METADATA,
    Config,
    empty_npz,
    function,
    instance,
    keras_attack,
    lambda_code,
    lambda_layer,
    layer,
    named,
    sequential,
    write_keras,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_IN_CARRIER = named("bytecode", CARRIER)
_SOUND = sequential(layer("ReLU", "relu"))


def _evil(canary: Path) -> Config:
    return sequential(lambda_layer(lambda_code(canary)))


def _folder(folder: Path, canary: Path) -> Path:
    model = folder / "model"
    model.mkdir()
    (model / "config.json").write_text(json.dumps(_evil(canary)))
    (model / "metadata.json").write_text(json.dumps(METADATA))
    (model / "model.weights.npz").write_bytes(empty_npz())
    return model


def _large_letters(folder: Path, canary: Path) -> Path:
    return write_keras(folder / "MODEL.KERAS", _evil(canary))


def _same_key_twice(folder: Path, canary: Path) -> Path:
    """JSON whose last `layers` counts, for Python and so for Keras."""
    sound, evil = (json.dumps(each["config"]["layers"]) for each in (_SOUND, _evil(canary)))
    text = json.dumps(_SOUND).replace(f'"layers": {sound}', f'"layers": {sound}, "layers": {evil}')
    return write_keras(folder / "model.keras", text)


def _config_twice(folder: Path, canary: Path) -> Path:
    """A zip with two configurations, of which Python's zipfile gives the last."""
    path = folder / "model.keras"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("metadata.json", json.dumps(METADATA))
        archive.writestr("config.json", json.dumps(_SOUND))
        archive.writestr("model.weights.npz", empty_npz())
        archive.writestr("config.json", json.dumps(_evil(canary)))
    return path


def _escaped_json(folder: Path, canary: Path) -> Path:
    """Names in JSON's escapes, which a search in the text of the file does not see."""
    text = json.dumps(_evil(canary))
    for word in ("Lambda", "__lambda__"):
        text = text.replace(f'"{word}"', '"' + "".join(f"\\u{ord(letter):04x}" for letter in word) + '"')
    return write_keras(folder / "model.keras", text)


def _with_member(name: str, content: bytes) -> Callable[[Path, Path], Path]:
    return lambda folder, _: write_keras(folder / "model.keras", _SOUND, [(name, content)])


def _pickled(folder: Path, canary: Path) -> Path:
    code = f"cbuiltins\nexec\n(Vopen({str(canary)!r}, 'w').close()\ntR.".encode()
    return write_keras(folder / "model.keras", _SOUND, [("assets/tokenizer/vocabulary.pkl", code)])


def _tensorflow_layer(folder: Path, canary: Path) -> Path:
    """A TFSMLayer whose SavedModel writes a file when it is called."""
    import tensorflow as tf

    module = tf.Module()

    def serve(x: Any) -> Any:
        with tf.control_dependencies([tf.io.write_file(str(canary), "")]):
            return tf.identity(x)

    module.serve = tf.function(serve, input_signature=[tf.TensorSpec((None, 2))])
    tf.saved_model.save(module, str(folder / "elsewhere"), signatures={"serve": module.serve})
    root = sequential(layer("TFSMLayer", filepath=str(folder / "elsewhere"), call_endpoint="serve"))
    return write_keras(folder / "model.keras", root)


def _jax(canary: Path) -> Config:
    return sequential(layer("JaxLayer", call_fn=function("os", "system"), note=str(canary)))


def _flax(canary: Path) -> Config:
    return sequential(layer("FlaxLayer", module=instance("subprocess", "Popen", args=["touch", str(canary)])))


def _custom(canary: Path) -> Config:
    del canary
    return sequential(layer("Discount", home="pricing.layers"))


def _tokens(path: str, class_name: str = "TextVectorization", **config: Any) -> Config:
    return sequential(layer(class_name, vocabulary=path, output_mode="int", **config))


ATTACKS: tuple[Attack, ...] = (
    Attack("keras-folder", ("the folder that Keras 3 saves with zipped=False",), _IN_CARRIER, _folder),
    Attack("large-letters", ("a suffix in large letters",), _IN_CARRIER, _large_letters),
    Attack("same-key-twice", ("a key that its JSON object has twice",), _IN_CARRIER, _same_key_twice),
    Attack("config-twice", ("a zip with two configurations",), _IN_CARRIER, _config_twice),
    Attack("escaped-json", ("names in JSON's escapes",), _IN_CARRIER, _escaped_json),
    Attack("pickled-asset", ("a pickle among the assets",), named("pickle", r"vocabulary\.pkl"), _pickled),
    Attack(
        "python-member",
        ("a Python module in the zip", "modelaudit: Python File Detection"),
        named("member", r"layers\.py"),
        _with_member("layers.py", b"import os\n"),
    ),
    Attack(
        "program-member",
        ("a program in the zip", "modelaudit: Executable File Detection"),
        named("member", r"helper\.so"),
        _with_member("helper.so", b"\x7fELF\x02\x01\x01" + bytes(57)),
    ),
    Attack(
        "tensorflow-layer",
        ("a TFSMLayer with its SavedModel",),
        named("TFSMLayer", CARRIER),
        _tensorflow_layer,
        needs_tensorflow=True,
        unsafe_mode=True,
    ),
    keras_attack("jax-layer", "a JaxLayer", named("JaxLayer", CARRIER), _jax),
    keras_attack("flax-layer", "a FlaxLayer", named("FlaxLayer", CARRIER), _flax),
    keras_attack(
        "custom-class",
        ("a layer's class in a module from elsewhere", "modelaudit: Custom Layer Class Detection"),
        named(r"pricing\.layers\.Discount", CARRIER),
        _custom,
    ),
    keras_attack(
        "vocabulary",
        "the vocabulary of a TextVectorization in a file",
        named("/etc/hostname", CARRIER),
        lambda _: _tokens("/etc/hostname"),
    ),
    keras_attack(
        "vocabulary-integer",
        "the vocabulary of an IntegerLookup at an address",
        named("gs://bucket", "network", CARRIER),
        lambda _: _tokens("gs://bucket/vocabulary", "IntegerLookup"),
    ),
)

NOT_BUILT: tuple[NotBuilt, ...] = (
    NotBuilt(
        "the weights of terms in a file", "No Keras reads `idf_weights` from a file: it takes the path for a number."
    ),
    NotBuilt(
        "modelaudit: Suspicious Configuration String Check",
        "No Keras evaluates a string of a configuration; such a file does nothing.",
    ),
    NotBuilt(
        "modelaudit: Custom Object Detection, Custom Objects Security Check",
        "The same as its Custom Layer Class Detection.",
    ),
    NotBuilt(
        "modelaudit: ... Validation, ... Limit, ... Read, ... Format Check",
        "They say that a file is damaged, and attack nobody.",
    ),
    NotBuilt(
        "modelaudit: ... (Version Unknown), ... (Untrusted Version Metadata)",
        "They are other words for a rule that has a file here.",
    ),
)
