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


_OTHER_FORMATS = ["keras", "saved_model"]
_SAVE_AGAIN = "save the model again, as .keras or SavedModel"
LEAVE_H5 = OptionFix("formats", _OTHER_FORMATS, for_artifact=_SAVE_AGAIN)
OR_LEAVE_H5 = OptionFix("formats", _OTHER_FORMATS, "or leave .h5: ", _SAVE_AGAIN)
UNSAFE = OptionFix("safe_mode", value=False, lead="or, if you trust the file: ")
