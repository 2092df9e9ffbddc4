"""Rules: the form of what no recorded data can say about a load. The table of them is in `known_changes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.locations import places
from pytest_modelcompat.compatibility import fixes
from pytest_modelcompat.results.finding import Finding, Kind, Severity, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_modelcompat.artifacts.locations import Use
    from pytest_modelcompat.compatibility.context import Scene, Version

    Where = Callable[[Scene], Sequence[Use]]

MEASURED = "measured"
ANY: Version = (0, 0)
NEVER: Version = (99, 0)


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
    written: tuple[Version, Version] = (ANY, NEVER)
    read: tuple[Version, Version] = (ANY, NEVER)
    severity: Severity = Severity.ERROR
    stage: Stage | None = None
    fix: tuple[str, ...] = ()

    def applies(self, scene: Scene) -> bool:
        """Whether the artifact's format and the two versions are those of the rule."""
        return (
            scene.inventory.format in self.formats
            and self.written[0] <= scene.writer < self.written[1]
            and self.read[0] <= scene.reader < self.read[1]
        )

    def finding(self, scene: Scene, uses: Sequence[Use]) -> Finding:
        """The rule's finding at these places."""
        words = {"reader": scene.reader_name, "writer": scene.writer_name}
        return Finding(
            self.kind,
            subject=self.subject,
            where=places(uses),
            cause=self.cause.format(**words),
            fix=self.fix or fixes.other_keras(scene),
            severity=self.severity,
            stage=self.stage,
            source=self.source,
        )


def layers(*class_names: str) -> Where:
    """The layers of these classes."""
    return lambda scene: scene.layers(*class_names)


def layers_that(condition: Callable[[Mapping[str, Any]], bool], *class_names: str) -> Where:
    """The layers of these classes whose configuration fulfils a condition."""
    return lambda scene: tuple(layer for layer in scene.layers(*class_names) if condition(layer.config))


def objects(role: str, *names: str) -> Where:
    """The objects of this role and these names."""
    return lambda scene: tuple(use for use in scene.inventory.objects if use.role == role and use.name in names)


def declared(role: str) -> Where:
    """The objects of this role that are the user's own, declared or registered there."""
    return lambda scene: tuple(use for use in scene.inventory.objects if use.role == role and scene.is_declared(use))


def objects_that(condition: Callable[[Mapping[str, Any]], bool], role: str) -> Where:
    """The objects of this role whose configuration fulfils a condition."""
    return lambda scene: tuple(
        use for use in scene.inventory.objects if use.role == role and use.is_class and condition(use.config)
    )
