"""How a fix is written for a program that has nothing to do with pytest: as calls of Keras and TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.results.option_syntax import PLACEHOLDER_MODULE, OptionSyntax

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class PlainSyntax(OptionSyntax):
    """Writes options of a case as the calls that do the same in any program."""

    is_artifact: bool = True

    def write(self, option: str, value: Any) -> str:
        """The lines that do in a program what an option does in a test.

        Args:
            option: its name.
            value: as for `OptionSyntax.write`.
        """
        if option == "custom_objects":
            return self._with_objects(value)
        if option == "imports":
            return _imports(value)
        if option == "op_libraries":
            return "\n".join(f"tf.load_op_library({path!r})" for path in value)
        if option == "inputs":
            return "call it with inputs of the names, shapes and dtypes that its signature says"
        argument = {"compile_model": "compile", "safe_mode": "safe_mode"}.get(option, option)
        return f"{self.keras}.models.load_model(path, {argument}={value!r})"

    def _with_objects(self, value: Mapping[str, str]) -> str:
        paths = {name: self.defining_modules.get(path, path) for name, path in value.items()}
        lines = []
        for path in paths.values():
            module, _, bare = path.rpartition(".")
            lines.append(f"from {module or PLACEHOLDER_MODULE} import {bare}")
        objects = ", ".join(f'"{name}": {path.rpartition(".")[2]}' for name, path in paths.items())
        lines.append(f"{self.keras}.models.load_model(path, custom_objects={{{objects}}})")
        return "\n".join(lines)


def _imports(modules: Sequence[str]) -> str:
    return "\n".join(f"import {module}" for module in modules) + "  # before the model is loaded"
