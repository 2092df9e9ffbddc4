"""A process that updates a golden, and is killed at a step of its own or runs out of room.

    python updater.py TREE ROOT BEFORE AFTER STEP WHEN

It updates the golden from content BEFORE to content AFTER (numbers; BEFORE 0: there is none yet), with the package of
the folder TREE. STEP counts what changes the disk: opening for writing, writing, syncing, renaming, removing, making
folders; WHEN is `before`, `half` (of a write) or `after`. Step 0 kills nothing. It prints how many steps there were.
`loop` in place of STEP: updates back and forth until it is killed from outside.
"""

from __future__ import annotations

import builtins
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

# Content -> the value of its arrays, and its layers: 2 and 3 have the same arrays, 4 has a long record.
CONTENTS = {1: (2.0, ["Dense"]), 2: (3.0, ["Dense"]), 3: (3.0, ["Conv1D"]), 4: (4.0, ["Dense"] * 2000)}


class Steps:
    """Counts the calls that change the disk, and kills the process at one of them."""

    def __init__(self, fatal: int, when: str) -> None:
        self.count, self._fatal, self._when = 0, fatal, when

    def __call__(self, act: Any, half: Any = None) -> Any:
        """One step: what it gives."""
        self.count += 1
        is_fatal = self.count == self._fatal
        if is_fatal and self._when == "before":
            _die()
        if is_fatal and self._when == "half" and half is not None:
            half()
            _die()
        try:
            return act()
        finally:
            if is_fatal:
                _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Writing:
    """A file whose writes are steps."""

    def __init__(self, file: Any, steps: Steps) -> None:
        self._file, self._steps = file, steps

    def write(self, data: Any) -> Any:
        """One step, or half of one."""
        return self._steps(lambda: self._put(data), lambda: self._put(data[: len(data) // 2]))

    def _put(self, data: Any) -> Any:
        written = self._file.write(data)
        self._file.flush()
        return written

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._file.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def install(steps: Steps) -> None:
    """Make steps of what changes the disk."""
    for name in ("fsync", "replace", "rename", "unlink", "mkdir", "rmdir", "truncate"):
        _count(os, name, steps)
    opened, described, os_open = io.open, os.fdopen, os.open

    def opening(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not {*mode} & {*"wax+"}:
            return opened(file, mode, *args, **kwargs)
        return Writing(steps(lambda: opened(file, mode, *args, **kwargs)), steps)

    def describing(descriptor: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        file = described(descriptor, mode, *args, **kwargs)
        return Writing(file, steps) if {*mode} & {*"wax+"} else file

    def creating(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if not flags & os.O_CREAT:
            return os_open(path, flags, *args, **kwargs)
        descriptor: int = steps(lambda: os_open(path, flags, *args, **kwargs))
        return descriptor

    io.open = builtins.open = opening
    os.fdopen, os.open = describing, creating  # type: ignore[assignment]


def _count(module: Any, name: str, steps: Steps) -> None:
    act = getattr(module, name)
    setattr(module, name, lambda *args, **kwargs: steps(lambda: act(*args, **kwargs)))


def golden(content: int) -> Any:
    """A golden of some content."""
    import numpy as np

    from pytest_modelcompat.comparison.leaves import leaf_statistics
    from pytest_modelcompat.golden.golden import Golden
    from pytest_modelcompat.loader.tensors import pack

    value, layers = CONTENTS[content]
    outputs = {"output": np.full((64, 16), value, "float32")}
    return Golden(
        made_by={"keras": "3.15.1"},
        inputs=pack({"x": np.full((8, 3), value, "float32")}),
        outputs=pack(outputs),
        statistics={name: leaf_statistics(leaf) for name, leaf in outputs.items()},
        weights=(),
        formats={"h5": {"layers": {f"layer_{n}": each for n, each in enumerate(layers)}, "ops": {}, "signatures": {}}},
    )


def update(root: Path, content: int) -> None:
    """Record a content, whatever there is."""
    from pytest_modelcompat.golden.golden import GoldenName
    from pytest_modelcompat.golden.store import GoldenStore

    GoldenStore(root).update(GoldenName(("tests",), "test_it"), lambda _: golden(content))


def content_of(root: Path) -> int:
    """Which content the golden has, entirely; 0 if there is none.

    Raises:
        GoldenError: it is broken.
    """
    from pytest_modelcompat.golden.golden import GoldenMissingError, GoldenName
    from pytest_modelcompat.golden.serialization import serialize_golden
    from pytest_modelcompat.golden.store import GoldenStore

    name = GoldenName(("tests",), "test_it")
    try:
        found = serialize_golden(name, GoldenStore(root).read(name))
    except GoldenMissingError:
        return 0
    return next(content for content in CONTENTS if serialize_golden(name, golden(content)) == found)


def main(tree: str, root: str, before: str, after: str, step: str, when: str = "after") -> None:
    sys.path.insert(0, tree)
    if int(before) and step != "loop":
        update(Path(root), int(before))
    if step == "loop":
        update(Path(root), 1)
        print("ready", flush=True)
        while True:
            for content in (2, 3, 1):
                update(Path(root), content)
    golden(int(after))
    steps = Steps(int(step), when)
    install(steps)
    try:
        update(Path(root), int(after))
    finally:
        os.write(1, f"{steps.count}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
