"""What leads out of an artifact: a name that it gives a file or folder of its own, or a link in its folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# On any system: a step up, the root or a drive, or an address.
_LEADS_OUT = re.compile(r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|^[A-Za-z][A-Za-z0-9+.-]*://")
# What Hugging Face's cache calls the folder of the files that those of a model are links to, beside its folder.
_SNAPSHOTS, _BLOBS = "snapshots", "blobs"


def leads_out(name: str) -> bool:
    """Whether a path that is meant to be in a folder leads out of it, on the system of whoever loads the artifact.

    Args:
        name: as the artifact gives it.
    """
    return _LEADS_OUT.search(name) is not None


def is_outside(target: Path, folder: Path) -> bool:
    """Whether a file of an artifact is one of the host; Hugging Face's cache keeps a model's own beside its folder.

    Args:
        target: the file, without links.
        folder: the artifact, without links.
    """
    if target.is_relative_to(folder):
        return False
    home = next((each.parent for each in folder.parents if each.name == _SNAPSHOTS), None)
    return home is None or not target.is_relative_to(home / _BLOBS)
