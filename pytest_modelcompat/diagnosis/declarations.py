"""Fixes of the catalogue that are options of a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.public_modules import exported_path
from pytest_modelcompat.results.option_syntax import OptionFix, OptionSyntax

if TYPE_CHECKING:
    from collections.abc import Mapping


def custom_object(name: str = "$bare", lead: str = "") -> OptionFix:
    """Declares a class or function under the name the artifact has for it."""
    return OptionFix("custom_objects", {"$name" if name == "$bare" else name: name}, lead)


def imports(module: str, lead: str = "") -> OptionFix:
    """Declares a module that the loader imports first."""
    return OptionFix("imports", [module], lead)


def op_library(path: str, lead: str = "") -> OptionFix:
    """Declares a library that the loader loads first, for the ops it registers."""
    return OptionFix("op_libraries", [path], lead)


def declarations(
    homes: Mapping[str, str], syntax: OptionSyntax, *, is_registered: bool = False, can_be_registered: bool = True
) -> tuple[str, ...]:
    """How classes and functions of the user's are declared, all in one option, in one of two ways.

    A second marker with the same option would hide the first.

    Args:
        homes: names as the artifact has them -> where it says that they are, for what this process does not have.
        syntax: how options are written.
        is_registered: whether a decorator registers all of them already.
        can_be_registered: whether one would have all of them found.
    """
    said = {name.rpartition(">")[2]: module for name, module in homes.items() if module}
    known = {name: exported_path(module, name) for name, module in said.items()}
    syntax = replace(syntax, defining_modules={**known, **syntax.defining_modules})
    objects = syntax.custom_objects(tuple(homes))
    imports = syntax.write("imports", list(dict.fromkeys(map(syntax.defining_module, homes))))
    if is_registered:
        return (imports, f"or {objects}")
    if not can_be_registered or any(map(syntax.is_made_inside_function, homes)):
        # A decorator in a function registers nothing until the function is called, which an import does not do.
        return (objects,)
    which = "it" if len(homes) == 1 else "each of them"
    return (objects, f"or decorate {which} with {syntax.decorator} and declare", imports)


def leave_h5(lead: str = "", reason: str = "") -> OptionFix:
    """Saves in the formats that hold what .h5 does not."""
    save_again = f"save the model again, as .keras or SavedModel{reason}"
    return OptionFix("formats", ["keras", "saved_model"], lead, save_again)


def saved_model_alone(lead: str) -> OptionFix:
    """Saves in the format that holds graphs, and neither Python code nor configurations."""
    return OptionFix("formats", ["saved_model"], lead, "save the model again, as a SavedModel")


LEAVE_H5 = leave_h5()
OR_LEAVE_H5 = leave_h5("or leave .h5: ")
UNCOMPILED_LEAD = "if you only predict with it: "
UNCOMPILED = OptionFix("compile_model", value=False, lead=UNCOMPILED_LEAD)
OR_UNCOMPILED = OptionFix("compile_model", value=False, lead=f"or, {UNCOMPILED_LEAD}")
UNSAFE = OptionFix("safe_mode", value=False, lead="if you trust the file: ")
OR_UNSAFE = OptionFix("safe_mode", value=False, lead="or, if you trust the file: ")
