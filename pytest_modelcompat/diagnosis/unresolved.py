"""Inventory x what the loader could resolve -> a finding for every unknown layer, object and op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.inventory import PYTHON_FUNCTION_OPS, Inventory, LayerUse, ObjectUse
from pytest_modelcompat.artifacts.keras.nodes import COMPILE_PATH
from pytest_modelcompat.artifacts.locations import WITHOUT_PACKAGE, Use, locations, op_locations
from pytest_modelcompat.diagnosis.declarations import OR_UNCOMPILED, declarations
from pytest_modelcompat.diagnosis.misspelt import declares_none
from pytest_modelcompat.profiles.op_packages import package_of
from pytest_modelcompat.results.finding import Blame, Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pytest_modelcompat.artifacts.inventory import OpUse
    from pytest_modelcompat.profiles.op_packages import OpPackage
    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.runtimes.protocol import LoadResult

# The name of every lambda.
_LAMBDA = "<lambda>"
# What every layer's configuration holds, whatever its class returns from get_config().
BASE_LAYER_ARGUMENTS = ("name", "trainable", "dtype")


def resolvable_uses(inventory: Inventory) -> list[Use]:
    """What a loader must be able to resolve: every layer and object; nothing for a SavedModel, which holds graphs."""
    return [] if inventory.format == "saved_model" else [*inventory.layers, *inventory.objects]


def use_as_json(use: Use) -> dict[str, Any]:
    """A subject the way a job carries it."""
    is_layer = isinstance(use, LayerUse)
    return {
        "role": use.role,
        "name": use.name,
        "module": use.module,
        "registered_name": use.registered_name,
        "is_class": is_layer or (isinstance(use, ObjectUse) and use.is_class),
        "config_keys": sorted(use.config),
    }


def unresolved_findings(
    inventory: Inventory,
    loaded: LoadResult,
    syntax: OptionSyntax,
    own: Collection[str] = (),
    declared: Collection[str] = (),
) -> tuple[Finding, ...]:
    """A finding for each thing the loader could not resolve or rebuild, however many places use it.

    Args:
        inventory: what the artifact holds.
        loaded: what the loader answered; positions refer to `resolvable_uses(inventory)`.
        syntax: how the fix is written.
        own: names of classes and functions that are the user's, which one fix declares together.
        declared: names of those that the test declares.
    """
    uses = resolvable_uses(inventory)
    unknown = _grouped([uses[index] for index in loaded.unknown_objects])
    together = _declared_together(unknown, own, syntax)
    rebuild = [(uses[problem["index"]], problem) for problem in loaded.not_rebuildable]
    return (
        *(
            _unknown(
                group,
                syntax,
                together,
                declares_none(_full_name(group[0]), declared, inventory),
                inventory.names_without_package,
            )
            for group in unknown
        ),
        *_not_rebuildable(rebuild),
        *(_unknown_op(op, loaded, syntax) for op in inventory.ops if op.op in loaded.unknown_ops),
        *(_python_function(op) for op in inventory.ops if op.op in PYTHON_FUNCTION_OPS and op.is_served),
    )


def _full_name(use: Use) -> str:
    # Keras writes the registered name "function" for every function that was never registered.
    registered = use.registered_name or ""
    return registered if ">" in registered else use.name


def _grouped(uses: Sequence[Use]) -> list[list[Use]]:
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(_full_name(use), []).append(use)
    return list(groups.values())


def _home(use: Use) -> str:
    """The module that the artifact names; empty where it names none."""
    return use.module if use.module and not use.module.startswith("builtins") else ""


def _declared_together(
    unknown: Sequence[Sequence[Use]], own: Collection[str], syntax: OptionSyntax
) -> dict[bool, dict[str, str]]:
    """Of the user's own: whether they are registered -> each name and the module that the artifact names.

    What `compile()` was given out of a function stays by itself: whoever only predicts does without it.
    """
    homes: dict[bool, dict[str, str]] = {False: {}, True: {}}
    for group in unknown:
        name = _full_name(group[0])
        if name in own and name != _LAMBDA and not _is_lost_by_compile(group, syntax):
            homes[">" in name][name] = _home(group[0])
    return homes


def _is_lost_by_compile(group: Sequence[Use], syntax: OptionSyntax) -> bool:
    """Whether it is something of `compile()` that no other process finds."""
    return all(use.path == COMPILE_PATH for use in group) and syntax.is_made_inside_function(_full_name(group[0]))


def _unknown(
    group: Sequence[Use],
    syntax: OptionSyntax,
    together: Mapping[bool, Mapping[str, str]],
    undeclared: str,
    bare: frozenset[str],
) -> Finding:
    first = group[0]
    is_layer = isinstance(first, LayerUse)
    name = _full_name(first)
    module = _home(first)
    role = first.role
    if name == _LAMBDA:
        return _unknown_lambda(role, group)
    registered = ">" in name
    home = module or syntax.defining_module(name)
    homes = together[registered] if name in together[registered] else {name: module}
    if registered:
        cause = f"it is registered as {name!r} by a decorator in {home}, which the loader has not imported"
    else:
        cause = f"Keras has no {role} of this name, and {undeclared}"
        cause += f"; {WITHOUT_PACKAGE}" if name in bare else ""
    fix = declarations(homes, syntax, is_registered=registered, can_be_registered=bare.isdisjoint(homes))
    return Finding(
        kind=Kind.UNKNOWN_LAYER if is_layer else Kind.UNKNOWN_OBJECT,
        subject=name,
        where=locations(group),
        cause=cause,
        fix=(*fix, OR_UNCOMPILED.line(syntax, {})) if _is_lost_by_compile(group, syntax) else fix,
        details=(("role", role),),
    )


def _unknown_lambda(role: str, group: Sequence[Use]) -> Finding:
    return Finding(
        kind=Kind.UNKNOWN_OBJECT,
        subject=_LAMBDA,
        where=locations(group),
        cause=f"the {role} is a lambda, and the file holds no more of it than that it is one",
        fix=(f"give the {role} as a function with a name, at the top level of its module, and declare that",),
        blame=Blame.WRITER,
        details=(("role", role),),
    )


def _not_rebuildable(problems: Sequence[tuple[Use, Mapping[str, Any]]]) -> Iterator[Finding]:
    seen = set()
    for _, problem in problems:
        key = problem["class"], problem["argument"]
        if key in seen:
            continue
        seen.add(key)
        same = [each for each, other in problems if (other["class"], other["argument"]) == key]
        yield Finding(
            kind=Kind.CANNOT_REBUILD,
            subject=problem["class"].rpartition(".")[2],
            where=locations(same),
            cause=_rebuild_cause(problem),
            fix=_rebuild_fix(problem),
            blame=Blame.WRITER,
            details=(("argument", problem["argument"]),),
        )


def _rebuild_cause(problem: Mapping[str, Any]) -> str:
    name, argument = problem["class"], problem["argument"]
    if problem["problem"] == "missing":
        source = "its get_config() does not return it" if problem["has_get_config"] else "it has no get_config()"
        return f"{name}.__init__() requires {argument!r}, and {source}"
    if argument in BASE_LAYER_ARGUMENTS:
        return takes_no_base_arguments(name)
    return f"its saved configuration holds {argument!r}, which {name}.__init__() does not accept" + (
        "" if problem["has_get_config"] else "; it has no get_config() of its own"
    )


def takes_no_base_arguments(cls: str) -> str:
    """Why Keras cannot call a layer's `__init__` with what each layer is given."""
    return f"Keras gives every layer it rebuilds its name, trainable and dtype, which {cls}.__init__() does not take"


