"""Unsafe ops: those that reach files, the network, Python or native code when a graph runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import op_locations
from pytest_modelcompat.artifacts.saved_model.file_names import FILE_INPUTS
from pytest_modelcompat.artifacts.text import first_few
from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.op_roles import plain_name, reaches_of
from pytest_modelcompat.compatibility.unsafe.rules import unsafe
from pytest_modelcompat.profiles.op_arguments import arguments_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.artifacts.inventory import OpUse
    from pytest_modelcompat.compatibility.unsafe.op_roles import Reach
    from pytest_modelcompat.compatibility.unsafe.rules import Rule
    from pytest_modelcompat.results.finding import Finding

_CAUSES = {
    rules.READS: "it reads files of the host when the graph runs",
    rules.WRITES: "it writes files on the host when the graph runs",
    rules.LISTS: "it lists files of the host when the graph runs",
    rules.CONNECTS: "it opens network connections when the graph runs",
    rules.CALLS: "it calls a Python function of the process that runs the graph",
    rules.CALLS_NATIVE: "it calls a native function of the process that runs the graph, by its name",
    rules.FOREIGN_OP: "no TensorFlow and no known package has it: its code is in a library that has to be loaded",
}
# With these, every SavedModel writes and reads its own variables, and fills its tables from its own assets.
_OF_THE_MODEL = frozenset(map(plain_name, FILE_INPUTS))
_CONNECTS = re.compile("grpc://")


@dataclass(frozen=True)
class _Danger:
    """The rule that an op breaks, where, and the file or address it names if an attribute says so."""

    rule: Rule
    where: tuple[str, ...]
    elsewhere: str = ""
    target: str = ""


def unsafe_ops(inventory: Inventory) -> Iterator[Finding]:
    """A finding for each op that reaches files, the network or Python, wherever in the graph it stands.

    What saves and restores the model's own variables and fills its tables from its own assets is left out.

    Args:
        inventory: what the artifact holds.
    """
    for op in inventory.ops:
        for danger in _dangers(op):
            yield unsafe(
                danger.rule,
                f"op {op.op}",
                danger.where,
                f"{_CAUSES[danger.rule]}{danger.elsewhere}",
                "do this outside the model, and export the model again",
                "or run it only if you trust its source",
                target=danger.target,
            )


def _dangers(op: OpUse) -> Iterator[_Danger]:
    if plain_name(op.op) in _OF_THE_MODEL:
        yield from _with_another_file(op)
        return
    reaches = reaches_of(op.op)
    for reach in reaches:
        if not reach.attribute and op.count > op.own:
            yield _Danger(reach.rule, op_locations(op))
        elif reach.attribute and reach.attribute in {*op.attributes, *op.values}:
            yield from _by_attribute(op, reach)
    if not reaches and _is_foreign(op.op):
        yield _Danger(rules.FOREIGN_OP, op_locations(op))


def _by_attribute(op: OpUse, reach: Reach) -> Iterator[_Danger]:
    """By the values that are not harmless, or because there are too many of them, or too long ones, to be known."""
    values = op.values.get(reach.attribute)
    if values is None:
        yield _Danger(reach.rule, op_locations(op), f", and its {reach.attribute} is larger than any model's")
        return
    harmful = [value for value in values if not reach.harmless.fullmatch(value)]
    if not harmful:
        return
    rule = rules.WRITES if reach.rule is rules.CONNECTS and not any(map(_CONNECTS.search, harmful)) else reach.rule
    yield _Danger(rule, op_locations(op), target=", ".join(first_few(harmful)))


def _with_another_file(op: OpUse) -> Iterator[_Danger]:
    """What saves, restores or fills a table with a file that neither its caller nor an asset of the model names."""
    if not op.files:
        return
    rule = rules.WRITES if "Save" in op.op or "Merge" in op.op else rules.READS
    named = sorted({each.value for each in op.files if each.value})
    elsewhere = ", and not the model's own: " + (
        "the name of its file stands in the graph" if named else "where the name of its file comes from is not known"
    )
    places = replace(op, places=tuple(each.place for each in op.files), count=len(op.files))
    yield _Danger(rule, op_locations(places), elsewhere, ", ".join(first_few(named)))


def _is_foreign(op: str) -> bool:
    """Whether neither TensorFlow nor a package that is known has an op."""
    if arguments_of(op) is not None:
        return False
    # Seldom asked, and worth more time to import than most models take to read.
    from pytest_modelcompat.profiles.known_names import first_tensorflow_with
    from pytest_modelcompat.profiles.op_packages import package_of

    return first_tensorflow_with(op) is None and package_of(op) is None
