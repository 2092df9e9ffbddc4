"""The values of a constructor's argument that are worth telling apart."""

import inspect
import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from pytest_modelcompat.profiles.recorder.probe import texts_in_code
from pytest_modelcompat.profiles.recorder.samples import BUILT, PLAIN

from . import kit as kits

WORD = re.compile(r"^[a-z][a-z0-9_-]{1,24}$")
QUOTED = re.compile(r"[\"'`]([a-z][a-z0-9_-]{1,24})[\"'`]")
# What says where a layer stands rather than what it does: models are made in several ways for that.
LEFT_OUT = frozenset(
    {"name", "layers", "weights", "input_shape", "batch_input_shape", "batch_shape", "batch_size", "input_dim"}
    | {"input_length", "input_dtype", "input_spec", "dynamic", "enable_caching_device", "experimental_autocast"}
)
# What the constructors of some classes do not say.
NEEDED = {"LossScaleOptimizer": ["inner_optimizer"], "LossScaleOptimizerV3": ["inner_optimizer"]}
DTYPES = ("mixed_float16", "float64", "float16", "bfloat16", "mixed_bfloat16", "int32", "string")
# Arguments that every layer of a kind hands on to the same code are tried with all their values in these classes, and
# with the first of them elsewhere.
EVERY_VALUE = frozenset({"Activation", "Conv2D", "Dense", "Embedding"})
FIRST_VALUES = 1
OF_THE_BASE = frozenset({"activity_regularizer", "trainable"})
NONSENSE = "modelcompat_probe"
TAKES_A_FUNCTION = re.compile(r"\b[Cc]allable\b|\bfunction\b")
# What a text calls the type of an argument that has no default, and a value of it.
TYPES: List[Tuple[Tuple[str, ...], Any]] = [
    (("bool", "whether"), True),
    (("float", "between"), 0.5),
    (("int", "number of"), 2),
    (("list", "tuple", "shape"), [2]),
]


class Value(NamedTuple):
    """A value of an argument.

    Args:
        label: what tells it from the others in a construct's name.
        make: makes it, again each time, as Keras' objects may not be shared.
        declared: names of `sweep.objects` that its readers are given.
        is_code: whether it is saved as Python bytecode.
    """

    label: str
    make: Callable[[], Any]
    declared: Any = ()
    is_code: bool = False


def arguments_of(cls: Any, accepted: List[str]) -> Dict[str, Any]:
    """The arguments of a class by name, each with its default; `inspect.Parameter.empty` where none is known."""
    found: Dict[str, Any] = {}
    for base in cls.__mro__:
        constructor = vars(base).get("__init__")
        if constructor is None or base is object:
            continue
        try:
            parameters = list(inspect.signature(constructor).parameters.values())[1:]
        except (TypeError, ValueError):
            continue
        for each in parameters:
            if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
                found.setdefault(each.name, each.default)
    for name in accepted:
        found.setdefault(name, inspect.Parameter.empty)
    needed = required_of(cls)
    return {name: default for name, default in found.items() if name not in LEFT_OUT or name in needed}


def required_of(cls: Any) -> List[str]:
    """The arguments that a class cannot be made without."""
    try:
        parameters = inspect.signature(cls.__init__).parameters.values()
    except (TypeError, ValueError):
        return []
    named = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    needed = [each.name for each in named if each.default is each.empty and each.name != "self"]
    return [*needed, *NEEDED.get(cls.__name__, [])]


def values_of(kit: kits.Kit, cls: Any, name: str, default: Any, *, is_checked: bool) -> List[Value]:
    """The values to try an argument with, the default not among them.

    Args:
        kit: the runtime's Keras.
        cls: whose argument it is.
        name: the argument's.
        default: the argument's.
        is_checked: whether the class refuses a text that means nothing, so that any text it takes means something.
    """
    by_name = _by_name(kit, name)
    if by_name is not None:
        if cls.__name__ in EVERY_VALUE:
            return by_name
        return [] if name in OF_THE_BASE else by_name[:FIRST_VALUES]
    if name in BUILT:
        return [Value("object", lambda: BUILT[name](kit.keras))]
    sampled = PLAIN.get(name)
    if default is inspect.Parameter.empty or default is None:
        values = _plain(_without_default(cls, name, sampled))
    else:
        values = _plain(
            [*_by_default(cls, name, default, is_checked=is_checked), *([sampled] if name == "seed" else [])]
        )
    return values + (_functions(kit) if TAKES_A_FUNCTION.search(_text_about(cls, name)) else [])


def _functions(kit: kits.Kit) -> List[Value]:
    own = importable("objects")
    return [
        Value("custom function", lambda: own.plain_identity, ("plain_identity",)),
        Value("registered function", lambda: own.registered_identity, ("registered_identity",)),
        Value("tf.identity", lambda: kit.tf.identity),
    ]


def _plain(values: List[Any]) -> List[Value]:
    unique = {repr(each): each for each in values}
    return [_given(label, value) for label, value in unique.items()]


def _given(label: str, value: Any) -> Value:
    return Value(label, lambda: value)


