"""Writes `matrix.md`: runs the examples in every runtime that pyproject.toml declares, and keeps the table.

Run it from the project's folder with the plugin, TensorFlow and uv installed: `python docs/make_matrix.py`.
"""
# ruff: noqa: INP001

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).with_name("matrix.md")
COMMAND = ("matrix", "examples/")
INTRODUCTION = """
# The examples in other TensorFlow versions

What `modelcompat matrix examples/` prints, in Markdown: the models of `examples/`, saved by {local}
(`local`), and reloaded in each of the runtimes. A cell says `ok` where the model loads and predicts the same, else the
kind of its failure, whose first line is in the list below the table; `(expected)` where a test is marked to fail.

```
modelcompat runtimes create --all
modelcompat matrix examples/
```

`docs/make_matrix.py` writes this page.
"""


def main() -> None:
    """Write the page."""
    command = [sys.executable, "-m", "pytest_modelcompat.cli", *COMMAND, "--create", "--markdown"]
    done = subprocess.run(
        command, cwd=PAGE.parents[1], stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, "CI": ""}
    )
    if done.returncode not in (0, 1):
        sys.exit(done.returncode)
    PAGE.write_text(f"{INTRODUCTION.format(local=local()).strip()}\n\n{done.stdout}", encoding="utf-8")


def local() -> str:
    """What saves the models."""
    from importlib.metadata import version

    return f"TensorFlow {version('tensorflow-cpu')}, Keras {version('keras')}"


if __name__ == "__main__":
    main()
