"""Unsafe names in a Keras configuration: functions that no model needs, and modules from outside Keras."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.inventory import LambdaUse, LayerUse, ObjectUse, Reference
from pytest_modelcompat.artifacts.locations import layer_location, locations
from pytest_modelcompat.artifacts.modules import (
    KERAS_ROOTS,
    NO_MODULE,
    has_no_model_classes,
    is_declared,
    is_third_party_module,
)
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.rules import TRUSTED_FIX, unsafe
from pytest_modelcompat.profiles.keras_functions import has_no_place_in_models, is_of_models, is_only_elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.compatibility.unsafe.rules import Rule
    from pytest_modelcompat.results.finding import Finding

    Rebuilt = LayerUse | ObjectUse | Reference

_TENSORFLOW = "tensorflow"


@dataclass(frozen=True)
class Named:
    """A class or function that a configuration names.

    Args:
        module: as the file gives it; empty where it gives none.
        name: as the file gives it.
        registered_name: the other name that Keras looks up where it does not find the first; empty if none.
        use: where it is named.
        is_function: whether the file says that it is a function.
        is_called: whether it stands where Keras calls it with what the file says.
    """

    module: str
    name: str
    registered_name: str
    use: Rebuilt | LambdaUse
    is_function: bool
    is_called: bool

    @property
    def path(self) -> str:
        """Module and name."""
        return f"{self.module}.{self.name}"

    @property
    def may_be_function(self) -> bool:
        """Whether what has this name may be a function: Keras gives one also where the file says that it is a class.

        In a module that nobody knows, what begins with a capital letter is taken for a class: the file contains nothing
        of the module, and to import it runs its code.
        """
        return self.is_function or not self.name[:1].isupper() or has_no_model_classes(self.module)

    def is_declared(self, custom: Collection[str]) -> bool:
        """Whether Keras finds it among what is declared."""
        return is_declared(self.name, self.registered_name, custom, is_function=self.is_function)

    @property
    def where(self) -> str:
        """Its place in words."""
        return place_of(self.use)


def place_of(use: Rebuilt | LambdaUse) -> str:
    """Where something stands, in words."""
    return locations((use,))[0] if isinstance(use, LayerUse | ObjectUse) else layer_location(use.path)


def rebuilt(inventory: Inventory) -> tuple[Rebuilt, ...]:
    """All that Keras rebuilds from a configuration, wherever that stands."""
    return (*inventory.layers, *inventory.objects, *inventory.references)


def unsafe_references(inventory: Inventory, custom: Collection[str]) -> Iterator[Finding]:
    """A finding for each function that no model needs, and for each class or function from outside Keras.

    Args:
        inventory: what the artifact holds.
        custom: names of classes and functions that will be declared, for which Keras imports nothing.
    """
    groups: dict[tuple[Rule, str], list[Named]] = {}
    for each in all_names(inventory):
        rule = None if each.is_declared(custom) else _rule(each)
        if rule is not None:
            groups.setdefault((rule, each.name if rule is rules.FUNCTION else each.path), []).append(each)
    for (rule, name), uses in groups.items():
        yield _FINDINGS[rule](name, uses[0], first_few(dict.fromkeys(use.where for use in uses)))


def all_names(inventory: Inventory) -> Iterator[Named]:
    """Every class and function that a configuration names, with the module if it says one."""
    used: tuple[LayerUse | ObjectUse, ...] = (*inventory.layers, *inventory.objects)
    for use in used:
        is_function = isinstance(use, ObjectUse) and not use.is_class
        # A function that has no role stands where a layer does, and is called like one.
        is_called = is_function and use.role == "object"
        yield Named(use.module or "", use.name, _other_name(use.registered_name), use, is_function, is_called)
    for reference in inventory.references:
        registered, is_function = _other_name(reference.registered_name), reference.is_function
        yield Named(reference.module or "", reference.name, registered, reference, is_function, is_function)
    known = {(reference.path, reference.name) for reference in inventory.references}
    for held in inventory.lambdas:
        if held.function_name and (held.path, held.function_name) not in known:
            yield Named("", held.function_name, "", held, is_function=True, is_called=True)


def _other_name(registered_name: str | None) -> str:
    return "" if registered_name in (None, "function") else registered_name


def _rule(named: Named) -> Rule | None:
    if not named.module:
        return rules.FUNCTION if _is_called(named) and is_only_elsewhere(named.name) else None
    if named.module.partition(".")[0] in sys.stdlib_module_names:
        return rules.PYTHON if named.module != NO_MODULE or _is_builtin(named) else None
    if any(f"{named.module}.".startswith(f"{root}.") for root in KERAS_ROOTS):
        may_be_class = not named.may_be_function
        is_unsafe = has_no_place_in_models(named.module, named.name, may_be_class=may_be_class)
        return rules.FUNCTION if is_unsafe else None
    if not is_third_party_module(named.module):
        return _rule_of_family(named)
    if _is_specification(named):
        return None
    return rules.CALLED_MODULE if _is_called(named) else rules.MODULE


def _rule_of_family(named: Named) -> Rule | None:
    """The rule for what a package names that Keras takes for its own: a function that it has registered is its own."""
    package, _, name = named.registered_name.partition(">")
    is_registered = name == named.name and package == named.module.partition(".")[0]
    return rules.CALLED_MODULE if _is_called(named) and not is_registered else None


def _is_called(named: Named) -> bool:
    return named.is_called if named.is_function else named.may_be_function


def is_of_other_module(named: Named) -> bool:
    """Whether it is from outside Keras, and called with what the file says."""
    return _rule(named) in (rules.PYTHON, rules.CALLED_MODULE)


def _is_builtin(named: Named) -> bool:
    """Whether it is a function of Python's own; Keras looks for its own functions there first, such as `abs`."""
    found = getattr(builtins, named.name, None)
    is_function = named.is_function or (named.may_be_function and not isinstance(found, type))
    return is_function and found is not None and not is_of_models(named.name)


