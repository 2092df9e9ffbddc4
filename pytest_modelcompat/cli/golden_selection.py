"""What is in a golden folder: each case's golden and its frozen releases, and which of them a user means."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import counted, listed, size_text
from pytest_modelcompat.cli.parser import Parser, UsageError, near
from pytest_modelcompat.golden.golden import (
    ARRAYS_FILE,
    JSON_FILE,
    Golden,
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
)
from pytest_modelcompat.golden.release_store import BrokenRelease, FrozenArtifact, ReleaseStore
from pytest_modelcompat.golden.store import GoldenStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_modelcompat.golden.release_store import Frozen


@dataclass(frozen=True)
class GoldenEntry:
    """What is kept of one case.

    Args:
        name: its golden's.
        folder: of its golden.
        golden: None where it is broken, or only frozen releases are left.
        problem: why the golden cannot be read, in a sentence.
        size: of the golden's files, in bytes.
        releases: the artifacts of its releases, and those releases that are broken.
    """

    name: GoldenName
    folder: Path
    golden: Golden | None
    problem: str
    size: int
    releases: tuple[Frozen, ...]

    @property
    def frozen(self) -> tuple[FrozenArtifact, ...]:
        """The artifacts of the releases that can be read."""
        return tuple(each for each in self.releases if isinstance(each, FrozenArtifact))

    @property
    def broken(self) -> tuple[BrokenRelease, ...]:
        """The releases that cannot be read."""
        return tuple(each for each in self.releases if isinstance(each, BrokenRelease))

    @property
    def is_recorded(self) -> bool:
        """Whether there is a golden, whole or broken, and not only what was frozen of the case."""
        return self.golden is not None or bool(self.problem)

    @property
    def labels(self) -> tuple[str, ...]:
        """The releases, in their order."""
        return tuple(dict.fromkeys(each.label for each in self.releases))

    @property
    def problems(self) -> tuple[str, ...]:
        """Whatever cannot be read, a sentence each."""
        return tuple(problem for problem in (self.problem, *(each.problem for each in self.broken)) if problem)


def golden_entries(root: Path) -> tuple[GoldenEntry, ...]:
    """Everything in a golden folder, case by case.

    Raises:
        UsageError: there is no such folder.
    """
    if not root.is_dir():
        raise UsageError(f"there is no golden folder {root}; name it with --golden-dir")
    goldens, frozen = GoldenStore(root), ReleaseStore(root).by_case()
    names = dict.fromkeys((*goldens.names(), *frozen))
    return tuple(
        _golden_entry(goldens, name, frozen.get(name, ()))
        for name in sorted(names, key=lambda name: (name.folder, name.name))
    )


def _golden_entry(store: GoldenStore, name: GoldenName, frozen: tuple[Frozen, ...]) -> GoldenEntry:
    golden, problem = read_or_problem(store, name)
    folder = store.folder(name)
    return GoldenEntry(name, folder, golden, problem, golden_size(folder), frozen)


def read_or_problem(store: GoldenStore, name: GoldenName) -> tuple[Golden | None, str]:
    """A golden, or why it cannot be read; neither where there is none."""
    try:
        return store.read(name), ""
    except GoldenMissingError:
        return None, ""
    except GoldenBrokenError as error:
        return None, str(error)
    except ImportError as error:
        return None, f"{store.folder(name)} holds numbers of a kind that NumPy needs the package {error.name} for."


def golden_size(folder: Path) -> int:
    """How much the files of the golden in a folder take, in bytes."""
    files = (folder / JSON_FILE, folder / ARRAYS_FILE)
    return sum(file.stat().st_size for file in files if file.is_file())


def frozen_text(frozen: Sequence[Frozen]) -> str:
    """How much is frozen: `3 frozen artifacts, 1.2 MB`."""
    size = sum(each.size for each in frozen if isinstance(each, FrozenArtifact))
    return f"{counted(len(frozen), 'frozen artifact')}, {size_text(size)}"


def select(kept: Sequence[GoldenEntry], patterns: Iterable[str]) -> tuple[GoldenEntry, ...]:
    """Those that any of the patterns means, in their order; all where there is no pattern.

    A pattern is a golden's name, the last part of it, a folder of goldens, a test's file or id, or a glob of names.

    Raises:
        UsageError: a pattern means none.
    """
    patterns = tuple(patterns)
    meant = {pattern: [each for each in kept if _matches_pattern(pattern, each)] for pattern in patterns}
    for pattern, found in meant.items():
        if not found:
            raise UsageError(f"no golden is called {pattern}{_near(pattern, kept)}")
    chosen = {each.name for found in meant.values() for each in found}
    return tuple(each for each in kept if not patterns or each.name in chosen)


def select_one(kept: Sequence[GoldenEntry], given: str) -> GoldenEntry:
    """The one case that a name means.

    Raises:
        UsageError: it means none, or several.
    """
    found = select(kept, [given])
    exact = [each for each in found if given in (str(each.name), str(each.folder))]
    if len(exact or found) > 1:
        raise UsageError(f"{given} matches {len(found)} goldens: {listed((str(each.name) for each in found), 5)}")
    return (exact or list(found))[0]


def _matches_pattern(pattern: str, kept: GoldenEntry) -> bool:
    name = str(kept.name)
    plain = _as_name(pattern)
    if plain in (name, kept.name.name, str(kept.folder)) or name.startswith(f"{plain}/"):
        return True
    if kept.folder.as_posix().startswith(f"{pattern.rstrip('/')}/"):
        return True
    return fnmatchcase(name, pattern) or fnmatchcase(kept.name.name, pattern)


def _as_name(pattern: str) -> str:
    """A golden's name for a test's file or id: `tests/test_it/test_ranker` for `tests/test_it.py::test_ranker`."""
    return pattern.rstrip("/").replace(".py::", "/").removesuffix(".py").replace("::", ".")


def _near(given: str, kept: Iterable[GoldenEntry]) -> str:
    name = _as_name(given)
    whole = {str(each.name): each.name.name for each in kept}
    # By its last part alone, a name is most like another whose folders are as they should be.
    of_folder = [each for each in whole if each.rpartition("/")[0] == name.rpartition("/")[0]]
    return near(name, of_folder) or near(name, whole) or near(name, whole.values()) or "; see modelcompat golden list"


def golden_parser(command: str, description: str, epilog: str) -> Parser:
    """The arguments of one of the commands, with those that all of them take."""
    parser = Parser(f"golden {command}", description, epilog)
    parser.add_argument("--golden-dir", default="", metavar="DIR", help="the golden folder (default: pytest's)")
    return parser
