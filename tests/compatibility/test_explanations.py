"""The reasons of what was measured: said where they are known, and as often as they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.compatibility.check import check_compatibility
from pytest_modelcompat.compatibility.rules.explanations import EXPLANATIONS, Explanation, explanation_of
from pytest_modelcompat.profiles.facts import Fact, Facts, data_of, read_data, rows_of
from pytest_modelcompat.profiles.store import load_profile
from pytest_modelcompat.results.finding import Kind

NOT_AN_INTEGER = 'TypeError: When `output_mode="int"`, `dtype` should be an integer type'
VERSIONS = ["3.0", "3.3", "3.6"]
HASHING = LayerUse(
    "Hashing", ("h",), config={"num_bins": 3, "dtype": "float32", "output_mode": "int"}, position=1, siblings=1
)


def fact(construct: str, text: str) -> Fact:
    return Fact(construct, "fails", "load", text, "2.4", "3.0")


def judged(
    *constructs: str, loads_in: int | None = 2, seen: bool = True
) -> list[tuple[Kind, str, str, tuple[str, ...]]]:
    """Kind, subject, cause and fix of what is found of a Hashing whose constructs Keras 3.0 does not read."""
    rows = [[0, [1], [0]], *([[1, [1], [loads_in]]] if loads_in is not None else [])]
    kinds = [["fails", "load", NOT_AN_INTEGER], ["loads", "", ""]]
    pairs = [(1, reader) for reader in range(len(VERSIONS)) if seen or reader]
    between = [] if seen else [(1, 0)]
    known = Facts(data_of(VERSIONS, kinds, pairs, [], dict.fromkeys(constructs, rows), between))
    inventory = Inventory(Path("model.keras"), "keras", saved_by={"keras": "3.3.0"}, layers=(HASHING,))
    found = check_compatibility(inventory, load_profile("tf2.16+keras3.0"), facts=known).findings
    return [(each.kind, each.subject, each.cause, each.fix) for each in found]


def test_a_reason_takes_the_place_of_what_keras_says_and_keeps_what_was_seen_to_help() -> None:
    assert judged("layer Hashing.dtype=float32") == [
        (
            Kind.CONFIG_CHANGED,
            "Hashing(dtype=…)",
            "its dtype is not the name of an integer type, and Keras 3.0 takes no other",
            ("load it with Keras 3.6, where it was seen to come back the same",),
        )
    ]


def test_a_reason_of_what_is_only_expected_says_so() -> None:
    ((_, _, cause, _),) = judged("layer Hashing.dtype=float32", seen=False)
    assert cause.endswith("takes no other (expected, by what was seen of the versions beside it)")


def test_where_nothing_was_seen_to_help_it_says_so() -> None:
    ((*_, fix),) = judged("layer Hashing.dtype=float32", loads_in=None)
    assert fix == ("no Keras that was tried reads it back: build the model without it, and save the model again",)


def test_two_facts_of_one_reason_are_one_finding() -> None:
    assert len(judged("layer Hashing.dtype=float32", "layer Hashing.output_mode=int")) == 1


@pytest.mark.parametrize(
    ("construct", "text"),
    [
        ("layer Hashing.dtype=float32", "TypeError: no"),
        ("layer Dense.dtype=float32", NOT_AN_INTEGER),
        ("layer Hashing", NOT_AN_INTEGER),
    ],
)
def test_another_construct_or_text_has_no_reason(construct: str, text: str) -> None:
    assert explanation_of(fact(construct, text)) is None


def test_each_is_the_reason_of_something_that_was_measured() -> None:
    found: set[Explanation | None] = set()
    for data in map(read_data, ("h5", "keras")):
        for construct, packed in data["facts"].items():
            texts = (data["kinds"][kind][2] for kind, _, _ in rows_of(packed))
            found.update(explanation_of(fact(construct, text)) for text in texts)
    assert found >= {*EXPLANATIONS}
