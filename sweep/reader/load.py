"""One load: the model, its outputs and its training compared with those of the model that was saved."""

import importlib
from typing import Any, Dict, List, Optional

import numpy as np

from sweep.writer.kit import Kit
from sweep.writer.making import SAVED_MODEL, step
from sweep.writer.trial import called, tensors_of

SERVED = "serving_default"
FIRST_SAFE_MODE = (2, 13)
# Outputs of the same model in other versions differ by less; half floats by more than others.
TOLERANCES = {"float16": 5e-3, "bfloat16": 3e-2, "float32": 1e-4, "float64": 1e-6}
MIXED = 3e-2
STEP_TOLERANCE = 1e-3


class Reader:
    """Loads in one runtime.

    Args:
        kit: the runtime's Keras.
    """

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.objects = importlib.import_module("sweep.objects")

    def read(self, load: Dict[str, Any]) -> Dict[str, Any]:
        """What becomes of one artifact: `outcome` is `loads`, `changed` or `fails`."""
        self.kit.fresh()
        try:
            model = self._loaded(load)
        except Exception as error:  # noqa: BLE001 - that it fails is what is measured
            return {"outcome": "fails", "stage": "load", "text": text_of(error)}
        if load["outputs"] is None:
            return {"outcome": "loads"}
        outputs = called(self.kit, model, load["inputs"])
        if outputs is None:
            return {"outcome": "fails", "stage": "call", "text": self._call_problem(model, load["inputs"])}
        changed = difference(load["outputs"], outputs, is_mixed="mixed" in load["name"])
        if changed:
            return {"outcome": "changed", "text": changed}
        return self._trained(model, load)

    def _loaded(self, load: Dict[str, Any]) -> Any:
        if load["format"] == SAVED_MODEL:
            return Signature(self.kit, self.kit.tf.saved_model.load(load["path"]))
        options: Dict[str, Any] = {}
        if load["declared"]:
            options["custom_objects"] = {name: getattr(self.objects, name) for name in load["declared"]}
        if load["is_code"] and self.kit.version >= FIRST_SAFE_MODE:
            options["safe_mode"] = False
        return self.kit.keras.models.load_model(load["path"], **options)

    def _call_problem(self, model: Any, inputs: str) -> str:
        try:
            model(tensors_of(self.kit, inputs), training=False)
        except Exception as error:  # noqa: BLE001 - its text is what is asked for
            return text_of(error)
        return "its outputs are no arrays"

    def _trained(self, model: Any, load: Dict[str, Any]) -> Dict[str, Any]:
        wanted: Optional[List[float]] = load.get("trains")
        if wanted is None:
            return {"outcome": "loads"}
        if not getattr(model, "optimizer", None):
            return {"outcome": "changed", "stage": "training", "text": "it is not compiled"}
        seen = step(model, load["inputs"])
        if seen is None:
            return {"outcome": "changed", "stage": "training", "text": "it does not train"}
        if wanted[-1] != seen[-1]:
            return {"outcome": "changed", "stage": "training", "text": "its optimizer counts its steps anew"}
        if not np.allclose(wanted, seen, rtol=STEP_TOLERANCE, atol=STEP_TOLERANCE, equal_nan=True):
            return {"outcome": "changed", "stage": "training", "text": "its losses differ"}
        return {"outcome": "loads"}


class Signature:
    """The signature of a SavedModel that is served, called as a model is.

    Args:
        kit: the runtime's Keras.
        loaded: what `tf.saved_model.load` returned.

    Raises:
        ValueError: it has none.
    """

    def __init__(self, kit: Kit, loaded: Any) -> None:
        if not loaded.signatures:
            raise ValueError("it has no signatures")
        self.kit, self.loaded = kit, loaded
        names = sorted(loaded.signatures)
        self.function = loaded.signatures[SERVED if SERVED in names else names[0]]

    def __call__(self, tensors: Any, **_: bool) -> List[Any]:
        """Its outputs by their names, of inputs by theirs."""
        specs = self.function.structured_input_signature[1]
        given = tensors if isinstance(tensors, list) else [tensors]
        cast = [self.kit.tf.cast(each, specs[name].dtype) for name, each in zip(sorted(specs), given)]
        outputs = self.function(**dict(zip(sorted(specs), cast)))
        return [outputs[name] for name in sorted(outputs)]


def difference(wanted: List[Any], seen: List[Any], *, is_mixed: bool) -> str:
    """What differs between outputs as of `trial.portable`; empty where nothing does."""
    if len(wanted) != len(seen):
        return "another number of outputs"
    for before, after in zip(wanted, seen):
        if before[0] != after[0]:
            return "outputs of {} became {}".format(before[0], after[0])
        if before[1] != after[1]:
            return "outputs of another shape"
        if before[0] == "string" or before[0] not in TOLERANCES:
            if before[2] != after[2]:
                return "the outputs differ"
            continue
        allowed = MIXED if is_mixed else TOLERANCES[before[0]]
        if not np.allclose(before[2], after[2], rtol=allowed, atol=allowed, equal_nan=True):
            return "the outputs differ"
    return ""


def text_of(error: BaseException) -> str:
    """The type and the text of what was raised, the innermost of Keras' nested ones."""
    text = " ".join(str(error).split())
    inner = text.rsplit("Exception encountered:", 1)[-1].strip()
    return "{}: {}".format(type(error).__name__, inner[:600])
