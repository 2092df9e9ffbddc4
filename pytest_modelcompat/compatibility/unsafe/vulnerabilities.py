"""Published vulnerabilities of Keras' model files: which of them a file makes use of, in a runtime that has them.

What a Keras refuses was recorded by trying, where it can be tried; the rest is known by version. The versions are
those of the advisories, and of the sources where these say more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.keras.lookups import LOOKUPS, vocabulary_file
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.outside import leads_out
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.artifacts.versions import has_fix
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.references import (
    all_names,
    is_of_other_module,
    place_of,
    rebuilt,
)
from pytest_modelcompat.compatibility.unsafe.rules import TRUSTED_FIX, Rule, unsafe

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.unsafe.references import Named
    from pytest_modelcompat.profiles.profile import Profile
    from pytest_modelcompat.results.finding import Finding

_EXTERNAL = ("external link", "out-of-file dataset")
_DOWNLOAD, _UNLOCK = "get_file", "enable_unsafe_deserialization"
_UNPACKS = ("extract", "untar")


@dataclass(frozen=True)
class Use:
    """What in a file makes use of a vulnerability.

    Args:
        does: what the runtime does with it, and when: a clause that follows the name of a Keras.
        where: its places, in words.
    """

    does: str
    where: tuple[str, ...]


@dataclass(frozen=True)
class Vulnerability:
    """One published vulnerability.

    Args:
        id: its CVE.
        formats: of the files that it concerns.
        fixed: the first version of Keras 3 without it.
        uses: what in a file makes use of it; names that are declared are left out.
        has_it: whether a runtime has it, where its versions alone do not say.
        backported: the first version of an older series without it.
        in_keras_2: whether Keras 2, and so tf_keras, has it too; nothing there fixes it.
        rule: what it is found by.
    """

    id: str
    formats: tuple[str, ...]
    fixed: str
    uses: Callable[[Inventory, Collection[str]], Use | None]
    has_it: Callable[[Profile, Inventory], bool] | None = None
    backported: str = ""
    in_keras_2: bool = False
    rule: Rule = rules.VULNERABILITY

    def is_in(self, profile: Profile, inventory: Inventory) -> bool:
        """Whether a runtime has it for a file."""
        if profile.keras_version < (3, 0) and not self.in_keras_2:
            return False
        if self.has_it is not None:
            return self.has_it(profile, inventory)
        return not has_fix(profile.keras, self.fixed, self.backported)


def vulnerabilities(inventory: Inventory, profile: Profile, custom: Collection[str] = ()) -> Iterator[Finding]:
    """A finding for each vulnerability of a runtime that a file makes use of.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that will be declared.
    """
    package = "tf_keras" if profile.package == "tf_keras" else "Keras"
    for each in VULNERABILITIES:
        use = each.uses(inventory, custom) if inventory.format in each.formats else None
        if use is not None and each.is_in(profile, inventory):
            yield unsafe(
                each.rule,
                each.id,
                use.where,
                f"{package} {profile.keras} of {profile.name} {use.does}, in spite of safe mode",
                f"load it with Keras {each.fixed} or newer, which refuses it",
                f"or {TRUSTED_FIX}",
            )


def _bytecode(inventory: Inventory, custom: Collection[str]) -> Use | None:
    del custom
    paths = [use.path for use in inventory.lambdas if use.has_bytecode]
    does = "runs the Python bytecode in the file when it is loaded or called"
    return Use(does, first_few(map(layer_location, paths))) if paths else None


def _other_modules(inventory: Inventory, custom: Collection[str]) -> Use | None:
    named = [each for each in all_names(inventory) if is_of_other_module(each) and not each.is_declared(custom)]
    return Use(f"runs {named[0].path} when the file is loaded or called", _places(named)) if named else None


def _function(name: str, does: str, inventory: Inventory, custom: Collection[str]) -> Use | None:
    named = [each for each in all_names(inventory) if each.name == name and not each.is_declared(custom)]
    return Use(does, _places(named)) if named else None


def _unpacking(inventory: Inventory, custom: Collection[str]) -> Use | None:
    does = "unpacks an archive that the file names, whose members may lie outside of the folder"
    is_asked_for = any(_holds(inventory.root, key) for key in _UNPACKS)
    return _function(_DOWNLOAD, does, inventory, custom) if is_asked_for else None


def _holds(value: object, key: str) -> bool:
    """Whether a key stands in a configuration with a value that is true, at any depth."""
    if isinstance(value, dict):
        return bool(value.get(key)) or any(_holds(each, key) for each in value.values())
    return isinstance(value, list) and any(_holds(each, key) for each in value)


def _places(named: Iterable[Named]) -> tuple[str, ...]:
    return first_few(dict.fromkeys(each.where for each in named))


def _vocabulary(inventory: Inventory, custom: Collection[str]) -> Use | None:
    del custom
    found = [each for each in rebuilt(inventory) if each.name in LOOKUPS and vocabulary_file(each.config)]
    if not found:
        return None
    places = first_few(dict.fromkeys(map(place_of, found)))
    return Use(f"reads {found[0].config['vocabulary']} when the file is loaded", places)


def _layer(class_name: str, key: str, does: str, inventory: Inventory, custom: Collection[str]) -> Use | None:
    found = [each for each in rebuilt(inventory) if each.name == class_name and key in each.config]
    places = first_few(dict.fromkeys(map(place_of, found)))
    return Use(does, places) if found and class_name not in custom else None


def _weights(kinds: tuple[str, ...], does: str, inventory: Inventory, custom: Collection[str]) -> Use | None:
    del custom
    found = [hazard.subject for hazard in inventory.hazards if hazard.what in kinds]
    return Use(does, first_few(f"weights {subject}" for subject in found)) if found else None


def _escaping_name(inventory: Inventory, custom: Collection[str]) -> Use | None:
    del custom
    found = [layer for layer in inventory.layers if leads_out(layer.path[-1])]
    return Use("writes outside of its folder when the model is saved again", locations(found)) if found else None


def _reads_lambdas(profile: Profile, inventory: Inventory) -> bool:
    return not _refuses("Lambda", profile, inventory)


def _refuses(class_name: str, profile: Profile, inventory: Inventory) -> bool:
    return class_name in (profile.refuses or {}).get(inventory.format, ())


def _reads_vocabularies(profile: Profile, inventory: Inventory) -> bool:
    return not _refuses("StringLookup", profile, inventory)


def _loads_graphs(profile: Profile, inventory: Inventory) -> bool:
    return profile.public("keras.layers", "TFSMLayer") is not None and not _refuses("TFSMLayer", profile, inventory)


def _imports_modules(profile: Profile, _: Inventory) -> bool:
    return profile.imports_foreign


def _finds(path: str, profile: Profile, _: Inventory) -> bool:
    return profile.public(*path.rsplit(".", 1)) is not None


_downloads = partial(_finds, f"keras.utils.{_DOWNLOAD}")
_outside = partial(_weights, _EXTERNAL, "reads another file of the host into the weights")

VULNERABILITIES = (
    Vulnerability("CVE-2024-3660", ("keras",), "2.13", _bytecode, _reads_lambdas, in_keras_2=True),
    Vulnerability("CVE-2025-1550", ("keras",), "3.9", _other_modules, _imports_modules),
    Vulnerability(
        "CVE-2025-8747",
        ("keras",),
        "3.11",
        partial(_function, _DOWNLOAD, "downloads what the file names, to where it says"),
        _downloads,
    ),
    Vulnerability("CVE-2025-9905", ("h5",), "3.11.3", _bytecode, _reads_lambdas, in_keras_2=True),
    Vulnerability(
        "CVE-2025-9906",
        ("keras",),
        "3.11",
        partial(_function, _UNLOCK, "switches safe mode off when the file is loaded"),
        partial(_finds, f"keras.config.{_UNLOCK}"),
    ),
    Vulnerability("CVE-2025-12058", ("keras", "h5"), "3.12", _vocabulary, _reads_vocabularies, in_keras_2=True),
    Vulnerability("CVE-2025-12060", ("keras",), "3.12", _unpacking, _downloads),
    Vulnerability("CVE-2025-12638", ("keras",), "3.12", _unpacking, _downloads),
    Vulnerability(
        "CVE-2025-49655",
        ("keras", "h5"),
        "3.11.3",
        partial(_layer, "TorchModuleWrapper", "module", "unpickles a PyTorch module, which can run any code"),
    ),
    Vulnerability(
        "CVE-2026-0897",
        ("keras", "h5"),
        "3.15",
        partial(_weights, ("empty dataset",), "takes the memory that the weights declare, however little they store"),
        backported="3.12.3",
        in_keras_2=True,
    ),
    Vulnerability(
        "CVE-2026-1462",
        ("keras",),
        "3.13.2",
        partial(_layer, "TFSMLayer", "filepath", "loads the SavedModel that the file names, with everything in it"),
        _loads_graphs,
    ),
    Vulnerability("CVE-2026-1669", ("keras",), "3.13.2", _outside, backported="3.12.1", in_keras_2=True),
    Vulnerability("CVE-2026-1669", ("h5",), "3.14.1", _outside, backported="3.12.3", in_keras_2=True),
    Vulnerability(
        "CVE-2026-12479", ("keras",), "3.15", _escaping_name, backported="3.12.4", rule=rules.SAVING_VULNERABILITY
    ),
)
