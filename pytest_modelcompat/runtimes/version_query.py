"""Asking an interpreter for the versions of its packages."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Python 3.8 is the oldest that runs it. Of what is both in `found` and installed, the package's metadata count.
_CODE = """
import json, platform, sys
from importlib import metadata
found = {{"python": platform.python_version()}}
{first}
for name in sys.argv[1:]:
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print()
print(json.dumps(found), flush=True)
"""


@dataclass(frozen=True)
class VersionQuery:
    """What an interpreter is asked.

    Args:
        packages: those of which the installed version is asked for.
        timeout: seconds it has.
        first: Python code that runs before; what it puts into the dictionary `found` is in the answer.
    """

    packages: Sequence[str]
    timeout: float
    first: str = ""

    def ask(self, python: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Asks an interpreter.

        Args:
            python: the interpreter.
            variables: of its process.

        Raises:
            OSError: it cannot be started.
            subprocess.TimeoutExpired: it takes longer.
        """
        # With -c, modules of the current folder come first: it had better be an empty one.
        with tempfile.TemporaryDirectory(prefix="modelcompat-") as empty:
            return subprocess.run(
                [str(python), "-c", _CODE.format(first=self.first), *self.packages],
                cwd=empty,
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=self.timeout,
                check=False,
            )


def answered_versions(output: str) -> dict[str, str]:
    """The versions in what an interpreter printed: name -> version, `python` among them; empty where it has none.

    Args:
        output: all of it; what starts with the interpreter, and what is imported, may print around the answer.
    """
    for line in reversed(output.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and "python" in found:
            return {str(name): str(version) for name, version in found.items()}
    return {}
