"""Records what TensorFlow and Keras versions know into the package's data.

    python benchmarks/record_profiles.py PYTHON...
    python benchmarks/record_profiles.py PYTHON=FOLDER...
    python benchmarks/record_profiles.py --keras tf_keras PYTHON[=FOLDER]...

PYTHON is an interpreter with TensorFlow and the Keras of its time, both of which are recorded. With a FOLDER the Keras
there is recorded, and nothing else (`pip install --target FOLDER --no-deps keras==3.5.0`). What is not named stays as
it is. The same versions give the same bytes. uv is asked for which newer Pythons there are wheels than TensorFlow's
metadata name.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from filelock import FileLock
from published import pythons_after

from pytest_modelcompat.artifacts.versions import minor_version
from pytest_modelcompat.profiles import store

RECORDER = Path(store.__file__).resolve().parent / "recorder"


def record(python: str, folder: str = "", *arguments: str) -> dict[str, Any]:
    """What the recorder writes in an interpreter."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    if folder:
        environment["PYTHONPATH"] = folder
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "profile.json"
        command = [python, str(RECORDER), "--out", str(out), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{python} {folder}: {done.stderr.strip().splitlines()[-1]}")
        data: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    tensorflow = data[store.TENSORFLOW]
    tensorflow["pythons"] += pythons_after(tensorflow["version"], tensorflow["pythons"][-1])
    return data


def add(part: str, document: dict[str, Any]) -> None:
    """Put one version's part in the place of the one in the data."""
    is_tf_keras = document.get("package") == "tf_keras"
    key = store.version_key(minor_version(document["version"]), is_tf_keras=is_tf_keras)
    # Several of these may run side by side; each reads what the others have written so far.
    with FileLock(Path(tempfile.gettempdir()) / "modelcompat-record-profiles.lock"):
        store.clear_cache()
        documents = {**store.read_all(part), key: document}
        size = store.write_all(part, documents)
    print(f"{part} {key} ({document['version']}): {len(documents)} versions, {size:,} bytes", flush=True)


def main(arguments: list[str]) -> None:
    if not arguments:
        sys.exit(__doc__)
    keras = arguments[:2] if arguments[0] == "--keras" else []
    for source in arguments[len(keras) :]:
        python, _, folder = source.partition("=")
        profile = record(python, folder, *keras)
        for part in (store.KERAS_PART,) if keras or folder else (store.TENSORFLOW, store.KERAS_PART):
            add(part, profile[part])


if __name__ == "__main__":
    main(sys.argv[1:])
