"""The edit that gives a lookup layer the vocabulary that its file does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS
from pytest_modelcompat.migration.edit import Edit, change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_modelcompat.migration.configuration.draft import Draft
    from pytest_modelcompat.migration.configuration.nodes import Node
    from pytest_modelcompat.migration.target import Target
    from pytest_modelcompat.results.migration import Change

GIVE_VOCABULARY = "give-vocabulary"


class VocabularyError(ValueError):
    """A file is no vocabulary for its layer; one sentence."""


def vocabulary_edit(files: Mapping[str, Path]) -> Edit:
    """The edit for some layers.

    Args:
        files: name of a layer -> its vocabulary, a term a line, as `get_vocabulary()` orders them.
    """

    def give(draft: Draft, target: Target) -> Iterator[Change]:
        del target
        for node in draft.layers():
            file = files.get(node.path[-1]) if node.path else None
            if file is not None and _lacks(node):
                terms = _terms(node, file)
                node.config["vocabulary"] = terms
                yield change(node, after=f"{len(terms)} terms of {file.name}", key="vocabulary")

    return Edit(
        GIVE_VOCABULARY,
        what="a lookup layer gets the vocabulary that you give with --vocabulary",
        because="an .h5 file does not hold what adapt() has found; Keras takes it from the configuration",
        source="tensorflow/tensorflow#61369",
        wrong_if="the file is not the vocabulary that the layer had, or has another order",
        apply=give,
    )


def _lacks(node: Node) -> bool:
    name = node.class_name.rpartition(">")[2]
    return (name in LOOKUPS or "vocabulary" in node.config) and not node.config.get("vocabulary")


def _terms(node: Node, file: Path) -> list[Any]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise VocabularyError(f"{file} is no text in UTF-8; write a term a line") from None
    except OSError as error:
        raise VocabularyError(f"{file} cannot be read: {error.strerror or error}") from None
    terms = lines[:-1] if lines[-1] == "" else lines
    if not terms:
        raise VocabularyError(f"{file} is empty; write a term a line")
    if not _counts(node):
        return terms
    try:
        return [int(each) for each in terms]
    except ValueError:
        wrong = next(each for each in terms if not each.strip().lstrip("-").isdigit())
        raise VocabularyError(
            f'{file} is for the IntegerLookup "{node.path[-1]}" and has {wrong[:40]!r}, which is no integer'
        ) from None


def _counts(node: Node) -> bool:
    return node.class_name.rpartition(">")[2] == "IntegerLookup"
