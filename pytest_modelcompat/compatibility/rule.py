"""Rules: the form of what no recorded data can say about a load. The table of them is in `known_changes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import locations
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.artifacts.versions import MinorVersion
    from pytest_modelcompat.compatibility.context import CompatibilityContext

    Where = Callable[[CompatibilityContext], Sequence[Use]]

ANY: MinorVersion = (0, 0)
NEVER: MinorVersion = (99, 0)


@dataclass(frozen=True)
class Rule:
    """One change between versions that names and arguments do not show.

    Its texts may use `{reader}` and `{writer}`, the two versions of Keras in words.

    Args:
        kind: what is wrong.
        subject: the thing it is wrong with.
        cause: why, in one sentence.
        source: the thread it is known from, or `MEASURED`.
        where: the layers and objects it concerns; none of them, no finding.
        formats: the formats it concerns.
        written: the least and the first too new Keras that wrote the artifact.
        read: the least and the first too new Keras that reads it.
        severity: how much it weighs.
        stage: where the load ends; None for one that does not.
        fix: what to write or run; the ways to another Keras where there is none.
    """

    kind: Kind
    subject: str
    cause: str
    source: str
    where: Where
    formats: tuple[str, ...] = ("h5", "keras")
    written: tuple[MinorVersion, MinorVersion] = (ANY, NEVER)
    read: tuple[MinorVersion, MinorVersion] = (ANY, NEVER)
    severity: Severity = Severity.ERROR
    stage: Stage | None = None
    fix: tuple[str, ...] = ()

    def applies(self, context: CompatibilityContext) -> bool:
        """Whether the artifact's format and the two versions are those of the rule."""
        return (
            context.inventory.format in self.formats
            and self.written[0] <= context.writer < self.written[1]
            and self.read[0] <= context.reader < self.read[1]
        )

    def finding(self, context: CompatibilityContext, uses: Sequence[Use]) -> Finding:
        """The rule's finding at these places."""
        words = {"reader": context.reader_name, "writer": context.writer_name}
        return Finding(
            self.kind,
            subject=self.subject,
            where=locations(uses),
            cause=self.cause.format(**words),
            fix=self.fix or fixes.other_keras(context),
            severity=self.severity,
            stage=self.stage,
            source=self.source,
        )


def layers(*class_names: str) -> Where:
    """The layers of these classes."""
    return lambda context: context.layers(*class_names)


def layers_that(condition: Callable[[Mapping[str, Any]], bool], *class_names: str) -> Where:
    """The layers of these classes whose configuration fulfils a condition."""
    return lambda context: tuple(layer for layer in context.layers(*class_names) if condition(layer.config))


def objects(role: str, *names: str) -> Where:
    """The objects of this role and these names."""
    return lambda context: tuple(use for use in context.inventory.objects if use.role == role and use.name in names)


def objects_that(condition: Callable[[Mapping[str, Any]], bool], role: str) -> Where:
    """The objects of this role whose configuration fulfils a condition."""
    return lambda context: tuple(
        use for use in context.inventory.objects if use.role == role and use.is_class and condition(use.config)
    )
