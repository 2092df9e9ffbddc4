"""The name scopes of a graph that stand for layers, as far as that shows where nobody says which layers there are."""

from typing import Callable, Dict, Iterator, List, Tuple

from . import graph_regions, scopes

Outline = List[Tuple[str, scopes.Scope]]
_MOST_SCOPES = 400


def outline(tree: scopes.ScopeTree, region_of: Callable[[scopes.Scope], graph_regions.Region]) -> Outline:
    """Paths and scopes in the order in which they end: those in the model's, and in theirs where they are models.

    A scope is a model's if at least two in it compute with variables. A path that two scopes have is left out.

    Args:
        tree: the scopes.
        region_of: gives the nodes of a scope.
    """

    def computing(scope: scopes.Scope) -> List[scopes.Scope]:
        return [child for child in tree.children(scope) if region_of(child).given and region_of(child).outputs]

    def inside(scope: scopes.Scope, path: str) -> Iterator[Tuple[str, scopes.Scope]]:
        for child in computing(scope):
            here = "{}/{}".format(path, child[-1]) if path else child[-1]
            yield here, child
            if sum(bool(region_of(each).read) for each in computing(child)) > 1:
                yield from inside(child, here)

    model = ()  # type: scopes.Scope
    while len(computing(model)) == 1 and computing(computing(model)[0]):
        model = computing(model)[0]
    found = list(inside(model, ""))[:_MOST_SCOPES]
    times: Dict[str, int] = {}
    for path, _ in found:
        times[path] = times.get(path, 0) + 1
    found.sort(key=lambda each: (region_of(each[1]).last, -len(each[1])))
    return [(path, scope) for path, scope in found if times[path] == 1]
