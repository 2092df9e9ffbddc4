"""A name that the test declares for something in the artifact, and misspells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_modelcompat.artifacts.text import listed, near_match

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_modelcompat.artifacts.inventory import Inventory
    from pytest_modelcompat.results.option_syntax import OptionSyntax

# Names that differ in more are more likely two things than one that is misspelt.
_ALIKE = 0.7


def misspelt_as(name: str, declared: Collection[str], inventory: Inventory) -> str:
    """What is declared under a name like this one, and is in the artifact nowhere; empty if nothing is.

    Args:
        name: what the artifact has and nothing declared is called.
        declared: the names that the test declares.
        inventory: what is in the artifact.
    """
    used = _used(inventory)
    return near_match(name, [each for each in declared if each not in used], _ALIKE) if name not in declared else ""


def declares_none(name: str, declared: Collection[str], inventory: Inventory) -> str:
    """The end of a sentence about a name that the loader does not find: what the test declares, if anything.

    Args:
        name: what the artifact has.
        declared: the names that the test declares.
        inventory: what is in the artifact.
    """
    near = misspelt_as(name, declared, inventory)
    if near:
        return f"the test declares {near!r}; did you mean {name!r}?"
    if {name, name.rpartition(">")[2]}.intersection(declared):
        return "this Keras does not look at what the test declares where the file has it"
    return f"the test declares {listed(sorted(declared), 3, 'and')} only" if declared else "the test declares none"


def meant_by(declared: Mapping[str, str], inventory: Inventory) -> dict[str, str]:
    """The classes and functions of the artifact whose declared names are misspelt, with their import paths."""
    found = {name: misspelt_as(name, declared, inventory) for name in _used(inventory)}
    return {name.rpartition(">")[2]: declared[near] for name, near in found.items() if near}


def spelt_well(declared: Mapping[str, str], inventory: Inventory) -> dict[str, str]:
    """What is declared, without what is meant for something in the artifact and misspelt."""
    misspelt = {misspelt_as(name, declared, inventory) for name in _used(inventory)}
    return {name: path for name, path in declared.items() if name not in misspelt}


def declared_again(path: str, meant: str, objects: Mapping[str, str], syntax: OptionSyntax) -> str:
    """The option that declares what was meant by an import path which leads nowhere.

    Args:
        path: of a module, or of a class or function in it.
        meant: the path that was meant.
        objects: the classes and functions that the test declares, as name -> import path.
        syntax: writes options where the case is written.
    """
    right: dict[str, str] = {}
    for name, declared in objects.items():
        is_it = f"{declared}.".startswith(f"{path}.")
        place = meant + declared[len(path) :] if is_it else declared
        is_of_that_name = name == declared.rpartition(".")[2]
        right[place.rpartition(".")[2] if is_it and is_of_that_name else name] = place
    whole = replace(syntax, declared={})
    if list(right.values()) != list(objects.values()):
        return whole.write("custom_objects", right)
    imports = [meant if each == path else each for each in syntax.declared.get("imports", ())]
    return whole.write("imports", imports if meant in imports else [meant])


def _used(inventory: Inventory) -> set[str]:
    names = {name for use in inventory.layers for name in (use.class_name, use.registered_name) if name}
    return names | {name for use in inventory.objects for name in (use.name, use.registered_name) if name}
