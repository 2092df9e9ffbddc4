"""The facts that are shipped are of the observations that are committed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from pytest_modelcompat.profiles.facts import read_data
from sweep import observed
from sweep.facts import FORMATS
from sweep.plan import every_keras
from sweep.summary import NOT_LOADED, codes_of
from sweep.tables import NOT_OF_FACTS


@pytest.mark.parametrize("form", FORMATS)
def test_the_facts_are_of_all_that_was_observed(form: str) -> None:
    """`python -m sweep.facts` makes them."""
    shipped = read_data(form)
    measured = {(shipped["versions"][writer], shipped["versions"][reader]) for writer, reader in shipped["measured"]}
    assert measured == {(writer, reader) for writer in every_keras() for reader in whole(observed.read(writer), form)}


def whole(data: dict[str, object], form: str) -> list[str]:
    """The readers that have loaded all artifacts of a format but the models of two layers."""
    artifacts, readers = data.get("artifacts", []), data.get("readers", {})
    assert isinstance(artifacts, list)
    assert isinstance(readers, dict)
    places = [place for place, each in enumerate(artifacts) if each[2] == form and each[1] not in NOT_OF_FACTS]
    codes = {reader: codes_of(runs) for reader, runs in readers.items()}
    return [reader for reader, known in codes.items() if places and all(known[p] != NOT_LOADED for p in places)]
