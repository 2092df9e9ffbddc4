"""Scripts run two at a time in a process that has neither pytest nor this plugin, and imports TensorFlow once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Each script runs in a fork, in the arguments and the modules of its own folder, as `python reproduce.py` would.
_DRIVER = """
import json, os, runpy, sys, traceback

class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pytest", "_pytest", "pytest_modelcompat"):
            raise ModuleNotFoundError(f"{name} is not to be imported here", name=name)

sys.meta_path.insert(0, Refuses())
import tensorflow, keras
running = {}

def await_one():
    child, status = os.wait()
    with open(running.pop(child) + ".code", "w") as file:
        file.write(str(os.waitstatus_to_exitcode(status)))

for script in json.loads(sys.argv[1]):
    if len(running) == 2:
        await_one()
    child = os.fork()
    if child == 0:
        out = os.open(script + ".out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1); os.dup2(out, 2)
        sys.argv = [script]
        sys.path.insert(0, os.path.dirname(script))
        code = 0
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as error:
            code = int(error.code or 0)
        except BaseException:
            traceback.print_exc()
            code = 1
        sys.stdout.flush(); sys.stderr.flush()
        os._exit(code)
    running[child] = script
while running:
    await_one()
"""


@dataclass(frozen=True)
class Ran:
    """How a script ended: its exit code, and all that it printed."""

    code: int
    said: str


def run_scripts(scripts: Iterable[Path]) -> list[Ran]:
    """Run scripts, each in a process of its own.

    Args:
        scripts: their files.
    """
    files = [str(script.absolute()) for script in scripts]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", _DRIVER, json.dumps(files)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [Ran(int(_read(f"{file}.code")), _read(f"{file}.out")) for file in files]


def _read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8", errors="replace")
