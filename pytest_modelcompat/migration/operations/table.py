"""All rules, by the names that Keras 2 writes."""

from __future__ import annotations

from pytest_modelcompat.migration.operations import activations, arithmetic, images, reductions, shapes

RULES = {
    symbol: rule
    for rule in (*arithmetic.RULES, *activations.RULES, *reductions.RULES, *shapes.RULES, *images.RULES)
    for symbol in rule.symbols
}
