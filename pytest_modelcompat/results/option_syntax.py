"""How an option of a case is written, where the user writes it.

Every text that tells a user to set an option is made here, so that it can be pasted as it is: quoted for a shell, for
Python, and for an ini file.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.public_modules import importing
from pytest_modelcompat.results.flags import FLAGS, IN_INI, INI_PREFIX, SWITCHES
from pytest_modelcompat.results.option_places import OptionPlace
from pytest_modelcompat.results.registration import REGISTER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PLACEHOLDER_MODULE = "your_module"
# What Python has in the qualified name of a class that a function makes.
_LOCAL = ".<locals>."


_IN_CODE = {
    OptionPlace.MARKER: "@pytest.mark.model_roundtrip({option})",
    OptionPlace.ARTIFACT_MARKER: "@pytest.mark.model_artifact(..., {option})",
    OptionPlace.CALL: "model_roundtrip(..., {option})",
}
# What stands in place of an option that only a test can have.
_IN_A_TEST = "in a test: "


@dataclass(frozen=True)
class _Kind:
    """How values of one kind are written.

    Args:
        python: a value as Python code.
        words: a value as the words that a flag takes one each, unquoted.
    """

    python: Callable[[Any], str]
    words: Callable[[Any], Sequence[str]]


def _code(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"


def _reasons(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {_text(reason)}" for name, reason in values.items()) + "}"


def _objects(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {path}" for name, path in values.items()) + "}"


def _object_words(values: Mapping[str, str]) -> list[str]:
    return [_object_word(name, path) for name, path in values.items()]


def _object_word(name: str, path: str) -> str:
    module, qualname = _module_and_name(path)
    place = f"{module or PLACEHOLDER_MODULE}:{qualname}"
    return place if name == qualname.rpartition(".")[2] else f"{name}={place}"


def _module_and_name(path: str) -> tuple[str, str]:
    """The module of an import path, and the rest of it.

    A class inside another one has two names behind its module. The module of what this process has is imported here;
    of anything else all but the last name is taken for the module.
    """
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if ".".join(parts[:end]) in sys.modules:
            return ".".join(parts[:end]), ".".join(parts[end:])
    module, _, qualname = path.rpartition(".")
    return module, qualname


def _top_level(path: str) -> str:
    """The import path of what is made inside a function, once it is moved out of it."""
    outside, _, name = path.rpartition(_LOCAL)
    return f"{outside.rpartition('.')[0]}.{name}" if outside else path


def _move(path: str) -> str:
    outside, _, name = path.rpartition(_LOCAL)
    module, _, function = outside.rpartition(".")
    return f"move {name} out of {function}() to the top level of {module}, where a fresh process finds it"


def _imported(values: Mapping[str, str], test_module: str) -> tuple[list[str], dict[str, str]]:
    """The imports that a test needs for these import paths, and the paths as it then writes them."""
    names: dict[str, list[str]] = {}
    homes: dict[str, str] = {}
    whole, written = [], dict(values)
    for name, path in values.items():
        module, qualname = _module_and_name(path)
        if not module:
            continue
        root = qualname.partition(".")[0]
        if module != test_module and homes.setdefault(root, module) != module:
            # Two of one name: the second is reached through its module.
            whole.append(f"import {module}")
            continue
        written[name] = qualname
        if module != test_module and root not in names.setdefault(module, []):
            names[module].append(root)
    froms = [f"from {module} import {', '.join(roots)}" for module, roots in names.items()]
    return [*froms, *dict.fromkeys(whole)], written


_OBJECTS = _Kind(_objects, _object_words)
_NAMES = _Kind(_texts, list)
_REASONS = _Kind(_reasons, lambda _: ())
_REASONS_IN_WORDS = _Kind(_reasons, lambda values: [f"{name}={reason}" for name, reason in values.items()])
_VALUE = _Kind(_code, lambda value: (str(value),))
_TEXT = _Kind(_text, lambda value: (value,))
_SWITCH = _Kind(_code, lambda value: (str(value).lower(),))
_KINDS = {
    "custom_objects": _OBJECTS,
    "allow_ops": _REASONS,
    "allow_layers": _REASONS,
    "allow_unsafe": _REASONS_IN_WORDS,
    "memory_limit": _TEXT,
    "isolation": _TEXT,
    **dict.fromkeys(SWITCHES, _SWITCH),
}


@dataclass(frozen=True)
class OptionSyntax:
    """Writes options of a case where the user writes them.

    Args:
        place: where that is.
        defining_modules: name of a class or function -> `module.qualname` where this process has it.
        is_artifact: whether something else saved the artifact, so that no option changes how it is saved.
        test_module: the module of the test, whose own names need no import; empty where there is none.
        declared: what the case has already, by option, of what a fix adds to: an option stands in a place once.
        keras: the package that the model is of, `keras` or `tf_keras`, whose decorator registers a class.
    """

    place: OptionPlace = OptionPlace.MARKER
    defining_modules: Mapping[str, str] = field(default_factory=dict)
    is_artifact: bool = False
    test_module: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict)
    keras: str = "keras"

    @property
    def decorator(self) -> str:
        """What registers a class or function of the user's: Keras 2 and 3 have a register each."""
        return REGISTER.format(keras=self.keras)

    def write(self, option: str, value: Any) -> str:
        """The line that sets an option, below those that import what it names.

        Args:
            option: its name.
            value: for `custom_objects` a mapping of names to import paths (`shop.layers.Scale`, or `Scale` alone where
                its module is not known); for `allow_ops`, `allow_layers` and `allow_unsafe` a mapping of names to
                reasons; for a list of names that list; else a number, True or False, or a text that is code.
        """
        if option == "imports":
            value = importing(value)
        value = self._with_declared(option, value)
        if option != "custom_objects":
            return self._option(option, value)
        paths = {name: self.defining_modules.get(path, path) for name, path in value.items()}
        moves = [_move(path) for path in paths.values() if _LOCAL in path]
        paths = {name: _top_level(path) for name, path in paths.items()}
        imports: list[str] = []
        if self.place in _IN_CODE:
            imports, paths = _imported(paths, self.test_module)
        return "\n".join((*moves, *imports, self._option(option, paths)))

    def _with_declared(self, option: str, value: Any) -> Any:
        had = self.declared.get(option)
        # A flag is written once for each of its values.
        if not had or self.place is OptionPlace.COMMAND_LINE:
            return value
        if isinstance(value, dict):
            return {**had, **value}
        return list(dict.fromkeys((*had, *value)))

    def _option(self, option: str, value: Any) -> str:
        if self.place in _IN_CODE:
            return _in_code(self.place, {option: value})
        shown = self._flags(option, value) if self.place is OptionPlace.COMMAND_LINE else self._ini(option, value)
        return shown or _IN_A_TEST + _in_code(OptionPlace.MARKER, {option: value})

    def _flags(self, option: str, value: Any) -> str:
        if value is False:
            return SWITCHES.get(option, "")
        words = _kind(option, value).words(value) if option in FLAGS else ()
        return " ".join(f"{FLAGS[option]} {shlex.quote(word)}" for word in words)

    def _ini(self, option: str, value: Any) -> str:
        words = _kind(option, value).words(value) if option in IN_INI else ()
        if option == "allow_unsafe":
            # A reason is words, so each entry has a line of its own.
            return "\n    ".join((f"{INI_PREFIX}{option} =", *words))
        return f"{INI_PREFIX}{option} = {' '.join(map(shlex.quote, words))}" if words else ""

    def custom_object(self, name: str) -> str:
        """The line that declares a class or function under the name that the artifact has for it."""
        return self.custom_objects((name,))

    def custom_objects(self, names: Sequence[str]) -> str:
        """The line that declares several, each under its name."""
        return self.write("custom_objects", {name: self._import_path(name) for name in names})

    def imports(self, module: str) -> str:
        """The line that makes the loader import a module."""
        return self.write("imports", [module])

    def op_library(self, path: str) -> str:
        """The line that makes the loader load a library, for the ops that it registers."""
        return self.write("op_libraries", [path])

    def formats(self, formats: Sequence[str]) -> str:
        """The line that saves in these formats."""
        return self.write("formats", formats)

    def allowed(self, option: str, name: str) -> str:
        """The line that accepts a new op (`allow_ops`) or layer (`allow_layers`)."""
        return self.write(option, {name: "the reason"})

    def unsafe(self, names: Sequence[str], *, safe_mode: bool) -> str:
        """The line that lets an artifact be loaded in spite of its unsafe content.

        Args:
            names: what is allowed; empty where it takes no safe mode alone.
            safe_mode: whether it is loaded with safe mode all the same.
        """
        options: dict[str, Any] = {} if safe_mode else {"safe_mode": False}
        if names:
            options["allow_unsafe"] = self._with_declared("allow_unsafe", dict.fromkeys(names, "the reason"))
        if self.place in _IN_CODE:
            return _in_code(self.place, options)
        return " ".join(self._option(option, value) for option, value in options.items())

    def is_made_inside_function(self, name: str) -> bool:
        """Whether this process has it inside a function, where no other process finds it."""
        return _LOCAL in self._import_path(name)

    def defining_module(self, name: str) -> str:
        """The module that a class or function lives in, as far as this process knows."""
        return _module_and_name(_top_level(self._import_path(name)))[0]

    def _import_path(self, name: str) -> str:
        bare = name.rpartition(">")[2]
        return self.defining_modules.get(bare, f"{PLACEHOLDER_MODULE}.{bare}")


