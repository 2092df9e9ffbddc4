"""The code that saves an argument which is lost: for a class of the user's its methods, for one of Keras a subclass."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.classes.code import ClassCode, is_plain, read_init
from pytest_modelcompat.roundtrip.unsaved.parts import owner_of
from pytest_modelcompat.roundtrip.unsaved.values import in_words, value_at

if TYPE_CHECKING:
    from pytest_modelcompat.results.option_syntax import OptionSyntax
    from pytest_modelcompat.roundtrip.unsaved.arguments import UnsavedArgument


def line_of(unsaved: UnsavedArgument) -> str:
    """The entry that a configuration lacks, and which class is to return it."""
    name = unsaved.given.name
    if unsaved.public:
        return f'"{name}": self.{name}, to what get_config() of a subclass of it returns'
    return f'"{name}": self.{_attribute(unsaved)}, to what get_config() of {_writer(unsaved).__name__} returns'


def fix_of(unsaved: UnsavedArgument, syntax: OptionSyntax) -> tuple[str, ...]:
    """The code to write, a line each.

    Args:
        unsaved: the argument.
        syntax: writes options where the case is written.
    """
    return tuple(_subclass(unsaved, syntax)) if unsaved.public else _methods(unsaved, syntax.keras)


def _writer(unsaved: UnsavedArgument) -> type:
    """The class that is to return the argument: the last to write get_config(), where it knows of the argument."""
    cls = type(unsaved.held)
    takes = next((base for base in cls.__mro__ if unsaved.given.name in _names_taken_by(base)), cls)
    takes = cls if is_of_keras(takes.__module__) else takes
    owner = owner_of(cls, "get_config")
    return owner if issubclass(owner, takes) else takes


def _names_taken_by(cls: type) -> tuple[str, ...]:
    init = vars(cls).get("__init__")
    return tuple(inspect.signature(init).parameters) if inspect.isfunction(init) else ()


def _attribute(unsaved: UnsavedArgument) -> str:
    return unsaved.given.at.rpartition(".")[2] or unsaved.given.name


def _methods(unsaved: UnsavedArgument, package: str) -> tuple[str, ...]:
    """What a class of the user's is to have, below the name of the class."""
    writer, given = _writer(unsaved), unsaved.given
    heading = f"in class {writer.__name__} of {writer.__module__}:"
    if given.at and "." not in given.at and is_plain(value_at(unsaved.held, given.at)):
        return (heading, *_get_config(writer, f'"{given.name}": self.{given.at}'))
    if "__init__" not in vars(writer):
        # Its base is one of Keras', whose code is not to be repeated.
        lines = (*_handing_on(unsaved), *_get_config(writer, f'"{given.name}": self.{given.name}'))
        return (heading, *lines)
    init = read_init(writer)
    if init is None:
        return (f"return {given.name!r} from get_config() of {writer.__name__}",)
    return (heading, *ClassCode(unsaved.held, init, package).lines())


def _get_config(writer: type, entry: str) -> tuple[str, ...]:
    """The get_config() of a class with one more entry: as it is written, or a new one."""
    new = ("def get_config(self):", f"    return {{**super().get_config(), {entry}}}")
    if "get_config" not in vars(writer):
        return new
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(vars(writer)["get_config"])))
    except (OSError, TypeError, SyntaxError, ValueError):
        return (f"return {entry} too from get_config()",)
    node = tree.body[0]
    returned = [each for each in ast.walk(node) if isinstance(each, ast.Return) and each.value is not None]
    for each in returned:
        each.value = _with_entry(each.value, entry)
    return tuple(ast.unparse(node).splitlines()) if returned else new


def _with_entry(value: Any, entry: str) -> ast.expr:
    """What returns a configuration, with one more entry."""
    added = ast.parse(f"{{{entry}}}", mode="eval").body
    assert isinstance(added, ast.Dict)  # noqa: S101 - it was written as one
    if isinstance(value, ast.Dict):
        return ast.Dict([*value.keys, *added.keys], [*value.values, *added.values])
    return ast.Dict([None, *added.keys], [value, *added.values])


def _handing_on(unsaved: UnsavedArgument) -> tuple[str, ...]:
    """An `__init__` that keeps the argument, and hands it on."""
    name = unsaved.given.name
    return (
        f"def __init__(self, {name}={in_words(unsaved.given.default)}, **kwargs):",
        f"    super().__init__({name}={name}, **kwargs)",
        f"    self.{name} = {name}",
    )


def _subclass(unsaved: UnsavedArgument, syntax: OptionSyntax) -> list[str]:
    """A subclass of one of Keras' own that saves the argument, and how to use and declare it."""
    given = unsaved.given
    own = type(unsaved.held).__name__
    name = f"Saved{own}"
    init = [f"    {line}" for line in _handing_on(unsaved)]
    return [
        syntax.decorator,
        f"class {name}({syntax.keras}.{unsaved.public}):",
        *(init if given.at != given.name else []),
        "    def get_config(self):",
        f'        return {{**super().get_config(), "{given.name}": self.{given.name}}}',
        f"write {name}({given.name}={in_words(given.value)}) in place of {own}({given.name}=...), and declare it:",
        syntax.write("custom_objects", {name: name}),
    ]
