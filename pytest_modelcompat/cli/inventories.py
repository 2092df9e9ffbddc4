"""The inventories of the artifacts that a command was given; one that cannot be read is a sentence, never the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pytest_modelcompat.artifacts import ArtifactWithoutModelError, BrokenArtifactError, read_inventory
from pytest_modelcompat.artifacts.text import clause
from pytest_modelcompat.cli.bounds import OutOfTimeError, bounded
from pytest_modelcompat.cli.discovery import find_artifacts
from pytest_modelcompat.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.cli.console import Console
    from pytest_modelcompat.cli.discovery import FoundArtifact

T = TypeVar("T")

# What a file made by nobody's Keras can provoke in code that expects Keras' own.
_UNEXPECTED = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class ArtifactResult(Generic[T]):
    """What a command has to say of one artifact; None, and why, where it cannot be read."""

    path: Path
    value: T | None = None
    problem: str = ""


def artifact_results(
    arguments: Sequence[str], console: Console, work: Callable[[Inventory], T]
) -> Iterator[ArtifactResult[T]]:
    """Reads every artifact that paths, folders and globs mean, with a progress bar on a terminal.

    A sound file that holds no model is a problem where it was named, and passed over where it was met in a folder.

    Args:
        arguments: paths, folders and globs.
        console: where the bar is shown, and what is passed over.
        work: makes the answer from what an artifact holds.
    """
    found = find_artifacts(arguments)
    passed_over = 0
    for position in console.progress([str(each.path) for each in found]):
        answer = artifact_result(found[position], work)
        if answer is None:
            passed_over += 1
            console.problem(f"skipped: {found[position].path} holds no model")
        else:
            yield answer
    if passed_over == len(found):
        yield ArtifactResult(found[0].path.parent, problem=f"no model was found in {' '.join(arguments)}")


def artifact_result(
    found: FoundArtifact, work: Callable[[Inventory], T], seconds: float | None = None
) -> ArtifactResult[T] | None:
    """Read one artifact and work with what it holds, within bounds.

    Args:
        found: the artifact.
        work: what to do with its inventory.
        seconds: the time of the processor that both may take; None for the usual one.

    Returns:
        Its answer; None for a sound file without a model that was met in a folder.
    """
    if found.problem:
        return ArtifactResult(found.path, problem=found.problem)
    try:
        with bounded(seconds):
            return ArtifactResult(found.path, with_inventory(found.path, work))
    except OutOfTimeError as error:
        return ArtifactResult(found.path, problem=f"{found.path} takes longer than any model: {error}")
    except ArtifactWithoutModelError as error:
        return ArtifactResult(found.path, problem=str(error)) if found.is_named else None
    except BrokenArtifactError as error:
        return ArtifactResult(found.path, problem=str(error))


def with_inventory(path: Path, work: Callable[[Inventory], T]) -> T:
    """Reads one artifact and works with what it holds.

    Args:
        path: an artifact, or what should be one.
        work: what to do with its inventory.

    Raises:
        BrokenArtifactError: it cannot be read, or holds what makes the work fail in a way nobody foresaw.
    """
    try:
        return work(read_inventory(path))
    except MemoryError as error:
        raise BrokenArtifactError(f"{path} takes more memory than any model, which is refused") from error
    except _UNEXPECTED as error:
        cause = clause(error) or "no reason given"
        what = f"{path} contains something that no version of Keras writes ({type(error).__name__}: {cause})"
        raise BrokenArtifactError(what) from error


def report_unreadable(answer: ArtifactResult[T], console: Console, *, as_json: bool) -> ExitCode:
    """Says why an artifact cannot be read, and gives the exit code for it.

    Args:
        answer: one without a value.
        console: where it is said.
        as_json: whether an object is written for it too.
    """
    if as_json:
        from pytest_modelcompat.report.json_data import line, unreadable_data

        console.lines([line(unreadable_data(answer.path, answer.problem))])
    console.problem(answer.problem)
    return ExitCode.ERROR
