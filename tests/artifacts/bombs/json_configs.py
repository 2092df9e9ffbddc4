"""Bombs in a model's configuration: what JSON costs that is read, walked and shown."""

from __future__ import annotations

import marshal
from typing import Any

from tests.artifacts.bombs.bytecode import function
from tests.artifacts.bombs.files import (
    ESCAPES,
    MEGABYTE,
    Write,
    in_config,
    json_layers,
    json_text,
    keras,
    nested,
    sequential,
)


def json_of(value: str) -> Write:
    """A bomb of one JSON value over and over."""
    return lambda folder, scale: keras(folder / "model.keras", in_config(value, scale))


def layer(name: str, class_name: str = "Dense", **beside: Any) -> dict[str, Any]:
    """One layer's node."""
    return {"class_name": class_name, "config": {"name": name, "trainable": True}, **beside}


def nested_layers(scale: float, name: str = "w", count: int = 100_000) -> Any:
    """Many layers, all of them inside of a chain of others."""
    leaves = [layer(f"d{number}") for number in range(int(count * scale))]
    inner = {"class_name": "Sequential", "config": {"name": name, "layers": leaves}}
    return nested(40, inner, lambda number, node: sequential([node], name=f"{name}{number}"))


def foreign(number: int) -> dict[str, Any]:
    """A layer of a module of its own."""
    return layer(f"l{number}", f"C{number}", module=f"m{number}.x", registered_name=f"R{number}")


def chained(number: int) -> dict[str, Any]:
    """A layer that is called with all that came before it."""
    inputs = [[f"l{each}", 0, 0, {}] for each in range(max(0, number - 300), number)]
    return {**layer(f"l{number}"), "name": f"l{number}", "inbound_nodes": [inputs]}


JSON: dict[str, Write] = {
    "json: empty lists": json_of("[]"),
    "json: empty objects": json_of("{}"),
    "json: objects of one key": json_of('{"a":0}'),
    "json: different keys": json_text(
        lambda scale: sequential([], **{f"k{number}": {f"x{number}": 0} for number in range(int(800_000 * scale))})
    ),
    "json: fractions": json_of("1.5"),
    "json: large numbers": json_of("9" * 4000),
    "json: a number without end": json_text(lambda scale: in_config("9" * int(30 * MEGABYTE * scale), 0)),
    "json: NaN and infinities": json_of("NaN,-Infinity,1e999"),
    "json: wide characters": json_text(
        lambda scale: in_config('"' + "\\ud83d\\ude00" + "a" * int(30 * MEGABYTE * scale) + '"', 0)
    ),
    "json: short wide texts": json_of('"\\ud83d\\ude00"'),
    "json: nested lists": json_of("[" * 90 + "]" * 90),
    "json: nested without end": json_text(lambda scale: "[" * int(30 * MEGABYTE * scale)),
    "json: one long name": json_layers(lambda _: layer("n" * 1_000_000), 25),
    "json: long names, nested": json_text(lambda scale: nested_layers(scale * 0.1, "n" * 100_000)),
    "json: long class names": json_layers(lambda number: layer(f"l{number}", f"{number}" + "C" * 100_000), 250),
    "json: small layers": json_layers(lambda number: layer(f"l{number}"), 400_000),
    "json: foreign modules": json_layers(foreign, 190_000),
    "json: foreign modules, fewer": json_layers(foreign, 45_000),
    "json: nested layers": json_text(nested_layers),
    "json: models in a model": json_layers(lambda number: sequential([layer("d")], name=f"m{number}"), 90_000),
    "json: models in a model, fewer": json_layers(lambda number: sequential([layer("d")], name=f"m{number}"), 20_000),
    "json: called with all before": json_layers(chained, 3000),
    "json: lambdas": json_layers(lambda _: function(marshal.dumps((lambda x: x).__code__)), 60_000),
    "json: lookups": json_layers(lambda number: layer(f"l{number}", "StringLookup"), 150_000),
    "json: functions": json_layers(
        lambda number: {
            "class_name": "Lambda",
            "config": {"name": f"l{number}", "function": {"class_name": "function", "config": f"f{number}"}},
        },
        100_000,
    ),
    "json: metrics": json_text(
        lambda scale: {
            **sequential([]),
            "compile_config": {"metrics": [f"metric_{number}" for number in range(int(190_000 * scale))]},
        }
    ),
    "json: seeds and policies": json_layers(
        lambda number: layer(f"l{number}", dtype={"class_name": "Policy", "config": {"name": f"int8_from_p{number}"}}),
        90_000,
    ),
    "json: names that steer a terminal": json_layers(lambda number: layer(f"{ESCAPES}{number}", ESCAPES), 1000),
    "json: shapes": json_layers(lambda number: layer(f"l{number}", build_config={"input_shape": [10**300] * 1000}), 60),
}
