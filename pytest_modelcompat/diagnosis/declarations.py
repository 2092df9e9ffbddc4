"""Fixes of the catalogue that are options of a case."""

from __future__ import annotations

from pytest_modelcompat.results.option_syntax import OptionFix


def custom_object(name: str = "$bare", lead: str = "") -> OptionFix:
    """Declares a class or function under the name the artifact has for it."""
    return OptionFix("custom_objects", {"$name" if name == "$bare" else name: name}, lead)


def imports(module: str, lead: str = "") -> OptionFix:
    """Declares a module that the loader imports first."""
    return OptionFix("imports", [module], lead)


def op_library(path: str, lead: str = "") -> OptionFix:
    """Declares a library that the loader loads first, for the ops it registers."""
    return OptionFix("op_libraries", [path], lead)


def leave_h5(lead: str = "", reason: str = "") -> OptionFix:
    """Saves in the formats that hold what .h5 does not."""
    save_again = f"save the model again, as .keras or SavedModel{reason}"
    return OptionFix("formats", ["keras", "saved_model"], lead, save_again)


LEAVE_H5 = leave_h5()
OR_LEAVE_H5 = leave_h5("or leave .h5: ")
UNSAFE = OptionFix("safe_mode", value=False, lead="or, if you trust the file: ")
