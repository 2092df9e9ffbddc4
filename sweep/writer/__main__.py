"""`python -m sweep.writer VOCABULARY FOLDER`: makes and saves a model of each construct.

VOCABULARY is JSON: the `objects` that this Keras has, and the `names` that it takes for each role. FOLDER gets the
artifacts, `made.jsonl` with a line for each, and `left-out.json` with what no model could be made of.
"""

import itertools
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import List

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")


def main(vocabulary: Path, folder: Path) -> None:
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
        maker = Maker(kit, folder, notes)
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
            made = trial is not None and maker.make(trial)
            if not made and (trial is None or (trial.name == name and trial.kind != "pair")):
                left_out.append(name)
    (folder / "left-out.json").write_text(json.dumps(sorted(left_out), indent=1), encoding="utf-8")
    print(json.dumps({"seconds": elapsed(started), **maker.counts, "left out": len(left_out)}))


main(Path(sys.argv[1]), Path(sys.argv[2]))
