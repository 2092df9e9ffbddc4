"""Acceptance: which unsafe content somebody has looked at and accepted, by a rule's code or in a baseline file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_modelcompat.artifacts.saved_model.graph_content import without_numbers
from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.compatibility.unsafe.content import ContentDigests
from pytest_modelcompat.compatibility.unsafe.rules import RULES
from pytest_modelcompat.results.finding import ACCEPTED, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_modelcompat.artifacts import Inventory

KIND = "modelcompat baseline"
SCHEMA = 2
# Of an older version, which did not say what content it accepts.
_FORMER = 1
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
        content: the digest of what it is about; another thing of the same name is not accepted.
    """

    artifact: str
    code: str
    subject: str
    where: tuple[str, ...]
    content: str

    def names(self, finding: Finding, artifact: Path) -> bool:
        """Whether it means a finding of an artifact, as far as its name and places say."""
        same = (self.artifact, self.code, self.subject) == (artifact.name, finding.code, finding.subject)
        return same and set(map(without_numbers, finding.where)) <= set(map(without_numbers, self.where))


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

    def reason(self, finding: Finding, contents: ContentDigests) -> str:
        """Why a finding is accepted; nothing if it is not.

        Args:
            finding: one of unsafe content.
            contents: of the artifact that it was found in.
        """
        if finding.code in self.reasons:
            return self.reasons[finding.code]
        return f"in {self.source}" if self._has(finding, contents) else ""

    def compared(self, finding: Finding, contents: ContentDigests) -> Finding:
        """A finding, which says so where the baseline has only another one of its name.

        Args:
            finding: one of unsafe content.
            contents: of the artifact that it was found in.
        """
        if self._has(finding, contents) is not False:
            return finding
        hint = f"{self.source} accepts other content of this name: look at this one, and write the baseline again"
        return replace(finding, details=(*finding.details, ("baseline", hint)))

    def apply(self, findings: Iterable[Finding], inventory: Inventory) -> tuple[Finding, ...]:
        """Findings, those that are accepted as notes that say why.

        Args:
            findings: of an artifact, unsafe content or not.
            inventory: what the artifact holds.
        """
        contents = ContentDigests(inventory)
        return tuple(self._marked(finding, contents) if finding.code else finding for finding in findings)

    def _marked(self, finding: Finding, contents: ContentDigests) -> Finding:
        reason = self.reason(finding, contents)
        if not reason:
            return self.compared(finding, contents)
        return replace(finding, severity=Severity.NOTE, details=(*finding.details, (ACCEPTED, reason)))

    def _has(self, finding: Finding, contents: ContentDigests) -> bool | None:
        """Whether the baseline has a finding; None where it has not even its name."""
        accepted = {each.content for each in self.baseline if each.names(finding, contents.inventory.path)}
        return contents.of(finding) in accepted if accepted else None


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
        if (data["kind"], data["schema"]) == (KIND, _FORMER):
            raise AcceptanceError(
                f"the baseline {path} does not say what content it accepts, as those of older versions: "
                "look at what is found without it, and write it again with --write-baseline"
            )
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
    names, where = [entry[key] for key in ("artifact", "code", "subject", "content")], entry["where"]
    if isinstance(where, str) or not all(isinstance(word, str) for word in (*names, *where)):
        raise TypeError(entry)
    artifact, code, subject, content = names
    return AcceptedFinding(artifact, code, subject, tuple(where), content)


def accepting(findings: Iterable[Finding], inventory: Inventory) -> tuple[AcceptedFinding, ...]:
    """What accepts these findings of an artifact.

    Args:
        findings: unsafe content or not; what has no rule's code is left out.
        inventory: what the artifact holds.

    Raises:
        BrokenArtifactError: the artifact cannot be read.
    """
    contents, name = ContentDigests(inventory), inventory.path.name
    return tuple(
        AcceptedFinding(name, each.code, each.subject, each.where, contents.of(each)) for each in findings if each.code
    )


def baseline_text(entries: Iterable[AcceptedFinding]) -> str:
    """The text of a baseline file: each finding once, in the same order for the same findings.

    Args:
        entries: its findings.
    """
    in_order = sorted(set(entries), key=lambda each: (each.artifact, each.code, each.subject, each.where, each.content))
    accepted = [asdict(each) for each in in_order]
    return json.dumps({"kind": KIND, "schema": SCHEMA, ACCEPTED: accepted}, indent=2) + "\n"
