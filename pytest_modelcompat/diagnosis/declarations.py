"""How a user writes a declaration, where the case at hand has its own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_IN_CODE = {
    "marker": "@pytest.mark.model_roundtrip({option})",
    "artifact marker": "@pytest.mark.model_artifact(..., {option})",
    "call": "model_roundtrip(..., {option})",
}


@dataclass(frozen=True)
class Declare:
    """A fix that is an option of the case; `$words` are filled in.

    Args:
        option: the option with its value, as written in Python.
        on_command_line: the same on the command line; empty where there is none.
        for_artifact: a sentence for a case whose artifact something else saved, where the option is about saving.
        lead: what stands before it, such as `or`.
    """

    option: str
    on_command_line: str = ""
    for_artifact: str = ""
    lead: str = ""

    def line(self, declared_in: str, words: Mapping[str, str]) -> str:
        """The line to write.

        Args:
            declared_in: `marker`, `artifact marker`, `call` or `command line`.
            words: what `$words` mean.
        """
        return Template(self.lead + self._text(declared_in)).substitute(words)

    def _text(self, declared_in: str) -> str:
        if declared_in == "command line":
            return self.on_command_line or "in a test: " + _IN_CODE["marker"].format(option=self.option)
        if declared_in == "artifact marker" and self.for_artifact:
            return self.for_artifact
        return _IN_CODE.get(declared_in, _IN_CODE["marker"]).format(option=self.option)


def custom_object(name: str = "$bare", lead: str = "") -> Declare:
    """Declares a class or function under the name the artifact has for it."""
    key = "$name" if name == "$bare" else name
    return Declare(
        f'custom_objects={{"{key}": {name}}}', f"--modelcompat-custom-object {key}=your_module:{name}", lead=lead
    )


def imports(module: str, lead: str = "") -> Declare:
    """Declares a module that the loader imports first."""
    return Declare(f'imports=["{module}"]', f"--modelcompat-import {module}", lead=lead)


def op_library(path: str, lead: str = "") -> Declare:
    """Declares a library that the loader loads first, for the ops it registers."""
    return Declare(f'op_libraries=["{path}"]', f"--modelcompat-op-library {path}", lead=lead)


LEAVE_H5 = Declare(
    'formats=["keras", "saved_model"]',
    "--modelcompat-format keras --modelcompat-format saved_model",
    "save the model again, as .keras or SavedModel",
)
OR_LEAVE_H5 = Declare(LEAVE_H5.option, LEAVE_H5.on_command_line, LEAVE_H5.for_artifact, lead="or leave .h5: ")
UNSAFE = Declare("safe_mode=False", lead="or, if you trust the file: ")


@dataclass(frozen=True)
class Declaration:
    """How a user writes a declaration where this case is written.

    Args:
        declared_in: `marker`, `artifact marker`, `call` or `command line`.
        defining_modules: name of a class or function -> `module.qualname` where this process has it.
    """

    declared_in: str = "marker"
    defining_modules: Mapping[str, str] = field(default_factory=dict)

    def custom_object(self, name: str) -> str:
        """The line that declares a custom object."""
        home = self.defining_modules.get(_bare(name), f"your_module.{_bare(name)}")
        module, _, qualname = home.rpartition(".")
        if self.declared_in == "command line":
            # A registered name has a > in it, which a shell would take for a redirection.
            place = shlex.quote(f"{'' if qualname == name else name + '='}{module}:{qualname}")
            return f"--modelcompat-custom-object {place}"
        return self._in_code(f'custom_objects={{"{name}": {home}}}')

    def imports(self, module: str) -> str:
        """The line that makes the loader import a module."""
        if self.declared_in == "command line":
            return f"--modelcompat-import {module}"
        return self._in_code(f'imports=["{module}"]')

    def op_library(self, path: str) -> str:
        """The line that makes the loader load an op library."""
        if self.declared_in == "command line":
            return f"--modelcompat-op-library {path}"
        return self._in_code(f'op_libraries=["{path}"]')

    def defining_module(self, name: str) -> str:
        """The module a class or function lives in, as far as this process knows."""
        return self.defining_modules.get(_bare(name), "your_module." + _bare(name)).rpartition(".")[0]

    def formats(self, formats: Sequence[str]) -> str:
        """The line that saves in other formats."""
        if self.declared_in == "command line":
            return " ".join(f"--modelcompat-format {name}" for name in formats)
        return self._in_code("formats=[" + ", ".join(f'"{name}"' for name in formats) + "]")

    def allowed(self, option: str, name: str) -> str:
        """The line that accepts a new op or layer."""
        text = f'{option}={{"{name}": "the reason"}}'
        if self.declared_in == "command line":
            return f"in a test: @pytest.mark.model_roundtrip({text})"
        return self._in_code(text)

    def _in_code(self, option: str) -> str:
        written = {
            "marker": f"@pytest.mark.model_roundtrip({option})",
            "artifact marker": f"@pytest.mark.model_artifact(..., {option})",
            "call": f"model_roundtrip(..., {option})",
        }
        return written[self.declared_in]


def _bare(name: str) -> str:
    return name.rpartition(">")[2]
