"""Static verdicts as SARIF 2.1.0, which code scanning and editors read.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_modelcompat.compatibility.unsafe.rules import RULES, SAVING_VULNERABILITY, VULNERABILITY
from pytest_modelcompat.results.finding import Finding, Kind, Severity
from pytest_modelcompat.results.kind_texts import KIND_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_modelcompat.compatibility.verdict import CompatibilityResult

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.ERROR: "error",
    Severity.CHANGE: "warning",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
# What an artifact has in any runtime; the finding of another kind is of the runtime that it was judged for.
_OF_ARTIFACT = (Kind.UNSAFE_CONTENT, Kind.ARTIFACT_BROKEN)
# Of unsafe content, what only some runtimes do.
_OF_RUNTIME = frozenset({VULNERABILITY.code, SAVING_VULNERABILITY.code})
# How grave code scanning shows a rule, of 10.
_SCORES = {"high": "8.0", "medium": "5.0", "low": "2.0"}


def sarif(results: Sequence[CompatibilityResult], version: str) -> str:
    """One SARIF log with a result for every finding; what is unsafe in an artifact counts once, not for each runtime.

    Args:
        results: of any artifacts and runtimes.
        version: this program's.
    """
    found = _found(results)
    rules = {rule_id(finding): _rule(finding) for finding, _ in found}
    ids = list(rules)
    run = {
        "tool": {
            "driver": {
                "name": "modelcompat",
                "semanticVersion": version,
                "rules": list(rules.values()),
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": all(result.is_readable for result in results)}],
        "results": [_result(finding, result, ids.index(rule_id(finding))) for finding, result in found],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _found(results: Iterable[CompatibilityResult]) -> list[tuple[Finding, CompatibilityResult]]:
    """Every finding with its judgement; one that does not depend on the runtime only with the first."""
    seen = set()
    found = []
    for result in results:
        for finding in result.findings:
            key = (result.path, _runtime(finding, result), finding)
            if key not in seen:
                seen.add(key)
                found.append((finding, result))
    return found


def rule_id(finding: Finding) -> str:
    """`unknown-layer`; the code of the rule where it has one: `U202`."""
    return finding.code or finding.kind.value.lower().replace(" ", "-")


def _rule(finding: Finding) -> dict[str, Any]:
    kind = finding.kind
    about = KIND_TEXTS[kind].means
    rule = RULES.get(finding.code)
    name = rule.title if rule is not None else kind.value
    return {
        "id": rule_id(finding),
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", name)),
        "shortDescription": {"text": f"{about} This rule finds {rule.title}." if rule is not None else about},
        "fullDescription": {"text": f"{about} It acts {rule.acts.value}." if rule is not None else about},
        "help": {"text": f"{about} Each result names the object, its place in the model, and the fix."},
        "defaultConfiguration": {"level": "warning" if kind is Kind.UNSAFE_CONTENT else "error"},
        **({"properties": {"tags": ["security"], "security-severity": _SCORES[rule.severity]}} if rule else {}),
    }


def _result(finding: Finding, result: CompatibilityResult, rule: int) -> dict[str, Any]:
    log_entry: dict[str, Any] = {
        "ruleId": rule_id(finding),
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding, result)},
        "locations": [_location(finding, result.path)],
        "partialFingerprints": {"modelcompat/v1": _fingerprint(finding, result)},
        "properties": {
            "runtime": result.runtime,
            "verdict": result.compatibility.value,
            "stage": finding.stage.value if finding.stage else None,
            "source": finding.source,
        },
    }
    if finding.accepted:
        log_entry["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return log_entry


def _runtime(finding: Finding, result: CompatibilityResult) -> str:
    """The runtime that a finding is of; empty for what an artifact has in any."""
    is_of_one = finding.kind not in _OF_ARTIFACT or finding.code in _OF_RUNTIME
    return result.runtime if is_of_one else ""


def _message(finding: Finding, result: CompatibilityResult) -> str:
    runtime = _runtime(finding, result)
    in_runtime = f"in {runtime}, " if runtime else ""
    parts = [f"{in_runtime}{finding.kind.value.lower()} {finding.subject}"]
    if finding.where:
        parts.append(f" ({'; '.join(finding.where)})")
    if finding.cause:
        parts.append(f": {finding.cause}")
    if finding.fix:
        parts.append("\nFix: " + "\n".join(finding.fix))
    return "".join(parts)


def _location(finding: Finding, path: Path) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact_location(path), "region": {"startLine": 1}}
    }
    if finding.where:
        location["logicalLocations"] = [{"fullyQualifiedName": place, "kind": "member"} for place in finding.where]
    return location


def _artifact_location(path: Path) -> dict[str, str]:
    """The file a scanner can show: a SavedModel's graph rather than its folder; relative to the source root."""
    graph = path / "saved_model.pb"
    file = graph if graph.is_file() else path
    if file.is_absolute():
        try:
            file = file.relative_to(Path.cwd())
        except ValueError:
            return {"uri": file.as_uri()}
    return {"uri": quote(file.as_posix()), "uriBaseId": "%SRCROOT%"}


def _fingerprint(finding: Finding, result: CompatibilityResult) -> str:
    """The same for the same problem in the same artifact, whatever version of this program words it."""
    code = (finding.code,) if finding.code else ()
    parts = (finding.kind.value, *code, finding.subject, result.path.as_posix(), _runtime(finding, result))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
