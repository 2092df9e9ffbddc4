"""Which name scope of a graph is which call of which layer, as far as the names and their order leave no doubt.

Keras computes each call of a layer in a name scope of the layer's name, in that of the layer that calls it. TensorFlow
numbers a name that is taken: `dense_1` is a call of layer `dense_1`, or another call of layer `dense`. Keras 3 makes a
scope for each call, Keras 2 one for all of them.
"""

import re
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

Scope = Tuple[str, ...]
# The path of a layer, and which of its calls, from 1.
Call = Tuple[str, int]
Fitting = Dict[str, List[Scope]]
# The scope of the model may be in so many others, as in that of a function which calls it.
_DEEPEST_MODEL = 3
_NOT_IN_SCOPES = re.compile(r"[^A-Za-z0-9_.\\/>-]")


class Match(NamedTuple):
    """The scope of a call; where one scope is of several calls, which of `calls` it is, from 0."""

    scope: Scope
    position: int = 0
    calls: int = 1


class ScopeTree:
    """The name scopes of a graph.

    Args:
        scopes: those of its nodes, in the order in which the nodes were made.
        call_scopes: those that stand for a call of a function, after which no layer is named.
    """

    def __init__(self, scopes: Iterable[Scope], call_scopes: Set[Scope]) -> None:
        self._children: Dict[Scope, List[Scope]] = {}
        self._call_scopes = call_scopes
        seen: Set[Scope] = set()
        for scope in scopes:
            for length in range(1, len(scope) + 1):
                part = scope[:length]
                if part not in seen:
                    seen.add(part)
                    self._children.setdefault(part[:-1], []).append(part)

    def children(self, scope: Scope) -> List[Scope]:
        """The scopes in a scope, those in the functions that it calls among them."""
        found: List[Scope] = []
        for child in self._children.get(scope, ()):
            found.extend(self.children(child) if child in self._call_scopes else [child])
        return found

    def models(self) -> List[Scope]:
        """Scopes that may be the model's, the outer ones first."""
        level, found = [()], [()]  # type: List[Scope], List[Scope]
        for _ in range(_DEEPEST_MODEL):
            level = [child for scope in level for child in self.children(scope)]
            found.extend(level)
        return found


class Search(NamedTuple):
    """What is looked for.

    Args:
        tree: the scopes of a graph.
        calls: those of a model's layers, in order; not the call of the model itself.
        fits: whether what a layer of this path gives may be computed in a scope.
        most_calls: of one layer, so many calls are listed at most.
    """

    tree: ScopeTree
    calls: Sequence[Call]
    fits: Callable[[str, Scope], bool]
    most_calls: int

    def matches(self) -> Dict[Call, Match]:
        """The scopes of the calls; what is not certain is left out."""
        found: Dict[Call, Match] = {}
        model = self._model()
        if model is not None:
            self._match_inner("", [model], found)
        return found

    def _model(self) -> Optional[Scope]:
        """The scope in which most of the outermost layers are; None where it is not the only one."""
        names = {_name(path) for path, _ in self.calls if not _parent(path)}
        best, chosen = 0, None  # type: int, Optional[Scope]
        for scope in self.tree.models():
            inside = [child[-1] for child in self.tree.children(scope)]
            score = sum(any(_may_be(name, each) for each in inside) for name in names)
            if score > best:
                best, chosen = score, scope
            elif score and score == best:
                chosen = None
        return chosen

    def _match_inner(self, parent: str, scopes: List[Scope], found: Dict[Call, Match]) -> None:
        """Match the layers in a layer, or in the model, whose calls have these scopes."""
        inner = [each for each in self.calls if _parent(each[0]) == parent]
        counts = {path: sum(each[0] == path for each in inner) for path, _ in inner}
        for position, scope in enumerate(scopes):
            part = [call for call in inner if _caller(call, counts[call[0]], len(scopes)) == position]
            self._match_level(part, self.tree.children(scope), found)
        for path, count in counts.items():
            mine = [found[call] for call in inner if call[0] == path and call in found]
            if len(mine) == count:
                self._match_inner(path, list(dict.fromkeys(match.scope for match in mine)), found)

    def _match_level(self, calls: List[Call], scopes: List[Scope], found: Dict[Call, Match]) -> None:
        """Match calls of layers with scopes beside each other, names that may be mistaken for one another together."""
        fitting = {
            path: [scope for scope in scopes if _may_be(_name(path), scope[-1]) and self.fits(path, scope)]
            for path in dict.fromkeys(path for path, _ in calls)
        }
        for paths in _groups(fitting):
            group = [call for call in calls if call[0] in paths]
            candidates = [scope for scope in scopes if any(scope in fitting[path] for path in paths)]
            if len(paths) == len(candidates) == 1:
                found.update((call, Match(candidates[0], each, len(group))) for each, call in enumerate(group))
            elif len(paths) == 1 and len(candidates) > len(group) == self.most_calls:
                # Of more calls nothing was kept.
                found.update((call, Match(scope)) for call, scope in zip(group, candidates))
            else:
                found.update(_certain(group, candidates, fitting))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _caller(call: Call, count: int, callers: int) -> int:
    """Which of the calls of the layer around it makes a call; -1 where they do not all make as many."""
    return (call[1] - 1) // (count // callers) if count % callers == 0 else -1


def _may_be(name: str, scope: str) -> bool:
    """Whether a scope may be that of a layer of this name: it bears the name, or the name and a number."""
    expected = _NOT_IN_SCOPES.sub("_", name)
    return scope == expected or re.fullmatch(re.escape(expected) + "_[0-9]+", scope) is not None


def _groups(fitting: Fitting) -> List[List[str]]:
    """Layers in groups that share no scope with another group."""
    groups: List[Tuple[List[str], Set[Scope]]] = []
    for path, scopes in fitting.items():
        mine = ([path], set(scopes))
        apart = []
        for group in groups:
            if group[1] & mine[1]:
                mine = (group[0] + mine[0], group[1] | mine[1])
            else:
                apart.append(group)
        groups = [*apart, mine]
    return [paths for paths, scopes in groups if scopes]


def _certain(calls: List[Call], scopes: List[Scope], fitting: Fitting) -> Dict[Call, Match]:
    """The pairs that are in every longest pairing of calls and scopes in order."""
    before = _longest(calls, scopes, fitting)
    after = _longest(calls[::-1], scopes[::-1], fitting)
    pairs = [
        (row, column)
        for row, call in enumerate(calls)
        for column, scope in enumerate(scopes)
        if scope in fitting[call[0]]
        and before[row][column] + 1 + after[len(calls) - row - 1][len(scopes) - column - 1] == before[-1][-1]
    ]
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    return {calls[row]: Match(scopes[column]) for row, column in pairs if rows.count(row) == columns.count(column) == 1}


def _longest(calls: List[Call], scopes: List[Scope], fitting: Fitting) -> List[List[int]]:
    """How long the longest pairing in order is, of the first calls and of the first scopes."""
    table = [[0] * (len(scopes) + 1) for _ in range(len(calls) + 1)]
    for row, (path, _) in enumerate(calls):
        for column, scope in enumerate(scopes):
            paired = table[row][column] + 1 if scope in fitting[path] else 0
            table[row + 1][column + 1] = max(paired, table[row][column + 1], table[row + 1][column])
    return table
