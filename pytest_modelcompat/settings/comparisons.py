"""The values of the option `compare` as criteria: `topk(5)`, `logits=topk(5)`, `shop.metrics:same_boxes`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_modelcompat.artifacts.text import did_you_mean
from pytest_modelcompat.comparison.criterion import TOLERANCE, Criterion

EXAMPLE = '"cosine(0.999)", or a dict such as {"logits": "topk(5)"}'
_WRITTEN = re.compile(r"\s*([^()\s]+)\s*(?:\(([^()]*)\))?\s*")


class ComparisonError(Exception):
    """A comparison is not written as one is; the message is the end of a sentence that names the option."""


@dataclass(frozen=True)
class _Kind:
    """What a comparison takes: its numbers where none is given, the most that it takes, and their check in words."""

    default: tuple[float, ...]
    most: int
    takes: str
    fits: Callable[[tuple[float, ...]], bool]


_KINDS = {
    TOLERANCE: _Kind((), 0, "takes no number", lambda _: True),
    "quantile": _Kind((0.99,), 1, "takes a share above 0 and up to 1: quantile(0.99)", lambda given: 0 < given[0] <= 1),
    "cosine": _Kind(
        (0.9999,), 1, "takes a similarity above -1 and up to 1: cosine(0.999)", lambda given: -1 < given[0] <= 1
    ),
    "topk": _Kind(
        (1.0,),
        2,
        "takes a whole number and, after a comma, the share of the rows: topk(5) or topk(5, 0.99)",
        lambda given: given[0] >= 1 and given[0] == int(given[0]) and 0 < (*given, 1.0)[1] <= 1,
    ),
    "psnr": _Kind(
        (40.0,),
        2,
        "takes decibels and, after a comma, the peak: psnr(40) or psnr(40, 255)",
        lambda given: all(0 < each < 1e300 for each in given),
    ),
}


def read_comparisons(value: Any) -> dict[str, Criterion]:
    """Criteria by output; that of all other outputs by the empty name.

    Args:
        value: a comparison, a list of them with their outputs (`logits=topk(5)`), or a mapping of outputs to them.

    Raises:
        ComparisonError: one of them is not written as it should be.
    """
    if isinstance(value, Mapping):
        return {_output(name): _criterion(each, is_for_all=False) for name, each in value.items()}
    if isinstance(value, str) or callable(value):
        value = [value]
    if not isinstance(value, Sequence):
        raise ComparisonError(f"takes {EXAMPLE}, not {value!r}")
    found: dict[str, Criterion] = {}
    for entry in value:
        name, _, text = entry.rpartition("=") if isinstance(entry, str) else ("", "", entry)
        name, text = ("", entry) if name.endswith((">", "<")) else (name.strip(), text)
        if name in found:
            raise ComparisonError(f"has two comparisons for {f'output {name!r}' if name else 'all outputs'}")
        found[name] = _criterion(text, is_for_all=not name)
    return found


def _output(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise ComparisonError(f"takes {EXAMPLE}; {name!r} is no name of an output")
    return name


def _criterion(value: Any, *, is_for_all: bool) -> Criterion:
    if isinstance(value, Criterion):
        return replace(value, is_for_all=is_for_all)
    if callable(value):
        place = f"{getattr(value, '__module__', '?')}:{getattr(value, '__qualname__', type(value).__name__)}"
        return Criterion(place, is_for_all=is_for_all, function=value)
    if not isinstance(value, str):
        raise ComparisonError(f"takes {EXAMPLE}, not {value!r}")
    match = _WRITTEN.fullmatch(value)
    if match is None:
        raise ComparisonError(_like_a_kind(value) or f"{value!r} is not written as topk(5) or module:function is")
    name, numbers = match[1], match[2]
    if ":" in name:
        return _own(value, is_for_all=is_for_all)
    kind = _KINDS.get(name)
    if kind is None:
        unknown = f"unknown comparison {name!r}; {did_you_mean(name, (*_KINDS, 'module:function'))}"
        raise ComparisonError(_like_a_kind(value) or unknown)
    given = _numbers(name, numbers, kind)
    return Criterion(name, given or kind.default, is_for_all=is_for_all)


def _own(text: str, *, is_for_all: bool) -> Criterion:
    module, _, function = text.strip().partition(":")
    parts = (*module.split("."), *function.split("."))
    if not all(part.isidentifier() for part in parts):
        other = f"{text!r} is not written as module:function, such as shop.metrics:same_boxes"
        raise ComparisonError(_like_a_kind(text) or other)
    return Criterion(text.strip(), is_for_all=is_for_all)


def _like_a_kind(text: str) -> str:
    """What is wrong with `cosine>=0.99` or `topk:5`, which name a comparison; empty where it names none."""
    name = re.split(r"\W", text.strip())[0]
    kind = _KINDS.get(name)
    return f"{text!r} is not written as a comparison is: {name!r} {kind.takes}" if kind is not None else ""


def _numbers(name: str, text: str | None, kind: _Kind) -> tuple[float, ...]:
    try:
        given = tuple(float(each) for each in (text or "").split(",") if text and text.strip())
    except ValueError:
        raise ComparisonError(f"{name!r} {kind.takes}; {text!r} is no number") from None
    if len(given) > kind.most or (given and not kind.fits(given)):
        raise ComparisonError(f"{name!r} {kind.takes}; it is given {text}")
    return given
