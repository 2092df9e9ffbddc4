"""A smaller model, loaded in a fresh process and held against the failure of the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.diagnosis.messages import root_cause
from pytest_modelcompat.runtimes.isolation import Isolation
from pytest_modelcompat.runtimes.protocol import Declarations, Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_modelcompat.reproduction.recipe import Recipe
    from pytest_modelcompat.runtimes.process import LoaderProcess
    from pytest_modelcompat.runtimes.protocol import LoadResult

# A load that never ends is waited for at each step.
LONGEST_WAIT = 30.0
_AT_LOAD = ("start", "declare", "resolve", "load")


@dataclass(frozen=True)
class Given:
    """What a model is given, and what it must give.

    Args:
        inputs: arrays in the order of its inputs.
        expected: arrays in the order of its outputs; empty where nothing is compared.
    """

    inputs: tuple[Any, ...] = ()
    expected: tuple[Any, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


class Trial:
    """Tries models against the failure that a recipe says.

    Args:
        recipe: what must fail.
        folder: where the modules that its classes are defined in lie.
        loader: loads.
    """

    def __init__(self, recipe: Recipe, folder: Path, loader: LoaderProcess) -> None:
        self._recipe, self._folder, self._loader = recipe, folder, loader

    @property
    def needs_call(self) -> bool:
        """Whether the failure shows only once the model is called."""
        shows = self._recipe.shows[0]
        return shows in ("outputs", "structure", "twice") or self._recipe.stage not in (*_AT_LOAD, "done")

    def run(self, artifact: Path, given: Given, *, calls: bool, stochastic: tuple[str, ...] = ()) -> LoadResult:
        """Load a model, and call it where that is asked for.

        Args:
            artifact: its file.
            given: its inputs.
            calls: whether to call it.
            stochastic: outputs of which samples are taken over many calls.
        """
        recipe = self._recipe
        objects = {name: _place(each) for name, each in recipe.custom_objects.items()}
        libraries = tuple(str(self._folder / each) for each in recipe.op_libraries)
        inputs = list(given.inputs) if len(given.inputs) != 1 else given.inputs[0]
        return self._loader.run(
            Job(
                artifact=artifact,
                format=recipe.format,
                keras="tf_keras" if recipe.keras.startswith("import tf_keras") else "",
                declared=Declarations(objects, recipe.imports, libraries),
                inputs=inputs,
                call=calls,
                safe_mode=recipe.safe_mode,
                compile_model=False,
                timeout=min(recipe.timeout, LONGEST_WAIT) if recipe.shows[0] == "hang" else recipe.timeout,
                isolation=Isolation(),
                stochastic=stochastic,
            )
        )

    def fails(self, artifact: Path, given: Given) -> bool:
        """Whether a model fails the same way.

        Args:
            artifact: its file.
            given: what it is given, and must give.
        """
        loaded = self.run(artifact, given, calls=self.needs_call)
        shows = self._recipe.shows[0]
        if shows in ("error", "hang", "crash", "exit"):
            return self._ends_alike(loaded, shows)
        if not loaded.succeeded:
            return False
        if shows == "weights":
            found = {each.sha256 for each in loaded.weights}
            return any(digest not in found for digest in given.digests.values())
        return self._differs_again(artifact, given) if shows == "twice" else self._drifts(loaded, given)

    def _ends_alike(self, loaded: LoadResult, shows: str) -> bool:
        """Whether a load ended as that of the whole did."""
        if shows == "error":
            return loaded.error is not None and self._is_alike(loaded)
        if shows == "hang":
            return loaded.process_exit.timed_out
        return loaded.process_exit.code != 0 or (loaded.error is None and loaded.stage != "done")

    def _is_alike(self, loaded: LoadResult) -> bool:
        """Whether the same exception was raised at the same stage for the same reason."""
        error, wanted = loaded.error or {}, self._recipe.error
        is_same = error.get("type") == wanted.get("type") and loaded.stage == self._recipe.stage
        word = self._recipe.subject
        if word in str(wanted.get("message")) and word not in str(error.get("message")):
            return False
        first, other = (root_cause(str(each.get("message", ""))) for each in (error, wanted))
        return is_same and (first == other or _words(first) == _words(other))

    def _drifts(self, loaded: LoadResult, given: Given) -> bool:
        """Whether outputs of the structure that is expected are beyond their tolerance."""
        from pytest_modelcompat.comparison.outputs import compare_outputs
        from pytest_modelcompat.comparison.tolerance import Tolerance

        outputs = [leaf for route in loaded.routes.values() for leaf in route.values()]
        limits = self._recipe.limits.values()
        rtol, atol = (max((getattr(each, name) for each in limits), default=1e-5) for name in ("rtol", "atol"))
        if len(outputs) != len(given.expected):
            return False
        names = [str(number) for number in range(len(outputs))]
        found = compare_outputs(
            dict(zip(names, outputs, strict=True)),
            dict(zip(names, given.expected, strict=True)),
            lambda _, __: Tolerance(rtol, atol, "folder"),
        )
        return bool(found.failing) and not found.has_other_structure

    def _differs_again(self, artifact: Path, given: Given) -> bool:
        """Whether two calls of one model give other outputs."""
        first = self.run(artifact, given, calls=True)
        names = tuple(name for route in first.routes.values() for name in route)
        sampled = self.run(artifact, given, calls=True, stochastic=names)
        leaves = [leaf for route in sampled.routes.values() for leaf in route.values()]
        return any(bool(leaf.pairs.any()) for leaf in leaves if hasattr(leaf, "pairs"))


def _place(text: str) -> tuple[str, str]:
    module, _, qualname = text.partition(":")
    return module, qualname


def _words(text: str) -> list[str]:
    """A sentence without the numbers and quoted parts that another model has others of."""
    return re.sub(r"\d+|'[^']*'|\"[^\"]*\"|\([^)]*\)|\[[^\]]*\]", "", text).split()