def _rebuild_fix(problem: Mapping[str, Any]) -> tuple[str, ...]:
    argument = problem["argument"]
    if problem["problem"] == "missing":
        return (
            "def get_config(self):",
            f'    return {{**super().get_config(), "{argument}": self.{argument}}}',
        )
    if argument in BASE_LAYER_ARGUMENTS:
        return (
            "def __init__(self, ..., **kwargs):",
            "    super().__init__(**kwargs)",
            "and return its own arguments from get_config()",
        )
    return (f"let __init__ take {argument!r}, or leave it out of what get_config() returns",)


def _unknown_op(op: OpUse, loaded: LoadResult, syntax: OptionSyntax) -> Finding:
    package = package_of(op.op)
    if package is None:
        cause = "the loader's TensorFlow has not registered it: it comes from a library that is not loaded there"
        fix: tuple[str, ...] = (
            syntax.imports("the_package_that_registers_it"),
            "or, for an op library of your own, " + syntax.op_library("path/to/the_library.so"),
        )
    else:
        cause, fix = _of_package(package, loaded, syntax)
    return Finding(
        kind=Kind.UNKNOWN_OP,
        subject=op.op,
        where=op_locations(op),
        cause=cause,
        fix=fix,
        details=(("count", str(op.count)),),
    )


def _of_package(package: OpPackage, loaded: LoadResult, syntax: OptionSyntax) -> tuple[str, tuple[str, ...]]:
    """Why an op of a known package is not registered in the loader, and what to do."""
    name, tensorflow = package.module, loaded.versions.get("tensorflow", "")
    if package.is_declared(loaded.declared):
        cause = f"it comes with the package {name}, which the loader has imported: the version installed there does "
        return cause + "not have it", (package.reinstall(tensorflow),)
    cause = f"the loader's TensorFlow has not registered it: it comes with the package {name}, "
    install = f"if it is missing where the model is loaded: {package.install(tensorflow)}"
    if package.library:
        library = syntax.op_library(package.library_path)
        return f"{cause}in a library that the test does not declare", (install, f"and declare its library: {library}")
    return f"{cause}which the test does not declare", (install, f"and declare it: {syntax.imports(name)}")


def _python_function(op: OpUse) -> Finding:
    return Finding(
        kind=Kind.PYTHON_FUNCTION,
        subject=op.op,
        where=op_locations(op),
        cause="tf.py_function and tf.numpy_function keep the Python function in the process that saved the model; "
        "no other process has it",
        fix=("write the function with TensorFlow ops, or apply it outside the model",),
        blame=Blame.WRITER,
        details=(("count", str(op.count)),),
    )
