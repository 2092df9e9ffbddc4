"""Records which constructor arguments Keras' own classes do not save, into the package's data.

    python benchmarks/record_lost_arguments.py PYTHON...
    python benchmarks/record_lost_arguments.py --keras tf_keras PYTHON...

PYTHON is an interpreter with TensorFlow and Keras. Each class is made with another value for each of its arguments, and
made again from its configuration. What other versions were recorded with stays. The same versions give the same bytes.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_modelcompat.artifacts.versions import minor_version
from pytest_modelcompat.profiles import lost_arguments
from pytest_modelcompat.profiles.store import version_key

PROFILES = Path(lost_arguments.__file__).resolve().parent
# Behind all else on its path: modules there have names that others may have.
RECORDER = "import sys; sys.path.append(sys.argv[1]); from recorder.lost_arguments import main; main(sys.argv[2:])"


def record(python: str, *keras: str) -> dict[str, Any]:
    """What an interpreter's Keras loses."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    environment.pop("PYTHONPATH", None)
    if keras:
        environment["TF_USE_LEGACY_KERAS"] = "1"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "lost.json"
        command = [python, "-c", RECORDER, str(PROFILES), str(out), *keras]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{python}: {done.stderr.strip().splitlines()[-1]}")
        data: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return data


def main(arguments: list[str]) -> None:
    keras = arguments[1:2] if arguments[:1] == ["--keras"] else []
    pythons = arguments[2:] if keras else arguments
    if not pythons:
        sys.exit(__doc__)
    data = dict(lost_arguments.read_data()) if lost_arguments.LOST_ARGUMENTS_FILE.exists() else {}
    for python in pythons:
        answer = record(python, *keras)
        key = version_key(minor_version(answer["version"]), is_tf_keras=keras == ["tf_keras"])
        data[key] = answer["classes"]
        size = lost_arguments.write_data(data)
        print(f"{key} ({answer['version']}): {len(answer['classes'])} classes; {size:,} bytes", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
