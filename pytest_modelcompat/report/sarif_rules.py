"""The rules that both of our SARIF logs refer to: one for each kind of finding, one for each code of unsafe content."""

from __future__ import annotations

import re
from typing import Any

from pytest_modelcompat.compatibility.unsafe.rules import RULES
from pytest_modelcompat.results.finding import Kind, Severity
from pytest_modelcompat.results.kind_codes import page_name, page_url
from pytest_modelcompat.results.kind_texts import KIND_TEXTS

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
    Severity.ERROR: "error",
    Severity.CHANGE: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
# How grave code scanning shows a rule, of 10.
_SCORES = {"high": "8.0", "medium": "5.0", "low": "2.0"}


def rule_id(kind: Kind, code: str = "") -> str:
    """`unknown-layer`; the code of the rule where it has one: `U202`."""
    return code or page_name(kind)


def rule(kind: Kind, code: str = "") -> dict[str, Any]:
    """The rule of a kind, as a `reportingDescriptor`.

    Args:
        kind: of findings.
        code: of the rule that found them, where rules have codes.
    """
    about = KIND_TEXTS[kind].means
    known = RULES.get(code)
    name = known.title if known is not None else kind.value
    return {
        "id": rule_id(kind, code),
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", name)),
        "shortDescription": {"text": f"{about} This rule finds {known.title}." if known is not None else about},
        "fullDescription": {"text": f"{about} It acts {known.acts.value}." if known is not None else about},
        "help": {"text": f"{about} Each result names the object, its place in the model, and the fix."},
        "helpUri": page_url(kind),
        "defaultConfiguration": {"level": "warning" if kind is Kind.UNSAFE_CONTENT else "error"},
        **({"properties": {"tags": ["security"], "security-severity": _SCORES[known.severity]}} if known else {}),
    }
