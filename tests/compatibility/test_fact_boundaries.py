"""The facts of the package at their boundaries: a construct is judged as it was seen in each of two readers."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.constructs import constructs
from pytest_modelcompat.compatibility.rules.explanations import explanation_of
from pytest_modelcompat.profiles.facts import PAIR, Fact, load_facts, read_data, rows_of
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import MEASURED, Finding

sys.path.append(str(Path(__file__).resolve().parents[2]))

from sweep.plan import runtime_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 150
VALUES: dict[str, Any] = {
    "null": None, "true": True, "false": False, "0": 0, "<0": -1, "int": 2, "0.0": 0.0, "float": 0.5, "{}": {},
    "text": "a, b", "[]": [],
}  # fmt: skip


def value_of(kind: str) -> Any:
    """A value of a kind, as `constructs` tells kinds apart."""
    if kind in VALUES:
        return VALUES[kind]
    if kind.startswith("["):
        return [value_of(each) for each in kind[1:-1].split(", ")]
    if kind.startswith("<function "):
        return {"class_name": "function", "config": kind[len("<function ") : -1]}
    return {"class_name": kind[1:-1], "config": {}} if kind.startswith("<") else kind


def layer_with(construct: str) -> LayerUse:
    """A layer that has a construct."""
    name, _, argument = construct.removeprefix("layer ").partition(".")
    key, _, kind = argument.partition("=")
    config = {"trainable": True, **({key: value_of(kind)} if key else {})}
    return LayerUse(name, ("probe",), config=config, position=1, siblings=1)


def is_explained(construct: str, kind: list[str]) -> bool:
    outcome, stage, text = kind
    return explanation_of(Fact(construct, outcome, stage, text, "", "")) is not None


def places(data: dict[str, Any], rows: Any, *outcomes: str) -> set[tuple[int, int]]:
    """The writers and readers of some outcomes, without those of training."""
    known = [each for each in rows if data["kinds"][each[0]][0] in outcomes and data["kinds"][each[0]][1] != "training"]
    return {(writer, reader) for _, writers, readers in known for writer in writers for reader in readers}


def boundaries() -> Iterator[tuple[str, str, str, str, str]]:
    """Format, construct, writer, a reader with a fact about it, and one without."""
    for form in ("h5", "keras"):
        data = read_data(form)
        for construct, packed in data.get("facts", {}).items():
            rows = rows_of(packed)
            if any(is_explained(construct, data["kinds"][kind]) for kind, _, _ in rows):
                continue  # its finding is another one: test_explanations, test_known_changes
            if not construct.startswith("layer ") or any(each in construct for each in (PAIR, " > ", "*")):
                continue
            predicted = places(data, rows, "fails", "changed", "crashes", "hangs")
            sound = places(data, rows, "loads")
            for writer in sorted({writer for writer, _ in predicted}):
                readers = [reader for each, reader in data["measured"] if each == writer]
                with_fact = [reader for reader in readers if (writer, reader) in predicted]
                without = [reader for reader in readers if (writer, reader) in sound]
                for pair in itertools.islice(zip(with_fact, without, strict=False), 1):
                    names = [data["versions"][number] for number in (writer, *pair)]
                    yield form, construct, names[0], names[1], names[2]


EVERY = list(boundaries())


def measured(form: str, construct: str, writer: str, reader: str) -> list[Finding]:
    keras = writer.rpartition(" ")[2] + ".0"
    inventory = Inventory(Path("m"), form, saved_by={"keras": keras}, layers=(layer_with(construct),))
    found = check_compatibility(inventory, load_profile(runtime_of(reader))).findings
    subject = construct.removeprefix("layer ")
    facts = (finding for finding in found if finding.source == MEASURED and "was seen" in finding.cause)
    return [finding for finding in facts if finding.subject == subject]


@pytest.mark.parametrize(("form", "construct", "writer", "fails", "loads"), EVERY[:: max(1, len(EVERY) // MOST)])
def test_each_side_of_a_boundary_is_judged_as_it_was_seen(
    form: str, construct: str, writer: str, fails: str, loads: str
) -> None:
    inventory = Inventory(Path("m"), form, layers=(layer_with(construct),))
    assert construct in {each.text for each in constructs(inventory, lambda _: False)}
    facts = load_facts(form)
    assert facts is not None
    assert [fact.construct for fact in facts.about([construct], writer, fails)] == [construct]
    assert list(facts.about([construct], writer, loads)) == []
    assert not measured(form, construct, writer, loads)
    keras = writer.rpartition(" ")[2] + ".0"
    judged = Inventory(Path("m"), form, saved_by={"keras": keras}, layers=(layer_with(construct),))
    result = check_compatibility(judged, load_profile(runtime_of(fails)))
    assert result.compatibility.value != "loads"
