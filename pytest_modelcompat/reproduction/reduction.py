"""A kept failure of a large model, made into that of the smallest model that still fails."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.reproduction.layer_graph import CannotCutError, Cut, LayerGraph
from pytest_modelcompat.reproduction.recipe import (
    EXPECTED,
    INPUTS,
    LAYERS,
    RECIPE,
    SCRIPT,
    WEIGHTS,
    Call,
    Recipe,
    read_recipe,
    write_recipe,
)
from pytest_modelcompat.reproduction.script import script_text
from pytest_modelcompat.reproduction.search import smallest
from pytest_modelcompat.reproduction.trial import Given, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.runtimes.process import LoaderProcess

_CUTTER = "pytest_modelcompat.reproduction.cut_file"
_CUTTABLE = ("error", "crash", "exit", "hang", "outputs", "weights", "twice")
_NOT_COPIED = (INPUTS, EXPECTED, LAYERS, WEIGHTS, RECIPE, SCRIPT, "golden", "log.txt", "__pycache__", "targets.npz")
_LONGEST_CUT = 300.0


@dataclass(frozen=True)
class Reduced:
    """A smaller model that fails the same way.

    Args:
        folder: where it is.
        layers: the names of its layers.
        of: how many layers the whole had.
    """

    folder: Path
    layers: tuple[str, ...]
    of: int


class Reduction:
    """Makes the model of a folder smaller.

    Args:
        folder: as `--modelcompat-keep` leaves it.
        loader: loads smaller models, each in a fresh process.
        scratch: a folder for them.
        tell: says how far it has come.

    Raises:
        RecipeError: the folder is none of these.
        CannotCutError: its model cannot be cut.
    """

    def __init__(self, folder: Path, loader: LoaderProcess, scratch: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._scratch, self._tell = folder.absolute(), scratch, tell
        self._recipe = read_recipe(folder)
        _refuse_other_kinds(self._recipe)
        self._artifact = self._folder / self._recipe.artifact
        if not self._artifact.is_file():
            raise CannotCutError(f"{self._recipe.artifact} is not in the folder")
        self._trial = Trial(self._recipe, self._folder, loader)
        self._values = _arrays(self._folder / LAYERS)
        self._has_layers = bool(self._values)
        shapes = {name: (each.shape, each.dtype.name) for name, each in self._values.items()}
        self._graph = LayerGraph(self._read_config(), shapes)
        if not self._has_layers:
            self._values.update(_given_inputs(self._recipe, self._folder, self._graph.inputs))
        self._digests = _digests(self._folder / WEIGHTS)
        self._steps = 0
        self._computed: set[str] = set()

    def run(self, target: Path) -> Reduced:
        """Find the smallest model that fails, and write its folder.

        Args:
            target: the folder to write.

        Raises:
            CannotCutError: it does not fail here, or not by its layers alone.
        """
        names = self._graph.names
        if not self._fails(names):
            raise CannotCutError(
                "it does not fail here by its layers alone: in other versions, by its compile configuration, or by "
                f"what is outside of the file; run {self._folder / SCRIPT} to see it fail"
            )
        left = smallest(names, self._fails, gaps=not self._graph.is_sequential)
        cut = self._cut(left)
        self._write(cut, target)
        return Reduced(target, cut.layers, len(self._graph.classes()))

    def _fails(self, names: Sequence[str]) -> bool:
        """Whether the model of some layers fails the same way; not where it cannot be made or given inputs."""
        self._steps += 1
        try:
            cut = self._cut(names)
            given = self._given(cut)
            artifact = self._cut_artifact(cut, self._scratch / f"{self._steps}{self._artifact.suffix}")
        except CannotCutError:
            if len(names) == len(self._graph.names):
                raise
            return False
        fails = self._trial.fails(artifact, given)
        artifact.unlink()
        self._tell(f"step {self._steps}: {len(names)} of {len(self._graph.names)} layers {'fail' if fails else 'hold'}")
        return fails

    def _cut(self, names: Sequence[str]) -> Cut:
        """The model of some layers, of which the calls are left out whose inputs nobody knows."""
        if self._has_layers or not self._trial.needs_call or self._recipe.shows[0] == "outputs":
            return self._graph.cut(names)
        self._compute(names)
        return self._graph.cut(names, self._values)

    def _given(self, cut: Cut) -> Given:
        """Inputs and expected outputs of a smaller model: what the layers of the saved model gave.

        Raises:
            CannotCutError: that is not known.
        """
        layers = set(cut.layers)
        digests = {path: each for path, each in self._digests.items() if layers & set(path.split("/"))}
        if not self._trial.needs_call:
            return Given(digests=digests)
        compares = self._recipe.shows[0] == "outputs"
        missing = [name for name in (*cut.inputs, *(cut.outputs if compares else ())) if name not in self._values]
        if missing:
            what = "gave" if compares else "takes"
            raise CannotCutError(
                f"what layer {missing[0].partition('/')[0]!r} of the saved model {what} is not known: the folder has "
                "it of functional and sequential models that a test saves itself, where it is dense numbers"
            )
        inputs = tuple(self._values[name] for name in cut.inputs)
        return Given(inputs, tuple(self._values[name] for name in cut.outputs) if compares else (), digests)

    def _compute(self, kept: Sequence[str]) -> None:
        """Have the layers before a smaller model give its inputs, where nobody has asked the saved model for them."""
        names = self._graph.names
        before = names[: names.index(kept[0])]
        if not before or before[-1] in self._computed:
            return
        self._computed.add(before[-1])
        whole = self._graph.cut(before, self._values)
        artifact = self._cut_artifact(whole, self._scratch / f"before{self._artifact.suffix}")
        given = Given(tuple(self._values[name] for name in whole.inputs))
        loaded = self._trial.run(artifact, given, calls=True)
        outputs = [leaf for route in loaded.routes.values() for leaf in route.values()]
        if loaded.succeeded and len(outputs) == len(whole.outputs):
            self._values.update(zip(whole.outputs, outputs, strict=True))

    def _read_config(self) -> dict[str, Any]:
        answer = self._scratch / "config.json"
        self._cutter({"artifact": str(self._artifact), "answer": str(answer)})
        config: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return config

    def _cut_artifact(self, cut: Cut, target: Path) -> Path:
        job = {"artifact": str(self._artifact), "target": str(target), "config": cut.config}
        self._cutter({**job, "classes": self._graph.classes()})
        return target

    def _cutter(self, job: Mapping[str, Any]) -> None:
        """Have a process of its own read the file, which may be damaged.

        Raises:
            CannotCutError: it cannot be read.
        """
        file = self._scratch / "cut.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", _CUTTER, str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST_CUT)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise CannotCutError(f"{self._recipe.artifact} cannot be read: {last}")

    def _write(self, cut: Cut, target: Path) -> None:
        """Write a folder of the same form, with the modules of the whole one."""
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self._folder, target, ignore=shutil.ignore_patterns(*_NOT_COPIED, self._recipe.artifact))
        self._cut_artifact(cut, target / self._recipe.artifact)
        given = self._given(cut)
        if given.digests:
            (target / WEIGHTS).write_text(json.dumps(dict(given.digests), indent=1) + "\n", encoding="utf-8")
        recipe = replace(
            self._recipe,
            calls=self._calls(given, cut, target) if self._trial.needs_call else (),
            shows=self._recipe.shows[:1],
            limits=self._limits(cut),
            compile_model=True,
            comments=(
                f"The model has {len(cut.layers)} of {len(self._graph.classes())} layers: {', '.join(cut.layers)}.",
                "Inputs and expected outputs are what the layers of the whole model took and gave when it was saved.",
            ),
        )
        write_recipe(recipe, target)
        (target / SCRIPT).write_text(script_text(recipe), encoding="utf-8")

    def _limits(self, cut: Cut) -> dict[str, Any]:
        known = list(self._recipe.limits.values())
        if not known:
            return {}
        widest = replace(known[0], rtol=max(e.rtol for e in known), atol=max(e.atol for e in known), compare="")
        return dict.fromkeys(cut.outputs, widest)

    def _calls(self, given: Given, cut: Cut, target: Path) -> tuple[Call, ...]:
        import numpy as np

        from pytest_modelcompat.loader import tensors

        inputs: Any = list(given.inputs) if len(given.inputs) != 1 else given.inputs[0]
        structure, arrays = tensors.pack(tensors.as_leaves(inputs))
        np.savez(target / INPUTS, **arrays)
        outputs, arrays = tensors.pack(dict(zip(cut.outputs, given.expected, strict=False)))
        if arrays:
            np.savez(target / EXPECTED, **arrays)
        return (Call("", structure, outputs, cut.outputs),)


def _refuse_other_kinds(recipe: Recipe) -> None:
    """Stop where no layer could be left out.

    Raises:
        CannotCutError: the failure, or the format, is of another kind.
    """
    if recipe.is_saved_model:
        raise CannotCutError(
            "a SavedModel is one graph, which has no layers to leave out; try the folder of the format keras or h5"
        )
    if recipe.shows[0] not in _CUTTABLE:
        raise CannotCutError(f"{recipe.kind} is about the whole model, and not about a layer of it")


def _given_inputs(recipe: Recipe, folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """What the whole model was called with, as what its input layers give."""
    from pytest_modelcompat.loader import calls, tensors

    if not recipe.calls or not names:
        return {}
    given = tensors.unpack(dict(recipe.calls[0].inputs), _arrays(folder / INPUTS))
    if isinstance(given, dict) and set(given) == set(names):
        return {f"{name}/0/0": given[name] for name in names}
    leaves = calls.flat_in_order(given)
    return {f"{name}/0/0": leaf for name, leaf in zip(names, leaves, strict=False)} if len(leaves) == len(names) else {}


def _arrays(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    import numpy as np

    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _digests(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    found: dict[str, str] = json.loads(file.read_text("utf-8"))
    return found
