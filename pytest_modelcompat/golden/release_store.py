"""ReleaseStore: the artifacts kept from releases, each with the golden of its release, beside the goldens.

Layout: `<root>/<case>/frozen/<label>/`, in it `golden.json` and `arrays.npz`, `frozen.json`, and the artifacts.
"""

from __future__ import annotations

import re
import shlex
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from pytest_modelcompat.artifacts.text import natural_order
from pytest_modelcompat.golden import serialization
from pytest_modelcompat.golden.files import replace_together
from pytest_modelcompat.golden.folders import folder_of, own_folder, remove_empty_folders
from pytest_modelcompat.golden.golden import (
    FROZEN_FILE,
    FROZEN_FOLDER,
    JSON_FILE,
    Golden,
    GoldenBrokenError,
    GoldenMissingError,
    GoldenName,
    GoldenNotWrittenError,
    ReleaseBrokenError,
    ReleaseExistsError,
    escape,
)
from pytest_modelcompat.golden.release_serialization import (
    ARTIFACTS,
    CallSpec,
    FrozenEntry,
    copy_artifact,
    digest_of,
    discard,
    read_release,
    serialize_release,
)
from pytest_modelcompat.golden.store import (
    golden_name_of,
    locked_folder,
    read_golden,
    removal_errors,
    save_golden,
    write_errors,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LONGEST_LABEL = 60
_DIRECTLY = CallSpec()
_RESTORE = "restore it from version control"


def label_problem(label: str) -> str:
    """What is wrong with a label, as the end of a sentence about it (`is empty`); nothing if it can be one.

    A label is a folder's name on every system and stands in the ids of tests (`test_ranker[h5:v1.2]`).
    """
    if not label:
        return "is empty"
    if len(label) > _LONGEST_LABEL:
        return f"is longer than {_LONGEST_LABEL} characters"
    strange = re.search(r"[^A-Za-z0-9._+-]", label)
    if strange:
        return f"holds {strange[0]!r}: a label is made of letters, digits, '.', '_', '+' and '-'"
    if not re.match(r"[A-Za-z0-9]", label):
        return f"starts with {label[0]!r}, not with a letter or a digit"
    if label.endswith("."):
        return "ends with a dot, which Windows drops"
    return "is a name that Windows or the golden folder keeps for itself" if escape(label) != label else ""


@dataclass(frozen=True)
class FrozenArtifact:
    """One artifact kept from a release.

    Args:
        name: its case's golden.
        label: of the release.
        format: it was saved in.
        artifact: the file, or the SavedModel's folder.
        folder: of the label; its golden is there too.
        saved_by: versions by `keras`, `tensorflow`, `python`.
        digest: SHA-256 of the bytes that were frozen.
        size: of all its files, in bytes.
        call: how it is called.
    """

    name: GoldenName
    label: str
    format: str
    artifact: Path
    folder: Path
    saved_by: Mapping[str, str]
    digest: str
    size: int
    call: CallSpec = field(default_factory=CallSpec)


@dataclass(frozen=True)
class BrokenRelease:
    """A release whose record cannot be read, so that nobody knows which artifacts are in it.

    Args:
        name: its case's golden.
        label: of the release.
        folder: of the label.
        problem: why it cannot be read, in a sentence.
    """

    name: GoldenName
    label: str
    folder: Path
    problem: str

    @property
    def format(self) -> str:
        """What stands for a format in the name of the target that fails of it."""
        return "golden"


Frozen: TypeAlias = FrozenArtifact | BrokenRelease


@dataclass(frozen=True)
class ReleaseStore:
    """The frozen artifacts under the folder of all goldens.

    Args:
        root: the folder, the same as of `GoldenStore`.
    """

    root: Path

    def folder(self, name: GoldenName, label: str) -> Path:
        """Where a release of a case is kept, whether it is there or not."""
        return self._releases(name) / label

    def _case(self, name: GoldenName) -> Path:
        return folder_of(self.root, name)

    def _releases(self, name: GoldenName) -> Path:
        return self._case(name) / FROZEN_FOLDER

    def labels(self, name: GoldenName) -> tuple[str, ...]:
        """The releases of a case, whole or broken, `v1.2` before `v1.10`."""
        return _labels(self._releases(name))

    def frozen(self, name: GoldenName) -> tuple[FrozenArtifact, ...]:
        """Every artifact frozen for a case, label by label, format by format.

        Raises:
            ReleaseBrokenError: a frozen.json is missing, or is not one.
        """
        return tuple(each for label in self.labels(name) for each in self.release(name, label))

    def release(self, name: GoldenName, label: str) -> tuple[FrozenArtifact, ...]:
        """Every artifact of one release of a case, format by format.

        Raises:
            ReleaseBrokenError: its frozen.json is missing, or is not one.
        """
        folder = self.folder(name, label)
        entries = read_release(folder)
        return tuple(
            FrozenArtifact(
                name, label, format_, folder / artifact, folder, entry.saved_by, entry.sha256, entry.size, entry.call
            )
            for format_, artifact in ARTIFACTS.items()
            if (entry := entries.get(format_)) is not None
        )

    def all(self) -> tuple[FrozenArtifact, ...]:
        """Every frozen artifact of every case. Broken releases are left out: `broken` lists them."""
        return tuple(each for name, label in self.releases() for each in self._or_error(name, label)[0])

    def broken(self) -> tuple[ReleaseBrokenError, ...]:
        """Why the releases that `all` leaves out cannot be read."""
        errors = (self._or_error(name, label)[1] for name, label in self.releases())
        return tuple(error for error in errors if error is not None)

    def by_case(self) -> dict[GoldenName, tuple[Frozen, ...]]:
        """What is frozen of each case, label by label; of a broken release that alone."""
        found: dict[GoldenName, tuple[Frozen, ...]] = {}
        for name, label in self.releases():
            frozen: tuple[Frozen, ...]
            frozen, error = self._or_error(name, label)
            if error is not None:
                frozen = (BrokenRelease(name, label, self.folder(name, label), str(error)),)
            found[name] = (*found.get(name, ()), *frozen)
        return found

    def releases(self) -> tuple[tuple[GoldenName, str], ...]:
        """Every release of every case, whole or broken, in the order of their folders."""
        found = (
            (name, label)
            for folder in sorted(self.root.rglob(FROZEN_FOLDER))
            if (name := self._name(folder)) is not None
            for label in self.labels(name)
        )
        return tuple(dict.fromkeys(found))

    def where_now(self, frozen: Frozen) -> Frozen:
        """What is frozen, where it is now: an update may have renamed its golden since it was listed."""
        folder = self.folder(frozen.name, frozen.label)
        if isinstance(frozen, BrokenRelease):
            return replace(frozen, folder=folder)
        return replace(frozen, folder=folder, artifact=folder / frozen.artifact.name)

    def _name(self, releases: Path) -> GoldenName | None:
        parts = releases.parent.relative_to(self.root).parts
        for file in (releases.parent / JSON_FILE, *(releases / label / JSON_FILE for label in _labels(releases))):
            name = golden_name_of(parts, file)
            if name is not None:
                return name
        return None

    def _or_error(self, name: GoldenName, label: str) -> tuple[tuple[FrozenArtifact, ...], ReleaseBrokenError | None]:
        try:
            return self.release(name, label), None
        except ReleaseBrokenError as error:
            return (), error

    def freeze(  # noqa: PLR0913 - what is frozen, and as what
        self,
        name: GoldenName,
        label: str,
        format_: str,
        artifact: Path,
        golden: Golden,
        saved_by: Mapping[str, str],
        *,
        call: CallSpec = _DIRECTLY,
    ) -> str:
        """Keep an artifact and its golden as those of a release; another format of the release joins in.

        The bytes of one model differ from save to save (dates, random ids). So a release that holds the format
        already stays as it is, if its golden is the same.

        Args:
            name: the case's golden.
            label: the release.
            format_: the artifact's.
            artifact: the file, or the SavedModel's folder; it is copied.
            golden: the case's golden; of its sections, that of this format is kept.
            saved_by: versions by `keras`, `tensorflow`, `python`.
            call: how it is called.

        Returns:
            `frozen`, or `unchanged` if it was already.

        Raises:
            ReleaseExistsError: the label holds another model of this case, or one that differs from it in case only.
            GoldenNotWrittenError: it could not be written; the label cannot be one; or what is there is broken.
        """
        problem = label_problem(label)
        if problem:
            raise GoldenNotWrittenError(f"The label {label!r} {problem}.", "choose another label")
        with locked_folder(own_folder(self.root, name)):
            folder = self.folder(name, label)
            self._refuse_alike(name, label)
            entries, before = self._before(name, label, golden)
            if format_ in entries:
                self._refuse_damaged(name, label, format_)
                return "unchanged"
            with self._locked_release(folder) as target:
                entries[format_] = copy_artifact(artifact, target / ARTIFACTS[format_], saved_by, call)
                save_golden(name, target, _with_section(before, golden, format_))
                replace_together(target, {FROZEN_FILE: serialize_release(name, label, entries)})
        return "frozen"

    @contextmanager
    def _locked_release(self, folder: Path) -> Iterator[Path]:
        """Where to write what joins a release: a new one appears in one piece, or not at all."""
        target = folder if folder.is_dir() else folder.with_name(f".{folder.name}.part")
        try:
            with write_errors(folder):
                if target != folder:
                    discard(target)
                target.mkdir(parents=True, exist_ok=True)
                yield target
                if target != folder:
                    target.rename(folder)
        finally:
            if target != folder:
                discard(target)
                remove_empty_folders(target.parent, self.root)

    def _refuse_alike(self, name: GoldenName, label: str) -> None:
        alike = [each for each in self.labels(name) if each.lower() == label.lower() and each != label]
        if alike:
            raise ReleaseExistsError(
                f"{self.folder(name, alike[0])} is there, and {label!r} is the same where a file system ignores case.",
                f"freeze as {alike[0]}, or under a label that differs from it in more than case",
            )

    def _before(self, name: GoldenName, label: str, golden: Golden) -> tuple[dict[str, FrozenEntry], Golden | None]:
        """What is frozen of a release already: the entries of its record, and its golden."""
        folder = self.folder(name, label)
        if not folder.is_dir():
            return {}, None
        try:
            entries, before = read_release(folder), read_golden(folder)
        except (GoldenBrokenError, GoldenMissingError) as error:
            raise GoldenNotWrittenError(
                f"{folder} is left as it is: {error}", f"{_RESTORE}, or {_thaw(name, label)}"
            ) from error
        if not serialization.same_content(before, golden):
            raise ReleaseExistsError(
                f"{folder} holds another model of this case: its golden has other inputs, outputs or weights.",
                f"freeze under another label, or first {_thaw(name, label)}",
            )
        return entries, before

    def _refuse_damaged(self, name: GoldenName, label: str, format_: str) -> None:
        try:
            for each in self.release(name, label):
                if each.format == format_:
                    self.check(each)
        except ReleaseBrokenError as error:
            raise GoldenNotWrittenError(str(error), f"{_RESTORE}, or first {_thaw(name, label)}") from error

    def golden(self, frozen: Frozen) -> Golden:
        """The golden of the release: what its model computed then.

        Raises:
            GoldenMissingError: it is not there.
            GoldenBrokenError: what is there is not a golden.
        """
        return read_golden(frozen.folder)

    def check(self, frozen: FrozenArtifact) -> None:
        """Make sure that an artifact's bytes are those that were frozen.

        Raises:
            ReleaseBrokenError: they are not: it is missing, not fetched from Git LFS, or altered.
        """
        try:
            digest, size = digest_of(frozen.artifact)
        except FileNotFoundError:
            raise ReleaseBrokenError(
                f"{frozen.artifact} is missing, though {FROZEN_FILE} lists it: "
                "was it not committed because of a pattern in .gitignore?"
            ) from None
        except GoldenBrokenError as error:
            raise ReleaseBrokenError(str(error)) from error
        except OSError as error:
            raise ReleaseBrokenError(
                f"{error.filename or frozen.artifact} cannot be read: {error.strerror}."
            ) from error
        if digest != frozen.digest:
            sizes = f" ({size} bytes, where {frozen.size} were frozen)" if size != frozen.size else ""
            raise ReleaseBrokenError(f"{frozen.artifact} differs from what was frozen{sizes}.")

    def thaw(self, name: GoldenName, label: str) -> None:
        """Remove a release of a case: its artifacts and its golden.

        Raises:
            GoldenMissingError: there is none of this label.
            GoldenNotWrittenError: it could not be removed.
        """
        if label not in self.labels(name):
            raise GoldenMissingError(f"There is no frozen release {self.folder(name, label)}.")
        folder = self.folder(name, label)
        with locked_folder(own_folder(self.root, name)), removal_errors(folder):
            # Renamed first: what is killed amid removing leaves no half of a release.
            going = folder.with_name(f".{label}.part")
            discard(going)
            folder.rename(going)
            discard(going)
            remove_empty_folders(folder.parent, self.root)


def _labels(releases: Path) -> tuple[str, ...]:
    if not releases.is_dir():
        return ()
    found = (each.name for each in releases.iterdir() if each.is_dir() and not label_problem(each.name))
    return tuple(sorted(found, key=lambda label: (natural_order(label), label)))


def thaw_command(name: GoldenName, label: str) -> str:
    """The command that removes a release of a case."""
    return f"modelcompat golden thaw {shlex.quote(str(name))} {label}"


def _thaw(name: GoldenName, label: str) -> str:
    return f"`{thaw_command(name, label)}`"


def _with_section(before: Golden | None, golden: Golden, format_: str) -> Golden:
    """The golden of the release with the section of one more format."""
    kept = {} if before is None else before.formats
    added = {name: section for name, section in golden.formats.items() if name == format_}
    return replace(golden if before is None else before, formats={**kept, **added})
