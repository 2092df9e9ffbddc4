"""`python -m sweep.writer VOCABULARY FOLDER files|saved_models`: makes and saves a model of each construct.

VOCABULARY is JSON: the `objects` that this Keras has, the `names` that it takes for each role, in `only` the kinds
and classes that trials are made of, if not of all, in `every` of how many trials one is made, if not each, and in
`crashing` the trials that ended a writer before. FOLDER gets the artifacts, `made.jsonl` with a line for each,
`left-out.json` with what no model could be made of, and in `at-work.txt` the trial that is being made.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple

if TYPE_CHECKING:
    from .kit import Kit
    from .making import Maker
    from .trial import Trial

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")


# What a SavedModel has a graph of; it has no configurations, so that an argument is tried by what it computes alone.
COMPUTED = ("activation", "layer", "model", "state", "wrapper")
# Of these all ways are tried that may differ, of the others the most usual one.
IN_ALL_WAYS = ("model", "state", "wrapper")
# A signature takes plain tensors only.
NOT_PLAIN = ("ragged", "sparse")


def main(vocabulary: Path, folder: Path, what: str) -> None:
    """Makes every trial of this Keras that is asked for."""
    from .choice import is_chosen, is_drawn
    from .folder import AT_WORK, LEFT_OUT, MADE
    from .kit import Kit
    from .making import Maker, elapsed

    started = time.monotonic()
    known = json.loads(vocabulary.read_text(encoding="utf-8"))
    only, every = known.get("only") or (), known.get("every", 1)
    folder.mkdir(parents=True, exist_ok=True)
    kit = Kit()
    left_out: List[str] = []
    at_work = folder / AT_WORK
    with (folder / MADE).open("w", encoding="utf-8") as notes:
        maker = Maker(kit, folder, notes, FORMS[what](kit))
        for name, trial in every_trial(maker, known):
            full_name, kind = (trial.name, trial.kind) if trial else (name, "")
            if not (is_chosen(full_name, kind, only) and is_drawn(full_name, every) and is_asked_for(trial, what)):
                continue
            if full_name in known.get("crashing", ()):
                left_out.append(full_name)
                continue
            at_work.write_text(full_name, encoding="utf-8")
            made = trial is not None and maker.make(trial)
            at_work.unlink()
            if not made and (full_name == name and kind != "pair"):
                left_out.append(name)
    (folder / LEFT_OUT).write_text(json.dumps(sorted(left_out), indent=1), encoding="utf-8")
    print(json.dumps({"seconds": elapsed(started), **maker.counts, "left out": len(left_out)}))


def every_trial(maker: "Maker", known: "Dict[str, Any]") -> "Iterator[Tuple[str, Optional[Trial]]]":
    """Each construct's name and trial, those of the vocabulary's objects and names where these are asked for alone."""
    from .choice import is_chosen
    from .histories import history_trials
    from .inputs import input_trials
    from .layers import layer_trials, pair_trials
    from .models import model_trials
    from .objects import object_trials
    from .state import state_trials
    from .wrappers import wrapper_trials

    kit, only = maker.kit, known.get("only") or ()
    entries = [each for each in known["objects"] if is_chosen(each["name"], each["role"], only)]
    of_roles = {
        role: [each for each in named if is_chosen(each, role, only)] for role, named in sorted(known["names"].items())
    }
    yield from layer_trials(kit, [each for each in entries if each["role"] == "layer"])
    yield from object_trials(kit, entries, of_roles)
    yield from wrapper_trials(kit)
    yield from input_trials(kit)
    yield from model_trials(kit)
    yield from state_trials(kit)
    yield from history_trials(kit, [each for each in entries if each["role"] == "optimizer"])
    # The parts are all there when these begin.
    yield from pair_trials(kit, maker.parts)


def is_asked_for(trial: "Optional[Trial]", what: str) -> bool:
    """Whether a trial is made of files, or of SavedModels; what no model could be made of counts as one."""
    return trial is None or what != SAVED_MODELS or _is_in_saved_models(trial)


def _is_in_saved_models(trial: "Trial") -> bool:
    is_plain = trial.inputs.split(maxsplit=1)[0] not in NOT_PLAIN
    return is_plain and trial.kind in COMPUTED and "=" not in trial.name.partition(", ")[0]


def forms_of_files(kit: "Kit") -> "Callable[[Trial], List[str]]":
    """Every format of single files."""
    return lambda _: kit.formats


def forms_of_saved_models(kit: "Kit") -> "Callable[[Trial], List[str]]":
    """All ways that may differ, or the most usual one."""
    from .kit import FIRST_KERAS_3, LOW_LEVEL

    # `model.save` of Keras 2 calls it: all 713 models of 2.4 to 2.11 that were saved in both ways have the same ops.
    ways = [way for way in kit.ways if way != LOW_LEVEL or kit.version >= FIRST_KERAS_3]
    return lambda trial: ways if trial.kind in IN_ALL_WAYS else ways[:1]


SAVED_MODELS = "saved_models"
FORMS = {"files": forms_of_files, SAVED_MODELS: forms_of_saved_models}

main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
