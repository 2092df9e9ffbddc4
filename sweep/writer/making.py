"""Making a trial: built, moved off its initial values, called, saved in every format, noted."""

import json
import re
import time
from pathlib import Path
from typing import IO, Any, Callable, Dict, List, Optional, Set

import numpy as np

from pytest_modelcompat.profiles.recorder.probe import plain_config

from .kit import INPUTS, Kit
from .trial import TRAINED, Trial, called, move_weights

LONGEST_TEXT = 300
SUFFIX = {"h5": ".h5", "keras": ".keras"}
SAVED_MODEL = "saved_model"
# Where an object is in memory, as text and as the number of one that is shared.
ADDRESS = re.compile(r"0x[0-9a-f]+|(?<=\"shared_object_id\": )\d+")


class Maker:
    """Saves trials into a folder, each different model once, and notes what it did; `parts` has those of what it saved.

    Args:
        kit: the runtime's Keras.
        folder: where the artifacts go.
        notes: where a line for each artifact goes.
        forms: the formats, or the ways of making a SavedModel, that a trial is saved in.
    """

    def __init__(self, kit: Kit, folder: Path, notes: "IO[str]", forms: "Callable[[Trial], List[str]]") -> None:
        self.kit, self.folder, self.notes, self.forms = kit, folder, notes, forms
        self.seen: Set[str] = set()
        self.parts: List[Any] = []
        self.number = 0
        self.names: Dict[str, int] = {}
        self.counts: Dict[str, int] = {}

    def make(self, trial: Trial) -> bool:
        """Makes one trial; whether a model could be made of it at all."""
        try:
            # Keras takes any name when it compiles, and looks for it when it trains.
            losses = self._losses(trial) if trial.is_name else None
            if trial.is_name and trial.trains and losses is None:
                self._count("not trained")
                return False
            model = self._built(trial)
        except Exception:  # noqa: BLE001 - what this version does not take is no construct of its
            self._count("not taken")
            return False
        content = self._content(model, trial)
        if content in self.seen:
            self._count("the same as another")
            return True
        self.seen.add(content)
        self.number += 1
        trial = trial._replace(name=self._new_name(trial.name))
        if trial.part:
            self.parts.append(trial.part)
        if trial.trains:
            losses = losses or self._losses(trial)
        for form in self.forms(trial):
            # Saving changes what compile() was given, and training another clears what a model was made in.
            self._save(trial, form, self._built(trial) if trial.trains else model, losses)
        return True

    def _losses(self, trial: Trial) -> Optional[List[float]]:
        return step(self._built(trial), trial.inputs) if trial.trains else None

    def _new_name(self, name: str) -> str:
        """The name, with a number where another has it: several classes are called `GRU`, or `Adam`."""
        self.names[name] = self.names.get(name, 0) + 1
        return name if self.names[name] == 1 else "{} ({})".format(name, self.names[name])

    def _built(self, trial: Trial) -> Any:
        self.kit.fresh()
        model = trial.build()
        if not trial.is_as_is:
            move_weights(model)
        return model

    def _content(self, model: Any, trial: Trial) -> str:
        """What tells a model from others, as text; the trial's name where it cannot tell its configuration."""
        # Older versions have no configuration of what compile() was given.
        is_told = hasattr(model, "get_compile_config") or not (trial.trains or trial.kind in TRAINED)
        named = "" if is_told else trial.name
        try:
            content = json.dumps([*_configurations(model), trial.history, named], sort_keys=True, default=repr)
            return _numbered(content)
        except Exception:  # noqa: BLE001 - such a model may still be saved somehow
            return trial.name

    def _save(self, trial: Trial, form: str, model: Any, losses: Optional[List[float]]) -> None:
        note: Dict[str, Any] = {
            "name": trial.name if form in SUFFIX else "{} ({})".format(trial.name, form),
            "kind": trial.kind,
            "format": form if form in SUFFIX else SAVED_MODEL,
            "declared": list(trial.declared),
        }
        name = "%05d%s" % (self.number, SUFFIX.get(form, "-" + form))
        try:
            note["inputs"] = trial.inputs
            # A call builds what was not built, with other weights each time, and moves what has a state.
            is_built = model.built
            self.kit.save(model, str(self.folder / name), form)
            note["outputs"] = called(self.kit, model, trial.inputs) if is_built else None
            note["trains"] = losses
        except Exception as error:  # noqa: BLE001 - what cannot be saved here is noted, and not loaded anywhere
            note["error"] = "{}: {}".format(type(error).__name__, " ".join(str(error).split())[:LONGEST_TEXT])
            self._count("not saved")
        else:
            note.update(file=name, is_code=trial.is_code)
            self._count(form)
        self.notes.write(json.dumps(note) + "\n")
        self.notes.flush()

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def _numbered(content: str) -> str:
    """A text with a number for each object in the place of where it is in memory, which is elsewhere in each run."""
    numbers: Dict[str, int] = {}
    return ADDRESS.sub(lambda found: str(numbers.setdefault(found[0], len(numbers))), content)


def _configurations(model: Any) -> List[Any]:
    compiled = plain_config(model.get_compile_config()) if hasattr(model, "get_compile_config") else None
    optimizer = getattr(model, "optimizer", None)
    trained = [plain_config(optimizer.get_config()), str(getattr(model, "loss", None))] if optimizer else None
    return [plain_config(model.get_config()), compiled, trained]


def step(model: Any, inputs: str) -> Optional[List[float]]:
    """The losses of two training steps, and how many the optimizer has counted; None where it cannot be trained."""
    try:
        arrays = INPUTS[inputs]()
        given = arrays[0] if len(arrays) == 1 else arrays
        model.run_eagerly = True
        losses = [float(np.ravel(_trained(model, given))[0]) for _ in range(2)]
        return [*losses, float(np.asarray(getattr(model.optimizer, "iterations", 0)))]
    except Exception:  # noqa: BLE001 - metrics of shapes that the model does not have
        return None


def _trained(model: Any, given: Any) -> Any:
    """The losses of a training step, towards ones of the shape of what the model says, or towards the first class."""
    said = np.asarray(model(given))
    try:
        return model.train_on_batch(given, np.ones_like(said))
    except Exception:  # noqa: BLE001 - sparse losses and metrics take the numbers of classes
        return model.train_on_batch(given, np.zeros(len(said), "int32"))


def elapsed(since: float) -> float:
    """Seconds since a moment, to a tenth."""
    return round(time.monotonic() - since, 1)
