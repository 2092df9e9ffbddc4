"""Runs inside a saver: builds the matrix's models and saves each in every format this Keras writes.

`python save.py FOLDER MODEL...` puts `MODEL.h5`, `MODEL.keras` and the folder `MODEL` into FOLDER, beside each
an .npz with its inputs and what the live model made of them, and appends a line to `saved.jsonl`.
"""

# ruff: noqa: UP006, UP031, UP032, UP035 - it runs on Python 3.8

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from accuracy.zoo import registry

ROOMS = ("shapes", "images", "sequences", "preprocessing", "details", "compiled", "custom")
# Where other rooms of the zoo than these are asked for; a process that saves gets them too.
ROOMS_VARIABLE = "ACCURACY_ROOMS"
SUFFIXES = {"h5": ".h5", "keras": ".keras", "saved_model": ""}
FIRST_KERAS_ZIP = (2, 12)


def main(folder: Path, names: List[str]) -> None:
    """Save the named models, each freshly built for every format, and record the result."""
    import_rooms()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "saved.jsonl").open("a", encoding="utf-8") as notes:
        for name in names:
            for form in registry.MODELS[name].formats:
                note = {"model": name, "format": form, **attempt(folder, name, form)}
                notes.write(json.dumps(note) + "\n")
                notes.flush()


def import_rooms() -> None:
    """Import every room of the zoo that is asked for, which enters its models into the registry."""
    for room in os.environ.get(ROOMS_VARIABLE, "").split() or ROOMS:
        importlib.import_module("accuracy.zoo." + room)


def attempt(folder: Path, name: str, form: str) -> Dict[str, Any]:
    """Build and save one model in one format; its artifact, or the error that kept it from being written."""
    entry = registry.MODELS[name]
    kit = seeded_kit()
    if not writes(kit, name, form):
        return {"error": "this Keras does not write the format"}
    artifact = folder / (name + SUFFIXES[form])
    try:
        model, inputs = entry.build(kit)
        wake(model, kit)
        outputs = call(kit, model, inputs)
        save(kit, model, artifact, form)
    except Exception as error:  # noqa: BLE001 - what cannot be built or saved here is noted and left out
        return {"error": "{}: {}".format(type(error).__name__, str(error)[:600])}
    arrays = {"input_%d" % index: portable(value) for index, value in enumerate(inputs)}
    arrays.update({"output_%d" % index: portable(value) for index, value in enumerate(outputs)})
    np.savez(str(folder / "{}.{}.npz".format(name, form)), **arrays)
    return {"error": None, "artifact": str(artifact), "objects": list(entry.objects), "unsafe": entry.unsafe}


def writes(kit: registry.Kit, name: str, form: str) -> bool:
    """Whether the format is one this Keras writes; `dense` of 2.10 stands for the HDF5 files that are named .keras."""
    return form != "keras" or kit.version >= FIRST_KERAS_ZIP or (name == "dense" and kit.version == (2, 10))


def seeded_kit() -> registry.Kit:
    """A kit in a state that no earlier model has touched."""
    kit = registry.Kit()
    kit.keras.backend.clear_session()
    kit.tf.random.set_seed(7)
    np.random.seed(7)  # noqa: NPY002 - the generator that older versions of Keras draw from
    return kit


def wake(model: Any, kit: registry.Kit) -> None:
    """Move weights off the values that every initializer gives them, so that a lost weight shows."""
    random = np.random.RandomState(11)
    for weight in getattr(model, "weights", ()):
        if not hasattr(weight, "dtype"):
            continue  # a lookup table, which some versions count among the weights
        path = str(getattr(weight, "path", "") or weight.name)
        if "moving_" in path or (weight.trainable and kit.tf.as_dtype(weight.dtype).is_floating):
            weight.assign(weight + random.uniform(0.01, 0.2, tuple(weight.shape)))


def call(kit: registry.Kit, model: Any, inputs: List[Any]) -> List[Any]:
    """What the live model makes of its inputs."""
    tensors = [kit.tf.constant(value) for value in inputs]
    given = tensors[0] if len(tensors) == 1 else tensors
    outputs = model.serve(given) if hasattr(model, "serve") else model(given, training=False)
    forget(kit, model)
    return [np.asarray(leaf) for leaf in kit.tf.nest.flatten(outputs)]


def forget(kit: registry.Kit, model: Any) -> None:
    """Take recurrent layers back to where they were before a call, as the state of stateful ones is saved too."""
    for layer in getattr(model, "layers", ()):
        if isinstance(layer, kit.layers.RNN) and layer.stateful:
            reset = getattr(layer, "reset_state", None) or layer.reset_states
            reset()


def save(kit: registry.Kit, model: Any, artifact: Path, form: str) -> None:
    """Save in the way that users of this Keras do."""
    if not hasattr(model, "save"):
        kit.tf.saved_model.save(model, str(artifact), signatures=model.serve)
    elif form == "saved_model" and kit.keras_3:
        model.export(str(artifact))
    elif form == "saved_model":
        model.save(str(artifact), save_format="tf")
    elif form == "keras" and (2, 12) <= kit.version < (2, 13):
        model.save(str(artifact), save_format="keras_v3")
    else:
        model.save(str(artifact))


def portable(value: Any) -> Any:
    """An array that an .npz holds without pickling."""
    return value.astype("S") if value.dtype.kind in "OU" else value


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
