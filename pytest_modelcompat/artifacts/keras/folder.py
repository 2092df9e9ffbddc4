"""The folder that Keras saves with `zipped=False`, asked as a .keras zip is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.containers.folder_hazards import folder_hazards
from pytest_modelcompat.artifacts.containers.hdf5.source import Source
from pytest_modelcompat.artifacts.containers.zip_reader import ZIP, ZipArchive, ZipError, refuse_larger
from pytest_modelcompat.artifacts.limits import MOST_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from pytest_modelcompat.artifacts.budget import Budget
    from pytest_modelcompat.artifacts.inventory import Hazard


class Folder(ExitStack):
    """The files in a folder, by their paths in it; what was opened is closed on leaving the `with`.

    Args:
        path: the folder.
        budget: what reading it may cost.

    Raises:
        ZipError: it has more files than any model.
    """

    def __init__(self, path: Path, budget: Budget) -> None:
        super().__init__()
        self._path, self._budget = path, budget
        self.sizes: dict[str, int] = {}
        for file in path.rglob("*"):
            budget.spend()
            if not file.is_file():
                continue
            if len(self.sizes) == MOST_MEMBERS:
                raise ZipError(f"it has more than {MOST_MEMBERS:,} files, which is the limit")
            self.sizes[file.relative_to(path).as_posix()] = file.stat().st_size

    def read(self, name: str, limit: int) -> bytes:
        """Reads a whole file, which may have `limit` bytes.

        Raises:
            ZipError: it is larger.
        """
        data = self._open(name).read(limit + 1)
        refuse_larger(name, data, limit)
        return data

    def source(self, name: str) -> Source:
        """A file's bytes, in place."""
        return Source(self._open(name), 0, self.sizes[name], self._budget)

    def inner(self, name: str) -> ZipArchive | None:
        """A zip in the folder; None if it is none.

        Raises:
            ZipError: it is damaged.
        """
        file = self._open(name)
        return ZipArchive(file, self._budget) if file.read(len(ZIP)) == ZIP else None

    def hazards(self, known: Collection[str]) -> Iterator[Hazard]:
        """What in it can harm.

        Args:
            known: files that their own readers look into.
        """
        return folder_hazards(self._path, self._budget, known.__contains__)

    def _open(self, name: str) -> BinaryIO:
        return self.enter_context((self._path / name).open("rb"))
