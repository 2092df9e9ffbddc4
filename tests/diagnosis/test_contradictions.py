"""No entry of the catalogue prints a text that contradicts what the test declares, whose class it is, or itself."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from pytest_modelcompat.artifacts.inventory import Inventory, LayerUse
from pytest_modelcompat.diagnosis.catalogue import CATALOGUE
from pytest_modelcompat.diagnosis.context import DiagnosisContext
from pytest_modelcompat.diagnosis.known_failure import RaisedException, match_known_failure
from pytest_modelcompat.results.option_syntax import OptionSyntax
from tests.diagnosis.known_texts import EXISTING, NEW, OLD_K3, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_modelcompat.results.finding import Finding

KERAS_OWN = LayerUse("Dense", ("dense",), config={"trainable": True})
VERSIONS = ((NEW, NEW), (OLD_K3, NEW), (NEW, OLD_K3), ("2.15.0", NEW), (NEW, "2.15.0"))
# Texts of the entries that the table of texts does not have.
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("name 'LIMIT' is not defined", {"exception": "NameError"}),
    (
        "the signature takes 'x' as a dense tensor, and the model takes a ragged one",
        {"exception": "SignatureMismatchError", "format_": "saved_model", "stage": "predict"},
    ),
    ('Input 0 of layer "dense" is incompatible with the layer: expected axis -1', {"stage": "predict"}),
    ("Cannot parse file saved_model.pb", {"format_": "saved_model"}),
    ("variables/variables.index is missing", {"format_": "saved_model"}),
    ("No model config found in the file at model.h5.", {}),
    ("string indices must be integers, not 'str'", {"exception": "TypeError"}),
    ("Unknown layer: 'Addons>GELU'", {}),
    ("Scale.from_config() missing 1 required positional argument", {"exception": "TypeError"}),
    ("No cast function available.", {}),
    ("Shape mismatch in layer #0 (named normalization) for weight mean", {}),
    ("Could not interpret activation identifier: 'Scale'", {}),
)
ALL_TEXTS = (*((row[1], row[2]) for row in TEXTS), *MORE)
# What an entry is about, where its text has a group of that name.
NAMES = re.compile(r"(?:Unknown \w+: '?|[Cc]ould not locate (?:class|function) '|identifier: '?)(?P<name>[\w>]+)")


def findings(message: str, options: dict[str, Any], **context: Any) -> Iterator[Finding]:
    """What every entry says of a message, not the first that fits alone: each may come first in another context."""
    format_, stage = options.get("format_", "h5"), options.get("stage", "load")
    error = {"type": options.get("exception", "ValueError"), "message": message}
    saved, loaded = context["versions"]
    inventory = Inventory(EXISTING, format_, {"keras": saved}, layers=context["layers"])
    known = DiagnosisContext(
        f"model.{format_}",
        format_,
        inventory,
        {"keras": loaded, "tensorflow": "2.21.0", "python": "3.11.7"},
        60.0,
        OptionSyntax(),
        custom_objects=context["declared"],
    )
    for entry in CATALOGUE:
        found = match_known_failure(entry, RaisedException.of(error), stage, known)
        if found is not None:
            yield found


@pytest.mark.parametrize(("message", "options"), ALL_TEXTS, ids=[text[:40] for text, _ in ALL_TEXTS])
def test_no_text_contradicts_the_facts(message: str, options: dict[str, Any]) -> None:
    name = next((match["name"] for match in NAMES.finditer(message)), "Scale")
    own = LayerUse(name, ("own",), config={"trainable": True})
    ways = product(((KERAS_OWN,), (KERAS_OWN, own)), ({}, {name: f"shop.{name}"}, {"Other": "shop.Other"}), VERSIONS)
    for layers, declared, versions in ways:
        for found in findings(message, options, layers=layers, declared=declared, versions=versions):
            text = "\n".join((found.cause, *found.fix))
            # It declares something, which the block shows below.
            assert not (declared and "declares none" in text), text
            assert not (found.subject in declared and "declares Other" in text), text
            assert own in layers or "a build()" not in text, text
            saved, loaded = versions
            advice = "\n".join(found.fix)
            assert not re.search(
                rf"(?:load it with|try|upgrade) [\w ]*Keras {re.escape(loaded)}(?! or newer)", advice
            ), text
            assert saved != loaded or found.cause.count(f"Keras {saved}") < len(("has", "has not")), text


def test_every_entry_is_among_them() -> None:
    def is_met(pattern: str) -> bool:
        return any(re.search(pattern, RaisedException.of({"type": "", "message": text}).text) for text, _ in ALL_TEXTS)

    assert [entry.pattern for entry in CATALOGUE if not is_met(entry.pattern)] == []
