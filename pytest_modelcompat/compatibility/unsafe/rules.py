"""The rules that unsafe content is found by: a code for each, how grave it is, and what has to happen for it to act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_modelcompat.results.finding import Finding, Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

TRUSTED_FIX = "load it only if you trust its source"


class Acts(str, Enum):
    """What has to happen to an artifact before its unsafe content acts."""

    LOADED = "when the artifact is loaded"
    CALLED = "when the model is called"
    UNSAFE_MODE = "when it is loaded with safe_mode=False, or by a Keras without safe mode"
    OPENED = "when the file is unpacked or unpickled"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        code: what `--suppress` and a baseline name it by; never given to another rule.
        title: what it finds, as a heading.
        severity: `high` where it runs code or reaches beyond the artifact, `medium` where it may, `low` otherwise.
        acts: what has to happen before it acts.
    """

    code: str
    title: str
    severity: str
    acts: Acts


BYTECODE = Rule("U101", "Python bytecode", "high", Acts.UNSAFE_MODE)
FUNCTION = Rule("U102", "a function that no model needs", "high", Acts.LOADED)
LOADING_LAYER = Rule("U103", "a layer that loads something more", "high", Acts.LOADED)
MODULE = Rule("U104", "a module that is imported", "medium", Acts.LOADED)
VOCABULARY = Rule("U105", "a vocabulary outside the artifact", "medium", Acts.LOADED)
PYTHON = Rule("U106", "a function of Python's own library", "high", Acts.LOADED)
CALLED_MODULE = Rule("U107", "a function of another module that is called", "high", Acts.LOADED)
NAME = Rule("U108", "a name that leads to another folder", "medium", Acts.LOADED)
VULNERABILITY = Rule("U109", "a published vulnerability of the runtime", "high", Acts.LOADED)
READS = Rule("U201", "an op that reads files", "high", Acts.CALLED)
WRITES = Rule("U202", "an op that writes files", "high", Acts.CALLED)
LISTS = Rule("U203", "an op that lists files", "medium", Acts.CALLED)
CONNECTS = Rule("U204", "an op that opens connections", "high", Acts.CALLED)
CALLS = Rule("U205", "an op that calls Python", "medium", Acts.CALLED)
EXTERNAL_LINK = Rule("U301", "a link into another file", "high", Acts.LOADED)
EXTERNAL_DATA = Rule("U302", "data in another file", "high", Acts.LOADED)
ESCAPING_MEMBER = Rule("U303", "a member that is unpacked elsewhere", "high", Acts.OPENED)
DUPLICATE_MEMBER = Rule("U304", "two members of one name", "medium", Acts.OPENED)
ESCAPING_ASSET = Rule("U305", "an asset outside the model's folder", "high", Acts.LOADED)
PROGRAM = Rule("U311", "a program among the members", "medium", Acts.OPENED)
EMPTY_WEIGHTS = Rule("U312", "weights that declare far more than they store", "medium", Acts.LOADED)
PICKLE = Rule("U401", "a pickle", "high", Acts.OPENED)

RULES = {
    rule.code: rule
    for rule in (
        *(BYTECODE, FUNCTION, LOADING_LAYER, MODULE, VOCABULARY, PYTHON, CALLED_MODULE, NAME, VULNERABILITY),
        *(READS, WRITES, LISTS, CONNECTS, CALLS),
        *(EXTERNAL_LINK, EXTERNAL_DATA, ESCAPING_MEMBER, DUPLICATE_MEMBER, ESCAPING_ASSET),
        *(PROGRAM, EMPTY_WEIGHTS, PICKLE),
    )
}


def unsafe(rule: Rule, subject: str, where: Iterable[str], cause: str, *fix: str, target: str = "") -> Finding:
    """One finding of a rule.

    Args:
        rule: the rule.
        subject: what is unsafe; its last word is the name that allows it.
        where: its places, in words.
        cause: what it would do, in one sentence.
        fix: what to do about it, a line each.
        target: the file or address that it names; empty where it names none.
    """
    return Finding(
        Kind.UNSAFE_CONTENT,
        subject,
        tuple(where),
        cause,
        fix or (TRUSTED_FIX,),
        severity=Severity.WARNING,
        details=(("target", target),) if target else (),
        code=rule.code,
    )
