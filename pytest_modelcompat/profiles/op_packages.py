"""Op packages: which package brings an op that no TensorFlow has of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.versions import minor_text, version_order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OP_PACKAGES_FILE = Path(__file__).resolve().parent / "data" / "op_packages.json"
# What a package calls all its ops, and no TensorFlow any of its own; for those that were not recorded.
NAMESPACES = {
    "Addons>": "tensorflow_addons",
    "Horovod": "horovod.tensorflow",
    "IO>": "tensorflow_io",
    "Reverb": "reverb",
    "Scann>": "scann",
    "SimpleML": "tensorflow_decision_forests",
    "TFRA>": "tensorflow_recommenders_addons",
    "TFText>": "tensorflow_text",
    "Tfq": "tensorflow_quantum",
    "Tfra": "tensorflow_recommenders_addons",
}
# Packages of which no version could be recorded.
_UNRECORDED = {"horovod.tensorflow": "horovod"}
# Packages whose versions are TensorFlow's, and go with that TensorFlow only.
_VERSIONED_AS_TENSORFLOW = frozenset({"tensorflow_text"})
_SOME_LIBRARY = "the_library.so"


@dataclass(frozen=True)
class OpPackage:
    """A package that brings an op.

    Args:
        distribution: what `pip install` calls it.
        module: what to import for its ops.
        library: the file in its folder that registers the op, where the import does not; empty where it does.
    """

    distribution: str
    module: str
    library: str = ""

    @property
    def library_path(self) -> str:
        """Where the library is, as far as that can be said without looking; empty where the import is enough."""
        folder = self.module.replace(".", "/")
        return f"path/to/site-packages/{folder}/{self.library}" if self.library else ""

    def install(self, tensorflow: str) -> str:
        """The command that installs it, in the version that goes with a TensorFlow as far as that is known.

        Args:
            tensorflow: its version, such as `2.21.0` or `2.21`; empty where it is not known.
        """
        minor = minor_text(tensorflow)
        if self.module in _VERSIONED_AS_TENSORFLOW:
            # Without a version pip would take the newest, and the newest TensorFlow with it.
            return f'pip install "{self.distribution}=={minor or "X.Y"}.*"'
        known = read_op_packages().get(self.module, {"recorded": {}})["recorded"]
        fitting = [version for version, recorded_in in known.items() if minor_text(recorded_in) == minor]
        newest = f'"{self.distribution}=={max(fitting, key=version_order)}"' if fitting else self.distribution
        return f"pip install {newest}"

    def reinstall(self, tensorflow: str) -> str:
        """What to do where it is there, and does not register the op.

        Args:
            tensorflow: the version there; empty where it is not known.
        """
        if self.module in _VERSIONED_AS_TENSORFLOW:
            return (
                f"install the version of it that goes with the TensorFlow there, {self.install(tensorflow)}, or load "
                "the model with the TensorFlow that saved it"
            )
        return f"install the version of {self.distribution} there that the model was saved with"

    def is_declared(self, declared: Collection[str]) -> bool:
        """Whether what registers the op is among the imports and op libraries that are declared."""
        if self.library:
            return any(Path(each).name == Path(self.library).name for each in declared)
        return any(each == self.module or each.startswith(f"{self.module}.") for each in declared)


def package_of(op: str) -> OpPackage | None:
    """The package that an op comes with; None for TensorFlow's own and for what nobody knows.

    Args:
        op: the op's name, as in a graph.
    """
    recorded = _recorded().get(op)
    if recorded is not None:
        return recorded
    named = next((module for prefix, module in NAMESPACES.items() if op.startswith(prefix)), None)
    return None if named is None else _unnamed_of(named)


def package_called(module: str) -> OpPackage | None:
    """The package that a module is, or is in; None for one that brings no ops as far as is known.

    Args:
        module: its name, as it is imported.
    """
    homes = {**{name: known["distribution"] for name, known in read_op_packages().items()}, **_UNRECORDED}
    return next((OpPackage(homes[name], name) for name in homes if f"{module}.".startswith(f"{name}.")), None)


@cache
def read_op_packages() -> Mapping[str, Any]:
    """What was recorded: each module's `distribution`, `recorded` versions, `ops` and `ops_of_libraries`."""
    data: Mapping[str, Any] = json.loads(OP_PACKAGES_FILE.read_text(encoding="utf-8"))
    return data


@cache
def _recorded() -> Mapping[str, OpPackage]:
    found: dict[str, OpPackage] = {}
    for module, known in read_op_packages().items():
        package = OpPackage(known["distribution"], module)
        found.update((op, replace(package, library=library)) for op, library in known["ops_of_libraries"].items())
        found.update(dict.fromkeys(known["ops"], package))
    return found


def _unnamed_of(module: str) -> OpPackage:
    """A package as the home of an op that was not recorded of it."""
    if module in _UNRECORDED:
        return OpPackage(_UNRECORDED[module], module)
    known = read_op_packages()[module]
    libraries = set(known["ops_of_libraries"].values())
    if known["ops"] or not libraries:
        return OpPackage(known["distribution"], module)
    return OpPackage(known["distribution"], module, libraries.pop() if len(libraries) == 1 else _SOME_LIBRARY)
