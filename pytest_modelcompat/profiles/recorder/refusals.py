"""Which layers a Keras does not load in safe mode, found by saving each and loading it."""

import contextlib
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict

SUFFIXES = {"h5": ".h5", "keras": ".keras"}
SAFE_MODE = "safe_mode"
TERMS = [3, 5, 8]


def refusals(keras: Any) -> Dict[str, Dict[str, int]]:
    """For each format, the classes of layers that `load_model` refuses unless it is given `safe_mode=False`.

    Args:
        keras: the public Keras module.
    """
    # Keras advises against formats, and TensorFlow tells what it saves.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        return {
            kind: {
                name: 1
                for name, build in _SUBJECTS.items()
                if _is_refused(build, Path(folder) / (name + suffix), keras)
            }
            for kind, suffix in SUFFIXES.items()
        }


def _is_refused(build: Callable[[Any, Path], Any], path: Path, keras: Any) -> bool:
    try:
        build(keras, path.parent).save(str(path))
        _name_a_vocabulary_file(path, path.with_name("terms.txt"))
    except Exception:  # noqa: BLE001 - a Keras that has no such layer, or does not save it, refuses nothing
        return False
    try:
        keras.models.load_model(str(path))
    except Exception as error:  # noqa: BLE001 - what it says is what is asked for
        return SAFE_MODE in str(error)
    return False


def _lambda(keras: Any, _: Path) -> Any:
    tensor = keras.Input((4,))
    return keras.Model(tensor, keras.layers.Lambda(lambda x: x + 1.0)(tensor))


def _looking_up(class_name: str, dtype: str, terms: Any) -> Callable[[Any, Path], Any]:
    def build(keras: Any, _: Path) -> Any:
        tensor = keras.Input((1,), dtype=dtype)
        return keras.Model(tensor, getattr(keras.layers, class_name)(vocabulary=terms)(tensor))

    return build


def _name_a_vocabulary_file(path: Path, vocabulary: Path) -> None:
    """Writes a vocabulary's path into a saved model, where older versions of Keras leave it and newer ones do not."""
    vocabulary.write_text("\n".join(map(str, TERMS)), encoding="utf-8")
    if zipfile.is_zipfile(str(path)):
        with zipfile.ZipFile(str(path)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["config.json"] = _naming(members["config.json"], vocabulary).encode("utf-8")
        with zipfile.ZipFile(str(path), "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return
    import h5py

    with h5py.File(str(path), "r+") as model:
        model.attrs["model_config"] = _naming(model.attrs["model_config"], vocabulary)


def _naming(config: Any, vocabulary: Path) -> str:
    def named(node: Dict[str, Any]) -> Dict[str, Any]:
        return dict(node, vocabulary=str(vocabulary)) if "vocabulary" in node else node

    return json.dumps(json.loads(config, object_hook=named))


def _saved_model(keras: Any, folder: Path) -> Any:
    import tensorflow as tf

    module = tf.Module()
    module.call = tf.function(lambda x: x + 1.0, input_signature=[tf.TensorSpec((None, 4), "float32")])
    path = str(folder / "inner")
    tf.saved_model.save(module, path, signatures={"serving_default": module.call})
    layer = keras.layers.TFSMLayer(path, call_endpoint="serving_default")
    tensor = keras.Input((4,))
    return keras.Model(tensor, layer(tensor))


_SUBJECTS: Dict[str, Callable[[Any, Path], Any]] = {
    "IntegerLookup": _looking_up("IntegerLookup", "int64", TERMS),
    "Lambda": _lambda,
    "StringLookup": _looking_up("StringLookup", "string", [str(each) for each in TERMS]),
    "TFSMLayer": _saved_model,
    "TextVectorization": _looking_up("TextVectorization", "string", [str(each) for each in TERMS]),
}
