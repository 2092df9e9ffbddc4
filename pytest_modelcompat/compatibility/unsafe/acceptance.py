"""Acceptance: which unsafe content somebody has looked at and accepted, by a rule's code or in a baseline file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.compatibility.unsafe.rules import RULES
from pytest_modelcompat.results.finding import ACCEPTED, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

KIND = "modelcompat baseline"
SCHEMA = 1
_LARGEST = 64 * 2**20


class AcceptanceError(ValueError):
    """What is to be accepted is not written as it should be; the message is one sentence."""


@dataclass(frozen=True)
class AcceptedFinding:
    """One finding of a baseline.

    Args:
        artifact: the name of the file or folder it was found in.
        code: of its rule.
        subject: what it is about.
        where: its places; the same thing in another place is not accepted.
    """

    artifact: str
    code: str
    subject: str
    where: tuple[str, ...]

    def covers(self, finding: Finding, artifact: Path) -> bool:
        """Whether it means a finding of an artifact."""
        same = (self.artifact, self.code, self.subject) == (artifact.name, finding.code, finding.subject)
        return same and set(finding.where) <= set(self.where)


@dataclass(frozen=True)
class Acceptance:
    """What is accepted.

    Args:
        reasons: rule's code -> why none of its findings counts.
        baseline: findings that were accepted one by one.
        source: the file they are from.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    baseline: tuple[AcceptedFinding, ...] = ()
    source: str = ""

    def reason(self, finding: Finding, artifact: Path) -> str:
        """Why a finding is accepted; nothing if it is not.

        Args:
            finding: one of unsafe content.
            artifact: what it was found in.
        """
        if finding.code in self.reasons:
            return self.reasons[finding.code]
        return f"in {self.source}" if any(each.covers(finding, artifact) for each in self.baseline) else ""

    def apply(self, findings: Iterable[Finding], artifact: Path) -> tuple[Finding, ...]:
        """Findings, those that are accepted as notes that say why.

        Args:
            findings: of an artifact, unsafe content or not.
            artifact: what they were found in.
        """
        return tuple(self._marked(finding, artifact) for finding in findings)

    def _marked(self, finding: Finding, artifact: Path) -> Finding:
        reason = self.reason(finding, artifact) if finding.code else ""
        if not reason:
            return finding
        return replace(finding, severity=Severity.NOTE, details=(*finding.details, (ACCEPTED, reason)))


def parse_suppressed(texts: Sequence[str]) -> dict[str, str]:
    """`CODE=REASON` of each as code and reason.

    Args:
        texts: as a user writes them.

    Raises:
        AcceptanceError: one has no reason, or its code is that of no rule.
    """
    found = {}
    for text in texts:
        code, _, reason = (part.strip() for part in text.partition("="))
        if code not in RULES:
            raise AcceptanceError(f"--suppress {text}: there is no rule {code!r}; {did_you_mean(code, RULES)}")
        if not reason:
            raise AcceptanceError(f"--suppress {text}: give the reason too, as in --suppress {code}='we wrote it'")
        found[code] = reason
    return found


def read_baseline(path: Path) -> tuple[AcceptedFinding, ...]:
    """The findings in a baseline file.

    Args:
        path: the file.

    Raises:
        AcceptanceError: it cannot be read, or is no baseline.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise AcceptanceError(f"the baseline {path} is larger than any baseline")
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["kind"] != KIND or data["schema"] != SCHEMA:
            raise AcceptanceError(f"{path} is not a baseline that this version reads")
        return tuple(_accepted(entry) for entry in data[ACCEPTED])
    except OSError as error:
        raise AcceptanceError(f"the baseline {path} cannot be read: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, AcceptanceError):
            raise
        raise AcceptanceError(f"{path} is not a baseline, or a truncated one") from None


def _accepted(entry: Any) -> AcceptedFinding:
    words = (entry["artifact"], entry["code"], entry["subject"], *entry["where"])
    if isinstance(entry["where"], str) or not all(isinstance(word, str) for word in words):
        raise TypeError(entry)
    return AcceptedFinding(entry["artifact"], entry["code"], entry["subject"], tuple(entry["where"]))


def accepting(found: Iterable[tuple[Finding, Path]]) -> tuple[AcceptedFinding, ...]:
    """What accepts these findings, each once, in the same order for the same findings.

    Args:
        found: findings, each with the artifact it was found in; those without a rule's code are left out.
    """
    entries = {
        AcceptedFinding(artifact.name, finding.code, finding.subject, finding.where)
        for finding, artifact in found
        if finding.code
    }
    return tuple(sorted(entries, key=lambda each: (each.artifact, each.code, each.subject, each.where)))


def baseline_text(entries: Iterable[AcceptedFinding]) -> str:
    """The text of a baseline file.

    Args:
        entries: its findings, in order.
    """
    accepted = [
        {"artifact": each.artifact, "code": each.code, "subject": each.subject, "where": each.where} for each in entries
    ]
    return json.dumps({"kind": KIND, "schema": SCHEMA, ACCEPTED: accepted}, indent=2) + "\n"
