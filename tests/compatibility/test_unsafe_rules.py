"""The rules of unsafe content: their codes, the names that allow what they find, and the page that lists them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from pytest_modelcompat.compatibility.unsafe import rules
from pytest_modelcompat.compatibility.unsafe.rules import RULES, Rule, is_named, name_of, unsafe

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_rule_has_a_code_of_its_own_and_is_in_the_table() -> None:
    made = [each for each in vars(rules).values() if isinstance(each, Rule)]
    assert sorted(RULES.values(), key=lambda rule: rule.code) == sorted(made, key=lambda rule: rule.code)
    assert {rule.severity for rule in made} <= {"high", "medium", "low"}


def test_the_page_lists_them() -> None:
    spec = importlib.util.spec_from_file_location("make_unsafe_content", DOCS / "make_unsafe_content.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.PAGE.read_text(encoding="utf-8")
    assert text == module.page(text)
    assert module.table() in text


@pytest.mark.parametrize(
    ("subject", "given", "name"),
    [
        ("op WriteFile", "", "WriteFile"),
        ("the function get_file", "", "get_file"),
        ("TFSMLayer: a folder/of models", "", "TFSMLayer"),
        ("StringLookup(vocabulary='a b')", "", "StringLookup"),
        ("shop.layers.Scale", "", "shop.layers.Scale"),
        ("external link dense/kernel", "external link", "external link"),
    ],
)
def test_a_finding_is_allowed_by_what_it_is_about(subject: str, given: str, name: str) -> None:
    finding = unsafe(rules.READS, subject, (), "it reads", name=given)
    assert name_of(finding) == name
    assert all(is_named(finding, each) for each in (name, subject, "U201"))
    assert not any(is_named(finding, each) for each in ("", "U202", "Write", "read"))


def test_a_module_is_allowed_by_its_package() -> None:
    finding = unsafe(rules.MODULE, "shop.layers.Scale", (), "it is imported")
    assert all(is_named(finding, each) for each in ("shop", "shop.layers", "shop.layers.Scale"))
    assert not is_named(finding, "sho")
