"""Where a failure is kept, and the command that lets it fail again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_modelcompat.report.layout import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.results.reproduction import Reproduction


def reproduction_lines(kept: Reproduction | None) -> Iterator[str]:
    """The folder of a failure, and how its script is run; nothing where it is not kept.

    Args:
        kept: the folder.
    """
    if kept is None:
        return
    if not kept.script:
        where = f"in {kept.folder}; " if kept.folder else ""
        yield from labelled("kept", f"{where}no script to run: {kept.problem}")
        return
    script = shlex.quote(kept.script)
    yield from labelled("reproduce", f"uv run {script}\nor, in these versions: python {script}")
    if kept.problem:
        yield from labelled("kept", kept.problem)
