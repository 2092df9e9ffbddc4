"""Code that lets Keras make a class of the user's again: its `__init__`, `get_config` and `from_config`, whole."""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.modules import is_of_keras
from pytest_modelcompat.roundtrip.model import is_layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# What every layer is given by its base class, which also saves it.
BASE_ARGUMENTS = ("name", "trainable", "dtype", "activity_regularizer", "autocast")
_PLAIN = (str, int, float, bool, type(None))
_REST = "    # and below, what it does today"


@dataclass(frozen=True)
class InitSource:
    """The `__init__` of a class, as its author wrote it.

    Args:
        node: its syntax tree.
        stored: argument -> the attribute of `self` that it is assigned to as it is.
        taken_apart: names that it unpacks, calls, or takes an attribute or an item of: no plain values.
    """

    node: ast.FunctionDef
    stored: Mapping[str, str]
    taken_apart: frozenset[str]


def read_init(cls: type) -> InitSource | None:
    """The source of a class's own `__init__`; None where there is none to read, as for a class typed at a prompt."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls.__init__)))  # type: ignore[misc]
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    node = tree.body[0]
    if not isinstance(node, ast.FunctionDef) or node.name != "__init__":
        return None
    return InitSource(node, dict(_stored(node)), frozenset(_taken_apart(node)))


def _stored(node: ast.FunctionDef) -> Iterable[tuple[str, str]]:
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _assigned(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _assigned(statement.target, statement.value)


def _assigned(target: ast.expr, value: ast.expr) -> Iterable[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, part in zip(target.elts, value.elts, strict=False):
            yield from _assigned(inner, part)
    elif isinstance(target, ast.Attribute) and isinstance(value, ast.Name) and _is_self(target.value):
        yield value.id, target.attr


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _taken_apart(node: ast.FunctionDef) -> Iterable[str]:
    for each in ast.walk(node):
        owner: ast.AST | None = None
        if isinstance(each, (ast.Attribute, ast.Subscript)):
            owner = each.value
        elif isinstance(each, ast.Call):
            owner = each.func
        elif isinstance(each, ast.Assign) and any(isinstance(target, ast.Tuple) for target in each.targets):
            owner = each.value
        if isinstance(owner, ast.Name):
            yield owner.id


class ClassCode:
    """The methods that make a class again from what it saves.

    Args:
        instance: an object of the class, which knows the values of its arguments.
        init: the source of its `__init__`.
        package: the Keras whose functions save objects in it: `keras` or `tf_keras`.
        set_later: names of attributes that follow from no argument, and are to be saved as well.
    """

    def __init__(self, instance: Any, init: InitSource, package: str, set_later: Sequence[str] = ()) -> None:
        self._instance, self._init, self._package = instance, init, package
        self._set_later = tuple(set_later)
        self._base = _saved_by_base(instance)
        arguments = init.node.args
        named = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)][1:]
        self.own = [name for name in named if name not in (self._base or ())]
        self._attributes = {name: init.stored.get(name) or self._new_attribute(name) for name in self.own}
        self.objects = [name for name in self.own if self._is_object(name)]

    def values(self) -> Iterable[Any]:
        """The values of the arguments that `__init__` stores."""
        return (getattr(self._instance, self._attributes[name], None) for name in self.own if name in self._init.stored)

    @property
    def kept_in(self) -> frozenset[str]:
        """The attributes that arguments are stored in as they are."""
        return frozenset(self._init.stored.values())

    @property
    def not_kept(self) -> tuple[str, ...]:
        """The arguments that `__init__` stores nowhere as they are."""
        return tuple(name for name in self.own if name not in self._init.stored)

    def _is_object(self, name: str) -> bool:
        if name not in self._init.stored:
            return name in self._init.taken_apart
        return not is_plain(getattr(self._instance, self._attributes[name], None))

    def _new_attribute(self, name: str) -> str:
        """Where an argument is to be stored: under its name, unless the object has something else there."""
        return f"{name}_given" if hasattr(self._instance, name) else name

    def lines(self) -> tuple[str, ...]:
        """The methods, a line each; indented as inside a class."""
        from_config = self._from_config() if self.objects or self._set_later else ()
        return (*self._init_lines(), *self._get_config(), *from_config)

    def _init_lines(self) -> tuple[str, ...]:
        node = self._init.node
        new = [name for name in self.own if name not in self._init.stored]
        is_whole = node.args.kwarg is not None or not self._base
        if is_whole and not new and not node.args.posonlyargs:
            return ()
        kwargs = node.args.kwarg or (ast.arg("kwargs") if self._base else None)
        taken = ast.arguments(
            posonlyargs=[],
            args=[*node.args.posonlyargs, *node.args.args],
            vararg=node.args.vararg,
            kwonlyargs=node.args.kwonlyargs,
            kw_defaults=node.args.kw_defaults,
            kwarg=kwargs,
            defaults=node.args.defaults,
        )
        stores = (f"    self.{self._attributes[name]} = {name}" for name in new)
        super_call = _super_call(node, kwargs.arg if kwargs else "", self._base or ())
        return (f"def __init__({ast.unparse(taken)}):", *(f"    {each}" for each in super_call), *stores, _REST)

    def _get_config(self) -> tuple[str, ...]:
        if not self.own and not self._set_later:
            return ()
        arguments = (f'"{name}": {self._saved(name)}' for name in self.own)
        saved = (*arguments, *(f'"{name}": self.{name}' for name in self._set_later))
        returned = (*(("**super().get_config()",) if self._base is not None else ()), *saved)
        one_line = f"    return {{{', '.join(returned)}}}"
        if len(one_line) <= 100:  # as wide as a text that is read in a terminal
            return ("def get_config(self):", one_line)
        return ("def get_config(self):", "    return {", *(f"        {each}," for each in returned), "    }")

    def _saved(self, name: str) -> str:
        attribute = f"self.{self._attributes[name]}"
        return f"{self._package}.saving.serialize_keras_object({attribute})" if name in self.objects else attribute

    def _from_config(self) -> tuple[str, ...]:
        names = ", ".join(f'"{name}"' for name in self.objects)
        loop = (
            f"    for name in [{names}]:",
            f"        config[name] = {self._package}.saving.deserialize_keras_object(config[name])",
        )
        return (
            "@classmethod",
            "def from_config(cls, config):",
            *(loop if self.objects else ()),
            *(self._made_with_attributes() if self._set_later else ("    return cls(**config)",)),
        )

    def _made_with_attributes(self) -> tuple[str, ...]:
        return (
            *(f'    {name} = config.pop("{name}")' for name in self._set_later),
            "    made = cls(**config)",
            *(f"    made.{name} = {name}" for name in self._set_later),
            "    return made",
        )


def is_plain(value: Any) -> bool:
    """Whether a configuration holds a value as it is: numbers, texts, and lists and dicts of them."""
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) for key in value) and all(map(is_plain, value.values()))
    return isinstance(value, _PLAIN)


def _saved_by_base(instance: Any) -> Collection[str] | None:
    """The names of what its Keras base class saves of an object; None where that saves nothing and raises."""
    if is_layer(instance):
        return BASE_ARGUMENTS
    base = next((each for each in type(instance).__mro__ if is_of_keras(each.__module__)), object)
    try:
        return tuple(base.get_config(instance))  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - NotImplementedError of a regularizer, and AttributeError of an object
        return None


def _super_call(node: ast.FunctionDef, kwargs: str, saved: Collection[str]) -> tuple[str, ...]:
    """`super().__init__(...)` as the class calls it, with what else it is given; `saved` is among that."""
    call = next((each for each in ast.walk(node) if _is_super_call(each)), None)
    if not isinstance(call, ast.Call):
        return (f"super().__init__(**{kwargs})",) if kwargs else ()
    passed = [*call.args, *(each.value for each in call.keywords if each.arg is None)]
    if not kwargs or any(isinstance(each, ast.Name) and each.id == kwargs for each in passed):
        return (ast.unparse(call),)
    return (ast.unparse(ast.Call(call.func, call.args, _with_rest(call.keywords, kwargs, saved))),)


def _with_rest(keywords: Sequence[ast.keyword], kwargs: str, saved: Collection[str]) -> list[ast.keyword]:
    """Keyword arguments and `**kwargs`; in one dict where both may have the same, as `name`: the saved one counts."""
    both = [each for each in keywords if each.arg in saved]
    if not both:
        return [*keywords, ast.keyword(None, ast.Name(kwargs))]
    keys: list[ast.expr | None] = [*(ast.Constant(each.arg) for each in both), None]
    merged = ast.Dict(keys, [*(each.value for each in both), ast.Name(kwargs)])
    return [*(each for each in keywords if each not in both), ast.keyword(None, merged)]


def _is_super_call(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "__init__":
        return False
    owner = node.func.value
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
