"""The rules that unsafe content is found by: a code for each, how grave it is, and what has to happen for it to act."""

from __future__ import annotations

import re
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
        blocks: whether a test run does not load an artifact of others with it; False for what does nothing by itself.
    """

    code: str
    title: str
    severity: str
    acts: Acts
    blocks: bool = True

    @property
    def is_of_configuration(self) -> bool:
        """Whether it is about what Keras rebuilds from a configuration, which a SavedModel needs not for its graph."""
        return self.code.startswith("U1")

    @property
    def is_of_container(self) -> bool:
        """Whether it is about what the artifact is stored in, rather than about the model."""
        return self.code.startswith(("U3", "U4"))


BYTECODE = Rule("U101", "Python bytecode", "high", Acts.UNSAFE_MODE)
FUNCTION = Rule("U102", "a function that no model needs", "high", Acts.LOADED)
LOADING_LAYER = Rule("U103", "a layer that loads something more", "high", Acts.LOADED)
# The file names a module that is installed already, and contains nothing of it: what it has called is another rule's.
MODULE = Rule("U104", "a module that is imported", "medium", Acts.LOADED, blocks=False)
VOCABULARY = Rule("U105", "a vocabulary outside the artifact", "medium", Acts.LOADED)
PYTHON = Rule("U106", "a function of Python's own library", "high", Acts.LOADED)
CALLED_MODULE = Rule("U107", "a function of another module that is called", "high", Acts.LOADED)
# It acts where the model is saved again, which no test of a given file does.
NAME = Rule("U108", "a name that leads to another folder", "medium", Acts.LOADED, blocks=False)
VULNERABILITY = Rule("U109", "a published vulnerability of the runtime", "high", Acts.LOADED)
# As with names: no test run saves what others saved.
SAVING_VULNERABILITY = Rule(
    "U110", "a vulnerability that acts when the model is saved again", "medium", Acts.LOADED, blocks=False
)
READS = Rule("U201", "an op that reads files", "high", Acts.CALLED)
WRITES = Rule("U202", "an op that writes files", "high", Acts.CALLED)
LISTS = Rule("U203", "an op that lists files", "medium", Acts.CALLED)
CONNECTS = Rule("U204", "an op that opens connections", "high", Acts.CALLED)
# The function was one of the process that saved it; a fresh process has none to call.
CALLS = Rule("U205", "an op that calls Python", "medium", Acts.CALLED, blocks=False)
CALLS_NATIVE = Rule("U206", "an op that calls native code by its name", "high", Acts.CALLED)
# Without its library, which the test would declare, it does not even load.
FOREIGN_OP = Rule("U207", "an op of a library that nobody knows", "low", Acts.CALLED, blocks=False)
EXTERNAL_LINK = Rule("U301", "a link into another file", "high", Acts.LOADED)
EXTERNAL_DATA = Rule("U302", "data in another file", "high", Acts.LOADED)
ESCAPING_MEMBER = Rule("U303", "a member that is unpacked elsewhere", "high", Acts.OPENED)
# Neither of the two does anything; it is suspicious, and each of the two is read.
DUPLICATE_MEMBER = Rule("U304", "two members of one name", "medium", Acts.OPENED, blocks=False)
ESCAPING_ASSET = Rule("U305", "an asset outside the model's folder", "high", Acts.LOADED)
# Caches of downloaded models are made of such links; what stands at their end is read and judged.
OUTSIDE_LINK = Rule("U306", "a file that is a link out of the artifact", "medium", Acts.LOADED, blocks=False)
# TensorFlow reads the same one of them as is judged here.
SECOND_GRAPH = Rule("U307", "a second graph", "medium", Acts.LOADED, blocks=False)
POLYGLOT = Rule("U308", "two formats in one artifact", "high", Acts.LOADED)
# The plugin is one that whoever runs the machine has installed.
FILTER_PLUGIN = Rule("U309", "values that a plugin of HDF5 unpacks", "medium", Acts.LOADED, blocks=False)
# Keras cannot read it either.
UNREAD_MEMBER = Rule("U310", "a member that nobody can look into", "low", Acts.OPENED, blocks=False)
# No loader runs it.
PROGRAM = Rule("U311", "a program among the members", "medium", Acts.OPENED, blocks=False)
EMPTY_WEIGHTS = Rule("U312", "weights that declare far more than they store", "medium", Acts.LOADED)
PICKLE = Rule("U401", "a pickle", "high", Acts.OPENED)

RULES = {
    rule.code: rule
    for rule in (
        *(BYTECODE, FUNCTION, LOADING_LAYER, MODULE, VOCABULARY, PYTHON, CALLED_MODULE, NAME, VULNERABILITY),
        *(SAVING_VULNERABILITY, READS, WRITES, LISTS, CONNECTS, CALLS, CALLS_NATIVE, FOREIGN_OP),
        *(EXTERNAL_LINK, EXTERNAL_DATA, ESCAPING_MEMBER, DUPLICATE_MEMBER, ESCAPING_ASSET),
        *(OUTSIDE_LINK, SECOND_GRAPH, POLYGLOT, FILTER_PLUGIN, UNREAD_MEMBER, PROGRAM, EMPTY_WEIGHTS),
        PICKLE,
    )
}


def unsafe(
    rule: Rule, subject: str, where: Iterable[str], cause: str, *fix: str, target: str = "", name: str = ""
) -> Finding:
    """One finding of a rule.

    Args:
        rule: the rule.
        subject: what is unsafe.
        where: its places, in words.
        cause: what it would do, in one sentence.
        fix: what to do about it, a line each.
        target: the file or address that it names; empty where it names none.
        name: what a user allows it by; empty where the subject ends with it, or has it before a colon or bracket:
            `op WriteFile`, `TFSMLayer: path`.
    """
    details = (("target", target), ("name", name))
    return Finding(
        Kind.UNSAFE_CONTENT,
        subject,
        tuple(where),
        cause,
        fix or (TRUSTED_FIX,),
        severity=Severity.WARNING,
        details=tuple(each for each in details if each[1]),
        code=rule.code,
    )


def name_of(finding: Finding) -> str:
    """What a user allows a finding by: the name of an op, a function, a class, a module, or what the rule says.

    Args:
        finding: one of unsafe content.
    """
    head = re.split(r": |\(", finding.subject)[0]
    return dict(finding.details).get("name") or head.split()[-1]


def is_named(finding: Finding, name: str) -> bool:
    """Whether a name that a user writes means a finding: its own name, its whole subject, a rule's code, a package.

    Args:
        finding: one of unsafe content.
        name: what the user writes.
    """
    own = name_of(finding)
    return name in (own, finding.subject, finding.code) or (finding.code == MODULE.code and own.startswith(f"{name}."))
