"""Records which arguments and attributes of TensorFlow's ops are texts, into the package's data.

    python benchmarks/record_op_arguments.py PYTHON...

PYTHON is an interpreter with TensorFlow. Only texts can name a file, an address, a query or a plugin. An attribute of
which the op allows some texts alone is a choice, and left out. What other versions were recorded with stays, so that
ops stay that TensorFlow has removed since. The same versions give the same bytes.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_modelcompat.profiles import op_arguments

# Runs in the other interpreter, Python 3.8 or newer.
RECORDER = """
import json, sys
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session as c_api
data = c_api.TF_GetBuffer(c_api.TF_GetAllOpList())
registered = op_def_pb2.OpList()
registered.ParseFromString(data if isinstance(data, bytes) else data.encode("latin-1"))
ops = {}
for op in registered.op:
    arguments = {each.name: number for number, each in enumerate(op.input_arg)
                 if each.type == types_pb2.DT_STRING and not each.is_ref}
    attributes = [each.name for each in op.attr
                  if each.type in ("string", "list(string)") and not each.HasField("allowed_values")]
    ops[op.name] = {"arguments": arguments, "attributes": attributes}
with open(sys.argv[1], "w") as file:
    json.dump({"version": tf.__version__, "ops": ops}, file)
"""


def record(python: str) -> dict[str, Any]:
    """The texts among the arguments of every op that an interpreter's TensorFlow has."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "ops.json"
        done = subprocess.run(
            [python, "-c", RECORDER, str(out)], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{python}: {done.stderr.strip().splitlines()[-1]}")
        data: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return data


def merged(known: dict[str, Any], version: str, ops: dict[str, Any]) -> dict[str, Any]:
    """What was known with what one version has."""
    found = {
        op: {"arguments": dict(each["arguments"]), "attributes": each["attributes"]}
        for op, each in known["ops"].items()
    }
    for op, each in ops.items():
        before = found.setdefault(op, {"arguments": {}, "attributes": []})
        before["arguments"] |= each["arguments"]
        before["attributes"] = sorted({*before["attributes"], *each["attributes"]})
    return {"recorded": sorted({*known["recorded"], version}), "ops": found}


def main(pythons: list[str]) -> None:
    if not pythons:
        sys.exit(__doc__)
    has_data = op_arguments.OP_ARGUMENTS_FILE.exists()
    known = op_arguments.read_data() if has_data else {"recorded": [], "ops": {}}
    for python in pythons:
        answer = record(python)
        known = merged(known, answer["version"], answer["ops"])
        print(f"{answer['version']}: {len(answer['ops'])} ops, {len(known['ops'])} together")
    print(f"{op_arguments.write_data(known):,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
