"""Where a target's artifact is put, and how messages call it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.roundtrip.case import Case
    from pytest_modelcompat.roundtrip.session_context import SessionContext


@contextlib.contextmanager
def artifact_folder(case: Case, context: SessionContext) -> Iterator[Path]:
    """A folder for a target's artifact, removed afterwards unless artifacts are kept."""
    if context.keep is not None and case.artifact is None:
        folder = context.keep.joinpath(*case.golden.escape(), str(case.target))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        return
    # A job may have removed what is in the folder for temporary files.
    context.loaders.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=context.loaders.folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def golden_folder(case: Case, context: SessionContext) -> Path:
    """The folder of a case's golden, or of the release that is checked."""
    return case.frozen.folder if case.frozen is not None else context.store.folder(case.golden)


def artifact_name(case: Case, context: SessionContext) -> str:
    """What messages call a case's artifact."""
    if case.artifact is not None:
        return relative(case.artifact, context.root)
    return f"{case.title.partition('[')[0]}: {FORMATS[case.format].file_name}"


def relative(path: Path, root: Path) -> str:
    """A path from the project's folder; as it is where it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def without_folders(text: str, *folders: Path) -> str:
    """A sentence with paths below these folders relative to them, as users write them."""
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text
