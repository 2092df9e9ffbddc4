"""Bombs: files of a few megabytes that are meant to cost whoever reads them time, memory or a screen without end.

Each is made by a function of the folder it goes into and of a scale: 1 for the whole bomb, less for a quick one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.artifacts.bombs.bytecode import BYTECODE
from tests.artifacts.bombs.folders import FOLDERS
from tests.artifacts.bombs.hdf5_files import HDF5_FILES
from tests.artifacts.bombs.json_configs import JSON
from tests.artifacts.bombs.other_files import OTHER_FILES
from tests.artifacts.bombs.protobufs import PROTOBUFS
from tests.artifacts.bombs.zips import ZIPS

if TYPE_CHECKING:
    from tests.artifacts.bombs.files import Write

BOMBS: dict[str, Write] = {**JSON, **BYTECODE, **PROTOBUFS, **ZIPS, **HDF5_FILES, **OTHER_FILES, **FOLDERS}
