"""Records which ops come with which package, beside TensorFlow's own, into the package's data.

    python benchmarks/record_op_packages.py PYTHON MODULE[=DISTRIBUTION]...

PYTHON is an interpreter with TensorFlow and the packages. The modules are imported there one after the other, and what
each adds to TensorFlow's ops is its own: name what others import before them. Ops that are only registered when a
library in the package's folder is loaded are kept apart from those that the import registers. DISTRIBUTION is what
`pip install` takes, where it is not the module's name with hyphens. What is not named stays as it is, and what an
earlier version had stays too. The same packages give the same bytes.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_modelcompat.profiles import op_packages
from pytest_modelcompat.profiles.known_names import first_tensorflow_with

# Runs in the other interpreter, Python 3.8 or newer.
RECORDER = """
import importlib, json, pathlib, sys
from importlib import metadata
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session as c_api

def ops():
    data = c_api.TF_GetBuffer(c_api.TF_GetAllOpList())
    registered = op_def_pb2.OpList()
    registered.ParseFromString(data if isinstance(data, bytes) else data.encode("latin-1"))
    return {op.name for op in registered.op}

def libraries(module):
    folder = pathlib.Path(module.__file__).parent
    for path in sorted(folder.rglob("*.so")):
        known = ops()
        try:
            tf.load_op_library(str(path))
        except Exception as error:
            print(path.name, str(error).splitlines()[0], file=sys.stderr)
        for op in ops() - known:
            yield op, path.relative_to(folder).as_posix()

found = {}
for pair in sys.argv[2:]:
    name, _, distribution = pair.partition("=")
    known = ops()
    module = importlib.import_module(name)
    found[name] = {
        "version": metadata.version(distribution),
        "ops": sorted(ops() - known),
        "ops_of_libraries": dict(libraries(module)),
    }
with open(sys.argv[1], "w") as file:
    json.dump({"tensorflow": tf.__version__, "modules": found}, file)
"""


def record(python: str, modules: dict[str, str]) -> dict[str, Any]:
    """What each module adds to the ops of an interpreter's TensorFlow."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    pairs = [f"{module}={distribution}" for module, distribution in modules.items()]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "ops.json"
        command = [python, "-c", RECORDER, str(out), *pairs]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{python}: {done.stderr.strip().splitlines()[-1]}")
        data: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return data


def merged(known: dict[str, Any], module: str, distribution: str, found: dict[str, Any], tensorflow: str) -> None:
    """Put what one version of a module adds with what its other versions do."""
    for op in [*found["ops"], *found["ops_of_libraries"]]:
        if first_tensorflow_with(op) is not None:
            sys.exit(f"{op} of {module} is an op that TensorFlow has of its own")
        others = [name for name, of in known.items() if op in of["ops"] or op in of["ops_of_libraries"]]
        if others not in ([], [module]):
            sys.exit(f"{op} of {module} comes with {others[0]}: name that before it")
    if not found["ops"] and not found["ops_of_libraries"]:
        return
    before = known.get(module, {"recorded": {}, "ops": [], "ops_of_libraries": {}})
    known[module] = {
        "distribution": distribution,
        "recorded": {**before["recorded"], found["version"]: tensorflow},
        "ops": sorted({*before["ops"], *found["ops"]}),
        "ops_of_libraries": {**before["ops_of_libraries"], **found["ops_of_libraries"]},
    }


def main(arguments: list[str]) -> None:
    if len(arguments) < 2:
        sys.exit(__doc__)
    python, *named = arguments
    pairs = [each.partition("=") for each in named]
    modules = {module: distribution or module.replace("_", "-") for module, _, distribution in pairs}
    answer = record(python, modules)
    known = dict(op_packages.read_op_packages()) if op_packages.OP_PACKAGES_FILE.exists() else {}
    for module, found in answer["modules"].items():
        merged(known, module, modules[module], found, answer["tensorflow"])
        print(f"{module} {found['version']}: {len(found['ops'])} ops, {len(found['ops_of_libraries'])} of libraries")
    text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False)
    op_packages.OP_PACKAGES_FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
