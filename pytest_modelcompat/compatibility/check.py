"""An inventory compared with a profile: what loads, what does not, and what changes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_modelcompat.compatibility.context import CompatibilityContext
from pytest_modelcompat.compatibility.rules.measured import measured_findings, never_observed
from pytest_modelcompat.compatibility.verdict import CompatibilityResult
from pytest_modelcompat.profiles.facts import load_facts
from pytest_modelcompat.results.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_modelcompat.artifacts import Inventory
    from pytest_modelcompat.profiles.facts import Facts
    from pytest_modelcompat.profiles.profile import Profile

__all__ = ["check_compatibility"]

_SEVERITY_ORDER = {severity: place for place, severity in enumerate(Severity)}


def check_compatibility(
    inventory: Inventory,
    profile: Profile,
    *,
    custom: Collection[str] = (),
    safe_mode: bool = True,
    facts: Facts | None = None,
    rewritten: Collection[tuple[str, ...]] = (),
) -> CompatibilityResult:
    """Predicts whether an artifact loads in a runtime, and whether it still predicts the same there.

    An .h5 or .keras file is judged as `load_model` and a call of the model take it, a SavedModel as
    `tf.saved_model.load` and a call of its signatures do, a graph alone as `tf.graph_util.import_graph_def` does.

    Args:
        inventory: what the artifact holds.
        profile: what the runtime knows.
        custom: names of classes and functions that will be declared (`custom_objects`) or registered there.
        safe_mode: what `load_model` is given; `False` lets Lambda bytecode run.
        facts: what was measured of the artifact's format; None for what this package has.
        rewritten: paths of layers that are not as the version that saved the artifact writes them: what was measured of
            their classes is not said of these.
    """
    facts = facts or load_facts(inventory.format)
    context = CompatibilityContext(inventory, profile, frozenset(custom), safe_mode, facts, frozenset(rewritten))
    found = list(_findings(context))
    return CompatibilityResult(
        inventory.path,
        profile.name,
        tuple(sorted(found, key=lambda each: _SEVERITY_ORDER[each.severity])),
        unobserved=never_observed(context),
    )


def _findings(context: CompatibilityContext) -> Iterator[Finding]:
    from pytest_modelcompat.compatibility.rules.known_changes import known_changes
    from pytest_modelcompat.compatibility.rules.order import rules_for

    unopened = tuple(_container_findings(context))
    if unopened:
        yield from unopened
        return
    found = [finding for rule in rules_for(context.inventory.format) for finding in rule(context)]
    found += known_changes(context)
    yield from found
    yield from measured_findings(context, found)


def _container_findings(context: CompatibilityContext) -> Iterable[Finding]:
    from pytest_modelcompat.compatibility.rules.container import not_opened

    return not_opened(context)