def _kind(option: str, value: Any) -> _Kind:
    return _KINDS.get(option, _NAMES if isinstance(value, (list, tuple)) else _VALUE)


def _in_code(place: OptionPlace, options: Mapping[str, Any]) -> str:
    written = (f"{option}={_kind(option, value).python(value)}" for option, value in options.items())
    return _IN_CODE[place].format(option=", ".join(written))


@dataclass(frozen=True)
class OptionFix:
    """A fix that sets an option of the case; `$words` in its values are filled in before it is written.

    Args:
        option: its name.
        value: as for `OptionSyntax.write`.
        lead: what stands before it, such as `or `.
        for_artifact: a sentence in its place where something else saved the artifact, and the option is about saving.
    """

    option: str
    value: Any
    lead: str = ""
    for_artifact: str = ""

    def line(self, syntax: OptionSyntax, words: Mapping[str, str]) -> str:
        """The line to write.

        Args:
            syntax: writes options where the case is written.
            words: what `$words` mean.
        """
        if self.for_artifact and (syntax.is_artifact or syntax.place is OptionPlace.ARTIFACT_MARKER):
            text = self.for_artifact
        else:
            text = syntax.write(self.option, _filled(self.value, words))
        return f"{_filled(self.lead, words)}{text}"


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """A value with its `$words` replaced; an unknown word is an error of the catalogue."""
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda match: words[match[1]], value)
    if isinstance(value, dict):
        return {_filled(name, words): _filled(each, words) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_filled(each, words) for each in value]
    return value
