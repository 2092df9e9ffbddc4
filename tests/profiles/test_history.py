"""Histories: every version comes back as it went in, and what versions share is written once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_modelcompat.profiles.history import extract, merge_documents

SAME = {"add": {"T": ["type", None]}}
HISTORIES: list[list[dict[str, Any]]] = [
    [{"a": 1}],
    [{}, {"a": 1}, {}],
    [{"a": 1}, {"a": 2}, {"a": 1}],
    [{"a": {"b": 1}}, {"a": {}}, {}],
    [{"a": {"b": {"c": [1, 2]}}}, {"a": {"b": {"c": [1, 2], "d": None}}}],
    [{"a": None}, {"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 1}}],
    [{"a": True}, {"a": 1}, {"a": 1.0}, {"a": "1"}],
    [{"a": [{"b": 1}]}, {"a": [{"b": 1}, {"b": 2}]}],
    [{str(version): {"x": version % 3}} for version in range(70)],
]


@pytest.mark.parametrize("documents", HISTORIES)
def test_every_version_comes_back(documents: list[dict[str, Any]]) -> None:
    history = json.loads(json.dumps(merge_documents(documents)))
    for version, document in enumerate(documents):
        assert json.dumps(extract(history, version), sort_keys=True) == json.dumps(document, sort_keys=True)


def test_what_versions_share_is_written_once() -> None:
    many = json.dumps(merge_documents([{**SAME, "version": number} for number in range(20)]))
    assert many.count("type") == 1


def test_it_tells_when_something_came() -> None:
    assert merge_documents([{}, {"op": {}}, {"op": {}}]) == {"op": [0b110, {}]}
