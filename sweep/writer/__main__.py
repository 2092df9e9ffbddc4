"""`python -m sweep.writer VOCABULARY FOLDER files|saved_models`: makes and saves a model of each construct.

VOCABULARY is JSON: the `objects` that this Keras has, the `names` that it takes for each role, and the `kinds` of
trials that are made, if not all are. FOLDER gets the artifacts, `made.jsonl` with a line for each, and `left-out.json`
with what no model could be made of.
"""

import itertools
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Callable, List, Optional

if TYPE_CHECKING:
    from .kit import Kit
    from .trial import Trial

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")


# What a SavedModel has a graph of; it has no configurations, so that an argument is tried by what it computes alone.
COMPUTED = ("activation", "layer", "model", "state", "wrapper")
# Of these all ways are tried, of the others the most usual one.
IN_ALL_WAYS = ("model", "state", "wrapper")
# A signature takes plain tensors only.
NOT_PLAIN = ("ragged", "sparse")


def main(vocabulary: Path, folder: Path, what: str) -> None:
    """Makes every trial of this Keras."""
    from .histories import history_trials
    from .kit import Kit
    from .layers import layer_trials, pair_trials
    from .making import Maker, elapsed
    from .models import model_trials
    from .objects import object_trials
    from .state import state_trials
    from .wrappers import wrapper_trials

    started = time.monotonic()
    known = json.loads(vocabulary.read_text(encoding="utf-8"))
    entries = known["objects"]
    folder.mkdir(parents=True, exist_ok=True)
    kit = Kit()
    left_out: List[str] = []
    with (folder / "made.jsonl").open("w", encoding="utf-8") as notes:
        maker = Maker(kit, folder, notes, FORMS[what](kit))
        every = (
            layer_trials(kit, [each for each in entries if each["role"] == "layer"]),
            object_trials(kit, entries, known["names"]),
            wrapper_trials(kit),
            model_trials(kit),
            state_trials(kit),
            history_trials(kit, [each for each in entries if each["role"] == "optimizer"]),
            # The parts are all there when these begin.
            pair_trials(kit, maker.parts),
        )
        for name, trial in itertools.chain(*every):
            if trial and not is_asked_for(trial, what, known.get("kinds")):
                continue
            made = trial is not None and maker.make(trial)
            if not made and (trial is None or (trial.name == name and trial.kind != "pair")):
                left_out.append(name)
    (folder / "left-out.json").write_text(json.dumps(sorted(left_out), indent=1), encoding="utf-8")
    print(json.dumps({"seconds": elapsed(started), **maker.counts, "left out": len(left_out)}))


def is_asked_for(trial: "Trial", what: str, kinds: Optional[List[str]]) -> bool:
    """Whether a trial is made."""
    if kinds and trial.kind not in kinds:
        return False
    return what != SAVED_MODELS or _is_in_saved_models(trial)


def _is_in_saved_models(trial: "Trial") -> bool:
    is_plain = trial.inputs.split(maxsplit=1)[0] not in NOT_PLAIN
    return is_plain and trial.kind in COMPUTED and "=" not in trial.name.partition(", ")[0]


def forms_of_files(kit: "Kit") -> "Callable[[Trial], List[str]]":
    """Every format of single files."""
    return lambda _: kit.formats


def forms_of_saved_models(kit: "Kit") -> "Callable[[Trial], List[str]]":
    """All ways, or the most usual one."""
    return lambda trial: kit.ways if trial.kind in IN_ALL_WAYS else kit.ways[:1]


SAVED_MODELS = "saved_models"
FORMS = {"files": forms_of_files, SAVED_MODELS: forms_of_saved_models}

main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
