"""Functions as people give them to Lambda layers, marshalled and run by whichever Python runs this file: 2.7 to 3.13.

`python write_code.py write` prints {name: base64 of marshal.dumps(function.__code__)} as JSON.

`python write_code.py run PAIRS`, with [[name, base64], ...] as JSON, runs each code in place of that of the function
of that name, and prints a line for each: `ok` if both return the same.
"""

import base64
import copy
import json
import marshal
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # noqa: F401

# name -> source that defines `f`, and the arguments of a call. A Python that cannot compile one does not write it.
SAMPLES = {
    "identity": ("f = lambda x: x", (3,)),
    "constant": ("f = lambda x: 7", (3,)),
    "arithmetic": ("f = lambda x: (x * 2 + 1) / 3 - x ** 2", (5,)),
    "bits": ("f = lambda x: -x + (x // 2) % 3 - (x << 1) ^ (x & 6) | ~x", (5,)),
    "plus": ("f = lambda x: +x", (5,)),
    "folded": ("f = lambda x: x * (60 * 60 * 24) + 2 ** 10", (5,)),
    "condition": ("f = lambda x: x + 1 if x > 3 else x - 1", (2,)),
    "condition_constant": ("f = lambda x: 1 if x else 2", (0,)),
    "condition_none": ("f = lambda x: 1 if x is None else x", (4,)),
    "condition_long": ("f = lambda x: (x * 2 + 1 - x * 3 + 4) if x else (x * 5 + 6 - x * 7 + 8 - x * 9)", (3,)),
    "chained": ("f = lambda x: 0 < x < 10", (4,)),
    "both": ("f = lambda x: x and x + 1 or 5", (4,)),
    "negated": ("f = lambda x: not (x == 1 or x != 2)", (4,)),
    "member": ("f = lambda x: x in (1, 2, 3)", (2,)),
    "not_member": ("f = lambda x: x not in [4, 5]", (2,)),
    "is_same": ("f = lambda x, y: x is y", (2, 2)),
    "is_none": ("f = lambda x: x is not None", (2,)),
    "call": ("f = lambda x: abs(x) + max(x, 2)", (-4,)),
    "keyword": ("f = lambda x: sorted(x, reverse=True)", ([1, 3, 2],)),
    "star_call": ("f = lambda x: max(*x)", ([1, 3, 2],)),
    "stars_call": ("f = lambda x: max(0, *x, *x)", ([1, 3, 2],)),
    "double_star_call": ("f = lambda x: dict(a=1, **x)", ({"b": 2},)),
    "only_double_star_call": ("f = lambda x: dict(**x)", ({"b": 2},)),
    "method": ("f = lambda x: x.upper().replace('A', 'b')", ("aba",)),
    "method_keyword": ("f = lambda x: x.format(a=1)", ("{a}",)),
    "attribute": ("f = lambda x: x.real + x.imag", (3,)),
    "attribute_call": ("f = lambda x: K.first(K.second(x), 2)", (3,)),
    "module_attribute": ("f = lambda x: K.deep.first(x, 1) * K.deep.scale", (3,)),
    "subscript": ("f = lambda x: x[0] + x[-1]", ([1, 2, 3],)),
    "slice": ("f = lambda x: x[1:]", ([1, 2, 3],)),
    "slice_both": ("f = lambda x: x[1:2] + x[::2]", ([1, 2, 3],)),
    "tuple_index": ("f = lambda x: x[0, 1]", ({(0, 1): 5},)),
    "tuple": ("f = lambda x: (x, 1, x)", (3,)),
    "list": ("f = lambda x: [x, 1]", (3,)),
    "list_constants": ("f = lambda x: x in [] or [1, 2, 3, 4]", (3,)),
    "set_constants": ("f = lambda x: {1, 2, 3, 4}", (3,)),
    "dict": ("f = lambda x: {'a': x, 'b': 2}", (3,)),
    "dict_mixed": ("f = lambda x: {x: x, 'b': 2}", (3,)),
    "list_unpacked": ("f = lambda x: [*x, 1]", ([3],)),
    "tuple_unpacked": ("f = lambda x: (*x, *x)", ([3],)),
    "dict_unpacked": ("f = lambda x: {**x, 'a': 1}", ({"b": 2},)),
    "comprehension": ("f = lambda x: [i * 2 for i in x]", ([1, 2],)),
    "comprehension_if": ("f = lambda x: [i for i in x if i > 1]", ([1, 2],)),
    "comprehension_unpack": ("f = lambda x: [a + b for a, b in x]", ([(1, 2)],)),
    "comprehension_closure": ("f = lambda x, n: [i * n for i in x]", ([1, 2], 3)),
    "comprehension_nested": ("f = lambda x: [[j for j in i] for i in x]", ([[1], [2]],)),
    "dict_comprehension": ("f = lambda x: {k: v for k, v in x}", ([(1, 2)],)),
    "set_comprehension": ("f = lambda x: {i % 2 for i in x}", ([1, 2, 3],)),
    "generator": ("f = lambda x: sum(i * i for i in x)", ([1, 2],)),
    "closure": ("n = 0\ndef g(n):\n    return lambda x: x * n\nf = g(3)", (4,)),
    "closure_many": ("def g(a, b):\n    return lambda x: x * a + b - a\nf = g(3, 4)", (4,)),
    "nested": ("f = lambda x: (lambda y: y + 1)(x)", (4,)),
    "nested_closure": ("f = lambda x: (lambda y: y + x)(2)", (4,)),
    "default": ("f = lambda x, n=3: x + n", (4,)),
    "keyword_only": ("f = lambda x, *, n=3: x + n", (4,)),
    "positional_only": ("f = lambda x, /, n=3: x + n", (4,)),
    "star_parameters": ("f = lambda *a, **k: len(a) + len(k)", (4,)),
    "fstring": ("f = lambda x: f'{x!r}: {x:>4} {x}'", (4,)),
    "walrus": ("f = lambda x: (y := x + 1) * y", (4,)),
    "string": ("f = lambda x: 'layer_%d' % x", (4,)),
    "numbers": ("f = lambda x: x + 1.5 + 2j + 10 ** 30 + 3000000000", (4,)),
    "global": ("f = lambda x: x * LIMIT", (4,)),
    "def": ("def f(x):\n    return x * 2 + 1\n", (4,)),
    "def_doc": ("def f(x):\n    '''Doubles.'''\n    y = x * 2\n    return y\n", (4,)),
    "def_if": ("def f(x):\n    if x > 2:\n        return 1\n    elif x:\n        x = 3\n    return x\n", (1,)),
    "def_for": ("def f(x):\n    y = 0\n    for i in x:\n        y += i\n    return y\n", ([1, 2],)),
    "def_for_break": (
        "def f(x):\n    for i in x:\n        if i > 1:\n            break\n        continue\n    return i\n",
        ([1, 2, 3],),
    ),
    "def_while": ("def f(x):\n    while x > 1:\n        x -= 1\n    return x\n", (3,)),
    "def_while_none": ("def f(x):\n    y = None\n    while x is not None:\n        x = y\n    return x\n", (3,)),
    "def_while_true": ("def f(x):\n    while True:\n        x += 1\n        if x > 5:\n            return x\n", (3,)),
    "def_import": ("def f(x):\n    import math\n    from os import path\n    return math.floor(x)\n", (3.5,)),
    "def_try": ("def f(x):\n    try:\n        return x[5]\n    except IndexError as e:\n        return -1\n", ([],)),
    "def_try_bare": ("def f(x):\n    try:\n        y = x[5]\n    except:\n        return -1\n    return y\n", ([],)),
    "def_finally": ("def f(x):\n    try:\n        y = x[0]\n    finally:\n        x = 0\n    return y\n", ([1],)),
    "def_with": ("def f(x):\n    with K.scope('a') as s:\n        y = x + 1\n    return y\n", (1,)),
    "def_assert": ("def f(x):\n    assert x > 0, 'small'\n    return x\n", (1,)),
    "def_raise": ("def f(x):\n    if x < 0:\n        raise ValueError(x)\n    return x\n", (1,)),
    "def_unpack": ("def f(x):\n    a, b = x\n    b, a = a, b\n    return a - b\n", ([1, 2],)),
    "def_unpack_star": ("def f(x):\n    a, *b = x\n    return b\n", ([1, 2],)),
    "def_store": ("def f(x):\n    x[0] += 1\n    K.seen = x\n    del x[1]\n    return x\n", ([1, 2],)),
    "def_inner": ("def f(x):\n    def g(y, z=1):\n        return y + z + x\n    return g(x)\n", (1,)),
    "def_global": ("def f(x):\n    global SEEN\n    SEEN = x\n    return SEEN\n", (1,)),
    "def_annotated": ("def f(x: int) -> int:\n    y: int = x\n    return y\n", (1,)),
    "def_generator": ("def f(x):\n    def g():\n        yield x\n        yield from [1]\n    return list(g())\n", (1,)),
    "star_named_call": ("f = lambda x: dict(*x, a=1)", ([{"b": 2}],)),
    "set_condition": ("f = lambda x: {x and 4, 1, 2, 3}", (3,)),
    "set_expression": ("f = lambda x: {1, *x}", ([3],)),
    "constant_or": ("f = lambda x: 2 or x", (3,)),
    "plus_after": ("f = lambda x, y=2, z=3: (x, y, z, +x)", (3,)),
    "filter_none": ("f = lambda x: [i for i in x if i is not None]", ([3, None],)),
    "def_dead": ("def f(x):\n    return x\n    y = 1\n    return y\n", (3,)),
    "def_far": ("def f(x):\n" + "\n" * 200 + "    y = x\n\n    return y\n", (3,)),
    "def_while_plus": ("def f(x):\n    while x is not None:\n        y = -x\n    return x\n", (None,)),
    "def_while_pass": ("def f(x):\n    while x is not None:\n        pass\n    return x\n", (None,)),
    "def_finally_return": (
        "def f(x):\n    try:\n        return x[0]\n    finally:\n        return len({1, 2, 3})\n",
        ([],),
    ),
    "def_class": ("def f(x):\n    class A:\n        y = x\n    return A.y\n", (3,)),
    "def_async": ("def f(x):\n    async def g(y):\n        return await y\n    return g.__name__\n", (3,)),
    "def_match": (
        "def f(x):\n    match x:\n        case [a, b]:\n            return a\n        case _:\n            return 0\n",
        ([1, 2],),
    ),
    "def_long": (
        "def f(x):\n    for i in range(2):\n"
        + "".join("        x = x + %d.5\n" % i for i in range(300))  # noqa: UP031
        + "    return x\n",
        (1,),
    ),
}  # type: dict[str, tuple[str, tuple[object, ...]]]