def _by_name(kit: kits.Kit, name: str) -> Optional[List[Value]]:
    if name.endswith("initializer"):
        return _initializers(kit)
    if name.endswith("regularizer"):
        return _regularizers(kit)
    if name.endswith("constraint"):
        return _constraints(kit)
    if name.endswith("activation"):
        return _activations(kit)
    if name == "dtype":
        return [_given(each, each) for each in DTYPES]
    return [_given("False", False)] if name == "trainable" else None


def _activations(kit: kits.Kit) -> List[Value]:
    keras, tf = kit.keras, kit.tf
    own = importable("objects")
    return [
        Value("layer LeakyReLU", keras.layers.LeakyReLU),
        Value("'elu'", lambda: "elu"),
        Value("function elu", lambda: keras.activations.elu),
        Value("tf.nn.relu", lambda: tf.nn.relu),
        Value("tf.nn.silu", lambda: tf.nn.silu),
        Value("tf.tanh", lambda: tf.tanh),
        Value("layer Softmax", keras.layers.Softmax),
        Value("layer PReLU", keras.layers.PReLU),
        Value("lambda", lambda: lambda value: value * 2.0, is_code=True),
        Value("custom function", lambda: own.plain_function, ("plain_function",)),
        Value("registered function", lambda: own.registered_function, ("registered_function",)),
        Value("custom layer", own.PlainScale, ("PlainScale",)),
    ]


def _initializers(kit: kits.Kit) -> List[Value]:
    keras, own = kit.keras, importable("objects")
    return [
        Value("RandomNormal", lambda: keras.initializers.RandomNormal(seed=1)),
        Value("'ones'", lambda: "ones"),
        Value("class Ones", lambda: keras.initializers.Ones),
        Value("custom function", lambda: own.plain_initializer, ("plain_initializer",)),
    ]


def _regularizers(kit: kits.Kit) -> List[Value]:
    keras, own = kit.keras, importable("objects")
    return [
        Value("L2", lambda: keras.regularizers.l2(0.5)),
        Value("'l1_l2'", lambda: "l1_l2"),
        Value("custom function", lambda: own.plain_regularizer, ("plain_regularizer",)),
    ]


def _constraints(kit: kits.Kit) -> List[Value]:
    keras, own = kit.keras, importable("objects")
    return [
        Value("NonNeg", keras.constraints.NonNeg),
        Value("'max_norm'", lambda: "max_norm"),
        Value("custom function", lambda: own.plain_constraint, ("plain_constraint",)),
    ]


def _by_default(cls: Any, name: str, default: Any, *, is_checked: bool) -> Iterator[Any]:
    if isinstance(default, bool):
        yield not default
    elif isinstance(default, int):
        yield from (default + 1, -1, *_several(name), None)
    elif isinstance(default, float):
        yield from (0.25, 1, (0.1, 0.2), None)
    elif isinstance(default, str):
        yield from (*(_words_of(cls) if is_checked else _words_about(cls, name)), None)
    elif isinstance(default, (tuple, list)):
        yield from (1, [2] * len(default), tuple(2 for _ in default), None)


def _several(name: str) -> Iterator[Any]:
    """Several numbers in the place of one."""
    yield from ((1, 2),) if "ax" in name else ((2, 2), (2, 2, 2))


def _without_default(cls: Any, name: str, sampled: Any) -> List[Any]:
    if name == "seed":
        return [1]
    if isinstance(sampled, bool) or sampled is None:
        return [*_words_about(cls, name), *([sampled] if sampled else _of_types(cls, name))]
    if isinstance(sampled, str):
        return [sampled, *_words_about(cls, name)]
    if isinstance(sampled, int):
        return [sampled, sampled + 1, *_several(name)]
    return [sampled, sampled / 2] if isinstance(sampled, float) else [sampled]


def _of_types(cls: Any, name: str) -> List[Any]:
    """A value of each type that a class's text names for an argument; a list of a number where it names none."""
    text = _text_about(cls, name).lower()
    return [value for words, value in TYPES if any(word in text for word in words)] or [[2]]


def _words_of(cls: Any) -> List[str]:
    """Every word that a class's code and text may mean as a value."""
    words: Set[str] = set()
    for base in cls.__mro__:
        if base is object or not hasattr(base, "__module__"):
            continue
        words.update(QUOTED.findall(base.__doc__ or ""))
        for function in vars(base).values():
            words.update(each for each in _texts_of(function) if WORD.match(each))
    return sorted(words - {NONSENSE})


def _words_about(cls: Any, name: str) -> List[str]:
    """The quoted words of what a class's text says about an argument."""
    return sorted(set(QUOTED.findall(_text_about(cls, name))))


def _text_about(cls: Any, name: str) -> str:
    text = cls.__doc__ or ""
    found = re.search(
        r"^\s*\*{0,2}`?%s`?\*{0,2}\s*:(.*?)(?:^\s*`?\w+`?\s*:|\Z)" % re.escape(name), text, re.DOTALL | re.MULTILINE
    )
    return found[1] if found else ""


def _texts_of(function: Any) -> Iterator[str]:
    if callable(function) or isinstance(function, (classmethod, staticmethod)):
        code = getattr(inspect.unwrap(getattr(function, "__func__", function)), "__code__", None)
        yield from texts_in_code(code.co_consts) if code is not None else ()


def importable(module: str) -> Any:
    """A module of the sweep that imports TensorFlow."""
    import importlib

    return importlib.import_module("sweep." + module)
