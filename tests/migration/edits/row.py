"""Row: what shows of one edit that it applies, that its condition forbids it, and that the proof sees it go wrong."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py

from pytest_modelcompat.artifacts import read_inventory
from pytest_modelcompat.migration.configuration.draft import Draft
from pytest_modelcompat.migration.target import Target
from pytest_modelcompat.profiles.store import load_profile
from tests.migration.compile_drafts import inventory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.compatibility.models import Build

LOADING, OUTPUTS, WEIGHTS, TRAINING = "it does not load", "outputs", "weights", "training"


@dataclass(frozen=True)
class Model:
    """A model that is saved.

    Args:
        build: makes it, compiled or not, of the package that saves it.
        format: `h5` or `keras`.
        name: of the file; empty for the usual one.
        age: makes an older file of it that holds the same model: is given the file.
        data: the shapes of its inputs' rows, where they are numbers; else the inputs themselves.
        targets: the shape of each target's rows; none for a model that is not trained.
        steps: of training before it is saved.
        declared: name -> what is declared for the reader, made of the package `keras`.
        writer: the package that saves it: `tf_keras` for Keras 2, `keras` for Keras 3.
    """

    build: Callable[[Any], Any]
    format: str = "h5"
    name: str = ""
    age: Callable[[Path], None] | None = None
    data: Any = ()
    targets: tuple[tuple[int, ...], ...] = ()
    steps: int = 0
    declared: Callable[[Any], dict[str, Any]] | None = None
    writer: str = "tf_keras"


@dataclass(frozen=True)
class Forbidden:
    """A draft in which an edit finds nothing to change.

    Args:
        draft: made in a folder.
        runtime: where it is to load.
        custom: what is declared.
    """

    draft: Callable[[Path], Draft]
    runtime: str = "tf2.21"
    custom: tuple[str, ...] = ()

    def target(self, draft: Draft) -> Target:
        """The runtime, with what wrote the draft."""
        return Target(load_profile(self.runtime), dict(draft.source.saved_by), frozenset(self.custom))


@dataclass(frozen=True)
class Row:
    """One edit.

    Args:
        model: one to which it applies.
        forbids: one that its condition forbids.
        spoil: makes of its result what the edit would make if it were wrong.
        seen_by: what of the proof shows that; empty where nothing of it does.
        unseen: why no proof shows it; only where `seen_by` is empty.
        runtime: where the model is to load; the proof loads in the Keras of this process.
        custom: what is declared.
    """

    model: Model
    forbids: Forbidden
    spoil: Callable[[Draft], None]
    seen_by: str = ""
    unseen: str = ""
    runtime: str = "tf2.21"
    custom: tuple[str, ...] = ()


def file(build: Build, runtime: str = "tf2.21", custom: tuple[str, ...] = ()) -> Forbidden:
    """A file that is made by hand."""
    return Forbidden(lambda folder: Draft.of(read_inventory(build(folder))), runtime, custom)


def compiled(training: dict[str, Any], runtime: str = "tf2.21", custom: tuple[str, ...] = (), **more: Any) -> Forbidden:
    """A compile configuration that is made by hand; `more` as `compile_drafts.inventory` takes it."""
    return Forbidden(lambda _: Draft.of(inventory(training, **more)), runtime, custom)


def aged(
    root: Callable[[dict[str, Any]], Any] | None = None,
    training: Callable[[dict[str, Any]], Any] | None = None,
    keras: str = "2.13.1",
    groups: dict[str, str] | None = None,
) -> Callable[[Path], None]:
    """What makes an older file of one.

    Args:
        root: changes the model's configuration in place.
        training: changes in place what `compile()` was given.
        keras: the version that is written into it.
        groups: of a .keras file, beginning of a path of weights or of a file -> another one.
    """

    def change(path: Path) -> None:
        if h5py.is_hdf5(path):
            _age_h5(path, root, training, keras)
        else:
            _age_zip(path, root, training, keras, groups or {})

    return change


def _age_h5(path: Path, root: Any, training: Any, keras: str) -> None:
    with h5py.File(path, "r+") as opened:
        for name, change in (("model_config", root), ("training_config", training)):
            if change is not None:
                config = json.loads(opened.attrs[name])
                change(config)
                opened.attrs[name] = json.dumps(config).encode()
        for each in (opened, opened["model_weights"]):
            each.attrs["keras_version"] = keras


def _age_zip(path: Path, root: Any, training: Any, keras: str, groups: dict[str, str]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    for change, part in ((root, config), (training, config.get("compile_config"))):
        if change is not None:
            change(part)
    weights = io.BytesIO(members["model.weights.h5"])
    with h5py.File(weights, "r+") as opened:
        for before, after in groups.items():
            if before in opened:
                opened.move(before, after)
    members |= {"config.json": json.dumps(config).encode(), "model.weights.h5": weights.getvalue()}
    members["metadata.json"] = json.dumps({**json.loads(members["metadata.json"]), "keras_version": keras}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(_moved(name, groups), content)


def _moved(name: str, groups: dict[str, str]) -> str:
    for before, after in groups.items():
        name = name.replace(f"assets/{before}/", f"assets/{after}/")
    return name


def swap(draft: Draft, one: str, other: str) -> None:
    """Each of two weights or files is written where the other one belongs; told by the end of their paths."""
    paths = [*(each.path for each in draft.source.weights), *(each.path for each in draft.source.assets)]
    first, second = (next(path for path in paths if path.endswith(end)) for end in (one, other))
    moved = draft.moved
    moved[first], moved[second] = moved.get(second, second), moved.get(first, first)


def drop_weight(draft: Draft) -> None:
    """A weight of the model is left out, too."""
    draft.moved[next(each.path for each in draft.source.weights if "optimizer" not in each.path)] = None