class K(object):  # noqa: UP004 - Python 2
    """Stands for a module of functions, such as Keras' backend."""

    scale = 2
    deep = None  # type: object

    @staticmethod
    def first(x, y):
        # type: (int, int) -> int
        return x + y

    @staticmethod
    def second(x):
        # type: (int) -> int
        return x * 2

    class scope(object):  # noqa: N801, UP004
        def __init__(self, name):
            # type: (str) -> None
            self.name = name

        def __enter__(self):
            # type: () -> object
            return self

        def __exit__(self, *_):
            # type: (object) -> None
            return None


K.deep = K


def function(name):
    # type: (str) -> Any
    """The function of that name, as this Python compiles it; None if it cannot."""
    source, _ = SAMPLES[name]
    space = {"K": K, "LIMIT": 5}  # type: dict[str, Any]
    try:
        exec(compile(source, "model.py", "exec", 0, True), space)  # noqa: S102
    except SyntaxError:
        return None
    return space["f"]


def write():
    # type: () -> dict[str, str]
    codes = {}
    for name in sorted(SAMPLES):
        made = function(name)
        if made is not None:
            codes[name] = base64.b64encode(marshal.dumps(made.__code__)).decode("ascii")
    return codes


def run(name, code):
    # type: (str, types.CodeType) -> str
    own = function(name)
    arguments = SAMPLES[name][1]
    other = types.FunctionType(code, own.__globals__, own.__name__, own.__defaults__, own.__closure__)
    other.__kwdefaults__ = own.__kwdefaults__
    expected = own(*copy.deepcopy(arguments))
    found = other(*copy.deepcopy(arguments))
    return "ok" if found == expected else "wrong: %r for %r" % (found, expected)  # noqa: UP031


if __name__ == "__main__":
    if sys.argv[1] == "write":
        json.dump(write(), sys.stdout, indent=0, sort_keys=True)
    else:
        for each, text in json.loads(sys.argv[2]):
            sys.stdout.write(run(each, marshal.loads(base64.b64decode(text))) + "\n")  # noqa: S302