def _is_specification(named: Named) -> bool:
    """Whether it is one of TensorFlow's types, which the inputs of a model may have."""
    return not named.is_function and named.module.startswith(f"{_TENSORFLOW}.") and named.name.endswith("Spec")


def _function(name: str, use: Named, where: tuple[str, ...]) -> Finding:
    full = f"{use.path} is" if use.module else "it is"
    return unsafe(
        rules.FUNCTION,
        f"the function {name}",
        where,
        f"{full} no part of a model; loading or calling the model runs it",
    )


def _of_python(path: str, use: Named, where: tuple[str, ...]) -> Finding:
    other = f", or {use.module}.{use.registered_name}" if use.registered_name not in ("", use.name) else ""
    return unsafe(
        rules.PYTHON,
        path,
        where,
        f"a Keras that trusts the file looks up {path}{other} in Python's own library, and calls it with what the file "
        "says",
    )


def _called(path: str, use: Named, where: tuple[str, ...]) -> Finding:
    return unsafe(
        rules.CALLED_MODULE,
        path,
        where,
        f"a Keras that trusts the file imports the module {use.module}, and calls what it names there",
        "register the function and pass it in custom_objects, so that Keras imports no module that the file names",
        f"or {TRUSTED_FIX}",
    )


def _imported(path: str, use: Named, where: tuple[str, ...]) -> Finding:
    return unsafe(
        rules.MODULE,
        path,
        where,
        f"a Keras that trusts the file imports the module {use.module}, which runs its code",
        "register the class and pass it in custom_objects, so that Keras imports no module that the file names",
        f"or {TRUSTED_FIX}",
    )


_FINDINGS = {
    rules.FUNCTION: _function,
    rules.PYTHON: _of_python,
    rules.CALLED_MODULE: _called,
    rules.MODULE: _imported,
}
