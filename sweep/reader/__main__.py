"""`python -m sweep.reader LOADS RESULTS`: loads each artifact of LOADS, and notes in RESULTS what happened.

LOADS has a line for each artifact, in JSON: `id`, `path`, `declared`, `is_code`, `inputs`, `outputs`, `trains`. RESULTS
gets a line `{"begun": id}` before, and `{"id", "outcome", "text", "stage", "largest"}` after each, so that who started
this process knows what it ended with.
"""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")


def main(loads: Path, results: Path) -> None:
    """Loads what is asked for."""
    from sweep.writer.kit import Kit

    from .load import Reader

    reader = Reader(Kit())
    with results.open("a", encoding="utf-8") as file:
        for line in loads.read_text(encoding="utf-8").splitlines():
            load = json.loads(line)
            file.write(json.dumps({"begun": load["id"]}) + "\n")
            file.flush()
            file.write(json.dumps(dict(reader.read(load), id=load["id"])) + "\n")
            file.flush()


main(Path(sys.argv[1]), Path(sys.argv[2]))
